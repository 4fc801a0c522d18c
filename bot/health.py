"""How the process is: ``/healthz``, ``/readyz``, ``/metrics``."""

from __future__ import annotations

import asyncio
import logging
import secrets
from functools import partial
from typing import TYPE_CHECKING

from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from bot import readiness
from bot.db.tables import now
from bot.operating.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from bot.app import App

log = logging.getLogger(__name__)


def routes(app: App) -> list[Route]:
    """For supervisors, load balancers and Prometheus."""
    return [
        Route("/healthz", _healthz),
        Route("/readyz", partial(_readyz, app)),
        Route("/metrics", partial(_metrics, app)),
    ]


async def _healthz(_request: Request) -> Response:
    return JSONResponse({"ok": True})


async def _readyz(app: App, _request: Request) -> Response:
    """503 while the database is away, a disk is full, a channel that fetches has fetched
    nothing lately or replies do not leave."""
    folder, standby = app.settings.data_folder(), _standing_by(app)
    full = app.service.full or app.courier.full
    found = await asyncio.to_thread(
        readiness.check, app.engine, app.channels, folder, now(), standby=standby, full=full
    )
    return JSONResponse(found, status_code=200 if found["ready"] else 503)


def _standing_by(app: App) -> tuple[str, ...]:
    """Channels that another process polls at this moment."""
    if app.telegram is None or app.settings.telegram.webhook:
        return ()
    others = app.engine.dialect.name == "postgresql" and not app.polling.holds
    return (app.telegram.name,) if others else ()


async def _metrics(app: App, request: Request) -> Response:
    """For Prometheus: with the token from the settings, or from this machine only."""
    if not _may_read(request, app.settings.web.metrics_token):
        return PlainTextResponse("只有本机能读；或在设置里填 web.metrics_token 后带口令来读\n", 403)
    try:
        text = await asyncio.to_thread(app.metrics.text)
    except SQLAlchemyError:
        log.warning("metrics without the database")
        return PlainTextResponse("数据库没有回应\n", 503)
    return Response(text, media_type=CONTENT_TYPE)


def _may_read(request: Request, token: SecretStr | None) -> bool:
    if token is not None:
        given = request.headers.get("authorization", "")
        return secrets.compare_digest(given.encode(), f"Bearer {token.get_secret_value()}".encode())
    here = request.client is not None and request.client.host in ("127.0.0.1", "::1")
    return here and "x-forwarded-for" not in request.headers  # a proxy speaks for others
