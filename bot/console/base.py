"""What every page of the console is made with: the parts it needs, the request it answers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.db.tables import Staff

HOME = "/desk/"
FOLDER = Path(__file__).parent
ROLES = {"clerk": "接单员", "admin": "管理员"}


def _pages() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True)
class Console:
    """The parts the console works with."""

    engine: Engine
    secret: str
    """Signs cookies and form tokens."""
    secure_cookies: bool
    """Whether cookies may travel over HTTPS only."""
    clock: Callable[[], datetime]
    wake: Callable[[], None]
    """Tells the courier, from the event loop, that something may be due."""
    service_title: Callable[[str], str]
    """Service id → what people and staff call it."""
    pages: Environment = field(default_factory=_pages, repr=False, compare=False)

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """A whole page."""
        context = {"staff": None, "token": ""} | context
        return HTMLResponse(self.pages.get_template(template).render(context), status)


@dataclass(frozen=True)
class Visit:
    """One request of somebody who is signed in, inside one database transaction."""

    console: Console
    request: Request
    db: Session
    staff: Staff
    form: Mapping[str, str]
    now: datetime
    token: str
    """What the forms of the answer must carry."""

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """A whole page with the header that says who is signed in."""
        who = {"staff": self.staff, "role": ROLES.get(self.staff.role, self.staff.role)}
        return self.console.page(template, status=status, token=self.token, **who, **context)

    def part(self, template: str, **context: Any) -> Markup:
        """A piece of a page."""
        html = self.console.pages.get_template(template).render(token=self.token, **context)
        return Markup(html)  # noqa: S704 - rendered with autoescape


Action = Callable[[Visit], Response]


def fingerprint(*shown: object) -> str:
    """Changes when what a part of a page shows changes."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]
