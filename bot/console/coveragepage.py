"""The 15-minute circle in the console: the report on the places as they stand, to look at and keep."""

from __future__ import annotations

from datetime import date
from typing import get_args

from starlette.responses import Response
from starlette.routing import Route

from bot.console.base import Console, Visit
from bot.console.guard import allowed, signed_in
from bot.desk.clock import BEIJING
from bot.places import coverage, live
from knowledge.coverage import Question, Report
from knowledge.travel import MODES, Mode

_MINUTES = (5, 10, 15, 20, 30)


def routes(console: Console) -> list[Route]:
    """``/places/coverage``, with ``?minutes=`` and ``?mode=``, and the same as files."""
    return [
        Route("/coverage", signed_in(console, allowed("places", _page)), methods=["GET"]),
        Route("/coverage.csv", signed_in(console, allowed("places", _csv)), methods=["GET"]),
        Route("/coverage.html", signed_in(console, allowed("places", _file)), methods=["GET"]),
    ]


def _page(visit: Visit) -> Response:
    ask = _asked(visit)
    return visit.page(
        "coverage.html",
        choices=_MINUTES,
        modes=MODES,
        chosen=ask,
        **coverage.values(_report(visit, ask)),
    )


def _csv(visit: Visit) -> Response:
    body = coverage.as_csv(_report(visit, _asked(visit)))
    return _download(body, f"coverage-{_today(visit)}.csv", "text/csv; charset=utf-8")


def _file(visit: Visit) -> Response:
    body = coverage.as_page(_report(visit, _asked(visit))).encode()
    return _download(body, f"coverage-{_today(visit)}.html", "text/html; charset=utf-8")


def _asked(visit: Visit) -> Question:
    """What was chosen; anything else is fifteen minutes on foot."""
    said = visit.request.query_params
    minutes = said.get("minutes", "")
    within = int(minutes) if minutes in map(str, _MINUTES) else 15
    mode: Mode = next((one for one in get_args(Mode) if one == said.get("mode")), "walk")
    return Question(within, mode, _today(visit))


def _report(visit: Visit, ask: Question) -> Report:
    directory = visit.console.places
    assert directory is not None  # noqa: S101 - the routes are made only with one
    return coverage.measure(live.with_places(directory.shipped, directory.stored), ask)


def _today(visit: Visit) -> date:
    return visit.now.astimezone(BEIJING).date()


def _download(body: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, headers=headers, media_type=kind)
