"""What the log says: one line an event, with the number that ties lines of one update together.

Personal data is masked and keys are taken out of every line, tracebacks included: the last line of
defence, since nothing personal should be logged in the first place.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.privacy import mask
from handlers.messages import Contact

_current: ContextVar[str] = ContextVar("correlation", default="-")
_TEXT = "%(asctime)s %(levelname)s %(correlation)s %(name)s: %(message)s"
_SECRETS = re.compile(r"(bot)?\d{6,12}:[A-Za-z0-9_-]{30,}|(?<=://)([^/\s:@]+):[^/\s@]+(?=@)")
"""A Telegram token; user and password in an address."""
_CHATTY = ("httpx", "httpcore", "alembic", "multipart", "PIL")
log = logging.getLogger("bot.web")


def configure(level: str, style: str) -> None:
    """Log to standard error; ``style`` is ``text`` or ``json``."""
    handler = logging.StreamHandler()
    handler.setFormatter(Json() if style == "json" else Text(_TEXT))
    handler.addFilter(_tie)
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The HTTP client logs whole addresses, and Telegram's carry the token; others only chat.
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def clean(text: str) -> str:
    """``text`` without personal numbers and keys."""
    return mask(_SECRETS.sub("[secret]", text))


class Text(logging.Formatter):
    """For people's eyes."""

    def format(self, record: logging.LogRecord) -> str:
        return clean(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        """On one line: what somebody else said must not look like a line of ours."""
        return super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")


class Json(logging.Formatter):
    """For machines: ``at level logger correlation message`` and, after trouble, ``trace``."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "correlation": getattr(record, "correlation", "-"),
            "message": clean(record.getMessage()),
        }
        if record.exc_info:
            line["trace"] = clean(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


@contextmanager
def correlated(number: str | None = None) -> Iterator[str]:
    """Everything logged inside, in worker threads too, carries one number."""
    number = number or secrets.token_hex(4)
    token = _current.set(number)
    try:
        yield number
    finally:
        _current.reset(token)


def number_of(contact: Contact, update: str) -> str:
    """The number of one update: the same again when the platform repeats it."""
    return hashlib.sha256(f"{contact} {update}".encode()).hexdigest()[:8]


class Correlate:
    """Gives each HTTP request a number and logs how it ended; addresses carry no query."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        started, status = time.monotonic(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with correlated():
            try:
                await self.app(scope, receive, noted)
            finally:
                spent = (time.monotonic() - started) * 1000
                log.log(_weight(status), "%s %s %s %d ms", *_what(scope), status, spent)


def _what(scope: Scope) -> tuple[str, str]:
    return scope["method"], scope["path"]


def _weight(status: int) -> int:
    if status >= 500:
        return logging.WARNING
    return logging.INFO if status >= 400 else logging.DEBUG


def _tie(record: logging.LogRecord) -> bool:
    record.correlation = _current.get()
    return True
