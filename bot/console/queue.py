"""The queue: which tickets wait, for how long, and who has them. Nothing personal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlencode

from sqlmodel import col, select
from starlette.responses import HTMLResponse, Response

from bot.console.base import Visit, fingerprint
from bot.console.moments import shown
from bot.db.tables import Desk, Staff, State, Ticket
from bot.desk import history, promises, queues, roles
from bot.desk.queues import Asked
from bot.desk.standing import is_overdue, remaining, span

VIEWS = {
    "mine": "我的",
    "unclaimed": "未认领",
    "soon": "快到期",
    "overdue": "已超时",
    "open": "全部在办",
    "resolved": "已办结",
}
_EMPTY = {
    "mine": "您手上没有在办的工单。",
    "unclaimed": "没有等待认领的工单。",
    "soon": "4 小时内没有到期的工单。",
    "overdue": "没有超时的工单。",
    "open": "没有在办的工单。",
    "resolved": "还没有办结的工单。",
}
_SIZE = 50
"""Rows on one page."""


@dataclass(frozen=True)
class Row:
    """One ticket as the queue shows it."""

    number: str
    title: str
    place: str
    state: str
    crisis: bool
    news: bool
    """Whether the person wrote something that nobody has answered."""
    opened: str
    waited: str
    due: str
    remaining: str
    overdue: bool
    owner: str
    desk: str


@dataclass(frozen=True)
class View:
    """The queue as one member of staff sees it now."""

    name: str
    rows: tuple[Row, ...]
    counts: tuple[tuple[str, int], ...]
    asked: Asked
    more: bool
    """Whether there is another page."""

    def address(self, **changes: str | int) -> str:
        """This view with something else chosen."""
        chosen = {k: v for k, v in (asdict(self.asked) | {"page": 1} | changes).items() if v}
        chosen.pop("page", 0) if chosen.get("page") == 1 else None
        return urlencode({{"search": "q"}.get(k, k): v for k, v in chosen.items()})


def page(visit: Visit) -> Response:
    """The queue page."""
    view = _view(visit)
    if view.asked.search:  # once; the page's own polling is not a search
        who = f"staff:{visit.staff.username}"
        history.note(visit.db, None, who, "searched", text=view.asked.search, at=visit.now)
    context = _context(view)
    table = visit.part("_queue.html", partial=False, **context)
    return visit.page("queue.html", table=table, choices=_choices(visit), **context)


def table(visit: Visit) -> Response:
    """The table and its counts, or nothing new (204) when the page shows them already."""
    context = _context(_view(visit))
    if visit.request.query_params.get("seen") == context["seen"]:
        return Response(status_code=204)
    return HTMLResponse(visit.part("_queue.html", partial=True, **context))


def place(ticket: Ticket) -> str:
    """County and town."""
    return f"{ticket.county} {ticket.town}".strip() or "未填地区"


def _context(view: View) -> dict[str, Any]:
    return {
        "titles": VIEWS,
        "states": [state for state in State if state != State.RESOLVED],
        "view": view,
        "counts": dict(view.counts),
        "empty": _EMPTY[view.name],
        "seen": fingerprint(view),
    }


def _view(visit: Visit) -> View:
    asked = _asked(visit)
    found, more = queues.fetch(
        visit.db, visit.staff, asked, now=visit.now, secret=visit.console.secret, size=_SIZE
    )
    return View(
        name=asked.view,
        rows=_rows(visit, found),
        counts=tuple(queues.counts(visit.db, visit.staff, visit.now).items()),
        asked=asked,
        more=more,
    )


def _asked(visit: Visit) -> Asked:
    """What the address asks for; nonsense is left out."""
    given = visit.request.query_params
    view = given.get("view", "open")
    desk, page = given.get("desk", ""), given.get("page", "1")
    return Asked(
        view=view if view in VIEWS else "open",
        county=given.get("county", "")[:20],
        desk=int(desk) if _is_number(desk) else None,
        service=given.get("service", "")[:40],
        state=given.get("state", "")[:10],
        search=given.get("q", "").strip()[:40],
        page=max(1, int(page)) if _is_number(page) else 1,
    )


def _choices(visit: Visit) -> dict[str, Any]:
    """What the list can be narrowed to."""
    counties = roles.counties(roles.grants(visit.db, visit.staff), "see")
    desks = visit.db.exec(
        select(Desk.id, Desk.name, Desk.county)
        .where(col(Desk.closed_at).is_(None))
        .order_by(col(Desk.id))
    ).all()
    seen = [(id, name) for id, name, county in desks if counties is None or county in counties]
    services = visit.db.exec(select(Ticket.service).distinct().limit(60)).all()
    return {
        "desks": seen,
        "counties": visit.console.counties if counties is None else sorted(counties),
        "services": sorted((one, visit.console.service_title(one)) for one in services),
    }


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 6


def _rows(visit: Visit, found: Sequence[Ticket]) -> tuple[Row, ...]:
    owners = dict(visit.db.exec(select(Staff.id, Staff.name)).all())
    desks = dict(visit.db.exec(select(Desk.id, Desk.name)).all())
    return tuple(
        Row(
            number=ticket.number,
            title=visit.console.service_title(ticket.service),
            place=place(ticket),
            state=ticket.state,
            crisis=ticket.priority == "crisis",
            news=ticket.asked_at is not None and ticket.state != State.RESOLVED,
            opened=shown(ticket.opened_at, visit.now),
            waited=span((ticket.resolved_at or visit.now) - ticket.opened_at),
            due=shown(promises.due(ticket) or ticket.due_at, visit.now),
            remaining=remaining(ticket, visit.now),
            overdue=is_overdue(ticket, visit.now),
            owner=owners.get(ticket.owner, ""),
            desk=desks.get(ticket.desk, ""),
        )
        for ticket in found
    )
