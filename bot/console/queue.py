"""The queue: which tickets wait, for how long, and who has them. Nothing personal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select
from starlette.responses import HTMLResponse, Response

from bot.console.base import Visit, fingerprint
from bot.console.moments import shown, span
from bot.db.tables import Staff, State, Ticket, TicketEvent
from bot.desk import tickets

VIEWS = {
    "open": "全部在办",
    "unclaimed": "未认领",
    "mine": "我的",
    "overdue": "已超时",
    "resolved": "已办结",
}
_EMPTY = {
    "open": "没有在办的工单。",
    "unclaimed": "没有等待认领的工单。",
    "mine": "您手上没有在办的工单。",
    "overdue": "没有超时的工单。",
    "resolved": "还没有办结的工单。",
}
_LONGEST = 300
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


@dataclass(frozen=True)
class View:
    """The queue as one member of staff sees it now."""

    name: str
    rows: tuple[Row, ...]
    counts: tuple[tuple[str, int], ...]
    more: int
    """Tickets that did not fit on the page."""


def page(visit: Visit) -> Response:
    """The queue page."""
    context = _context(_view(visit))
    table = visit.part("_queue.html", partial=False, **context)
    return visit.page("queue.html", table=table, titles=VIEWS, **context)


def table(visit: Visit) -> Response:
    """The table and its counts, or nothing new (204) when the page shows them already."""
    context = _context(_view(visit))
    if visit.request.query_params.get("seen") == context["seen"]:
        return Response(status_code=204)
    return HTMLResponse(visit.part("_queue.html", partial=True, **context))


def is_overdue(ticket: Ticket, now: datetime) -> bool:
    """Whether the promised first answer is late."""
    waiting = ticket.answered_at is None and ticket.state != State.RESOLVED
    return waiting and now > ticket.due_at


def remaining(ticket: Ticket, now: datetime) -> str:
    """How the promised time stands, in words."""
    if ticket.state == State.RESOLVED:
        return "已办结"
    if ticket.answered_at is not None:
        return "已答复"
    if is_overdue(ticket, now):
        return f"已超时 {span(now - ticket.due_at)}"
    return f"还剩 {span(ticket.due_at - now)}"


def place(ticket: Ticket) -> str:
    """County and town."""
    return f"{ticket.county} {ticket.town}".strip() or "未填地区"


def _context(view: View) -> dict[str, Any]:
    return {
        "view": view,
        "counts": dict(view.counts),
        "empty": _EMPTY[view.name],
        "seen": fingerprint(view),
    }


def _view(visit: Visit) -> View:
    name = visit.request.query_params.get("view", "open")
    name = name if name in VIEWS else "open"
    waiting = tickets.queue(visit.db, visit.staff)
    sets = {
        "open": waiting,
        "unclaimed": [ticket for ticket in waiting if ticket.owner is None],
        "mine": [ticket for ticket in waiting if ticket.owner == visit.staff.id],
        "overdue": [ticket for ticket in waiting if is_overdue(ticket, visit.now)],
    }
    found = sets[name] if name in sets else _resolved(visit)
    return View(
        name=name,
        rows=_rows(visit, found[:_LONGEST]),
        counts=tuple((key, len(value)) for key, value in sets.items()),
        more=max(0, len(found) - _LONGEST),
    )


def _resolved(visit: Visit) -> list[Ticket]:
    """Resolved tickets, the latest first."""
    everything = tickets.queue(visit.db, visit.staff, open_only=False)
    done = [ticket for ticket in everything if ticket.state == State.RESOLVED]
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(done, key=lambda ticket: ticket.resolved_at or never, reverse=True)


def _rows(visit: Visit, found: Sequence[Ticket]) -> tuple[Row, ...]:
    owners = dict(visit.db.exec(select(Staff.id, Staff.name)).all())
    news = _unanswered(visit.db, [ticket.id or 0 for ticket in found])
    return tuple(
        Row(
            number=ticket.number,
            title=visit.console.service_title(ticket.service),
            place=place(ticket),
            state=ticket.state,
            crisis=ticket.priority == "crisis",
            news=ticket.id in news,
            opened=shown(ticket.opened_at, visit.now),
            waited=span((ticket.resolved_at or visit.now) - ticket.opened_at),
            due=shown(ticket.due_at, visit.now),
            remaining=remaining(ticket, visit.now),
            overdue=is_overdue(ticket, visit.now),
            owner=owners.get(ticket.owner, "") if ticket.owner else "",
        )
        for ticket in found
    )


def _unanswered(db: Session, ids: list[int]) -> set[int]:
    """Tickets whose person wrote after the last answer."""
    query = (
        select(TicketEvent.ticket_id, TicketEvent.kind, func.max(TicketEvent.id))
        .where(col(TicketEvent.ticket_id).in_(ids), col(TicketEvent.kind).in_(("added", "replied")))
        .group_by(col(TicketEvent.ticket_id), col(TicketEvent.kind))
    )
    last = {(ticket, kind): event or 0 for ticket, kind, event in db.exec(query).all()}
    return {
        ticket
        for (ticket, kind), event in last.items()
        if kind == "added" and event > last.get((ticket, "replied"), 0)
    }
