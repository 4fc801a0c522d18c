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
from starlette.convertors import Convertor
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot.db.tables import Staff
from bot.desk import notices, roles
from bot.desk.attachments import Store
from bot.desk.clock import unknown_year
from bot.places.live import LiveDirectory
from knowledge.library import Library
from knowledge.rule_text import RuleText

HOME = "/desk/"
FOLDER = Path(__file__).parent


def _pages() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass(frozen=True)
class Found:
    """An article a clerk may put into a reply."""

    id: str
    title: str
    text: str
    """The answer with its source, as the person would read it."""


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
    places: LiveDirectory | None = None
    """The directory. None: no pages about places."""
    counties: tuple[str, ...] = ()
    """Names of the counties, for the filter of those who see all."""
    find_articles: Callable[[str, str], list[Found]] = lambda _text, _region: []
    """Articles for a question and a region, best first."""
    explain: Callable[[str], dict[str, Any]] = lambda _text: {}
    """Everything that leads to the answer to a question."""
    library: Callable[[], Library] | None = None
    """What is known now: titles and versions of articles. None: ids stand for themselves."""
    rules: Callable[[], tuple[RuleText, ...]] = tuple
    """The rules of entitlement in words."""
    second_factor: frozenset[str] = frozenset()
    """Roles that must sign in with a one-time code beside the password."""
    files: Store | None = None
    """Where people's files lie."""
    pages: Environment = field(default_factory=_pages, repr=False, compare=False)

    def page(self, template: str, *, status: int = 200, **context: Any) -> Response:
        """A whole page."""
        context = {"staff": None, "token": "", "places": self.places is not None} | context
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
        held = roles.grants(self.db, self.staff)
        who = {
            "staff": self.staff,
            "role": roles.describe(held),
            "scope": _scope(held),
            "can": {what: roles.may(held, what) for what in roles.ACTIONS},
            "notices": notices.count(self.db, self.staff),
            "unknown_year": unknown_year(self.now),
        }
        return self.console.page(template, status=status, token=self.token, **who, **context)

    def part(self, template: str, **context: Any) -> Markup:
        """A piece of a page."""
        html = self.console.pages.get_template(template).render(token=self.token, **context)
        return Markup(html)  # noqa: S704 - rendered with autoescape


def _scope(held: tuple[roles.Grant, ...]) -> str:
    """Where somebody works: 全市 or the counties."""
    names = {grant.county for grant in held}
    return "全市" if None in names else "、".join(sorted(name for name in names if name))


Action = Callable[[Visit], Response]


class Row(Convertor[int]):
    """Number of a row in an address, ``{id:row}``; what no database holds is no address."""

    regex = "[0-9]{1,15}"

    def convert(self, value: str) -> int:
        """The number."""
        return int(value)

    def to_string(self, value: int) -> str:
        """The number as it stands in an address."""
        return str(value)


def fingerprint(*shown: object) -> str:
    """Changes when what a part of a page shows changes."""
    return hashlib.sha256(repr(shown).encode()).hexdigest()[:16]
