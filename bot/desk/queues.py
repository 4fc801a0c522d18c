"""The queue: which tickets wait, in the order in which promises break. Nothing personal is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, or_
from sqlalchemy.orm import defer
from sqlmodel import Session, col, func, select

from bot.db.tables import Staff, State, Ticket
from bot.desk import finding, roles

VIEWS = ("mine", "unclaimed", "soon", "overdue", "open", "resolved")
SOON = timedelta(hours=4)
"""A promise that breaks within this is due soon."""


@dataclass(frozen=True)
class Asked:
    """What somebody wants to see."""

    view: str = "open"
    county: str = ""
    desk: int | None = None
    service: str = ""
    state: str = ""
    search: str = ""
    """Number of a ticket, or a phone number."""
    page: int = 1


def fetch(
    session: Session, staff: Staff, asked: Asked, *, now: datetime, secret: str = "", size: int = 50
) -> tuple[list[Ticket], bool]:
    """One page of tickets that ``staff`` may see, and whether there are more."""
    query = select(Ticket).options(defer(Ticket.details), defer(Ticket.phone))  # type: ignore[arg-type]
    query = query.where(_scope(session, staff))
    if asked.search:
        query = query.where(_found(asked.search, secret)).order_by(col(Ticket.id).desc())
    elif asked.view == "resolved":
        query = query.where(col(Ticket.resolved_at).is_not(None))
        query = query.order_by(col(Ticket.resolved_at).desc())
    else:
        query = query.where(col(Ticket.queue_at).is_not(None), _view(asked.view, staff, now))
        query = query.order_by(col(Ticket.queue_at), col(Ticket.id))
    query = query.where(*_filters(asked)).offset((asked.page - 1) * size).limit(size + 1)
    found = list(session.exec(query).all())
    return found[:size], len(found) > size


def counts(session: Session, staff: Staff, now: datetime) -> dict[str, int]:
    """How many open tickets each view holds."""
    views = [name for name in VIEWS if name != "resolved"]
    sums = [func.sum(case((_view(name, staff, now), 1), else_=0)) for name in views]
    query: Any = select(*sums).select_from(Ticket)
    row = session.exec(query.where(col(Ticket.queue_at).is_not(None), _scope(session, staff))).one()
    return {name: int(count or 0) for name, count in zip(views, row, strict=True)}


def _scope(session: Session, staff: Staff) -> ColumnElement[bool]:
    held = roles.grants(session, staff)
    counties = roles.counties(held, "see")
    if counties is None:
        return col(Ticket.id).is_not(None)
    # Whoever may see nothing sees not even the tickets of unknown county.
    known = ["", *sorted(counties)] if counties else []
    return col(Ticket.county).in_(known)


def _view(name: str, staff: Staff, now: datetime) -> ColumnElement[bool]:
    views: Mapping[str, ColumnElement[bool]] = {
        "mine": col(Ticket.owner) == staff.id,
        "unclaimed": col(Ticket.owner).is_(None),
        "soon": due_by(now + SOON),
        "overdue": due_by(now),
    }
    return views.get(name, col(Ticket.id).is_not(None))


def due_by(moment: datetime) -> ColumnElement[bool]:
    """Crisis tickets stand first in the queue whatever the hour; theirs is the first answer."""
    return and_(
        col(Ticket.queue_at) <= moment,
        or_(
            col(Ticket.priority) != "crisis",
            and_(col(Ticket.answered_at).is_(None), col(Ticket.due_at) <= moment),
        ),
    )


def _filters(asked: Asked) -> list[ColumnElement[bool]]:
    found = []
    if asked.county:
        found.append(col(Ticket.county) == asked.county)
    if asked.desk is not None:
        found.append(col(Ticket.desk) == asked.desk)
    if asked.service:
        found.append(col(Ticket.service) == asked.service)
    if asked.state in list(State):
        found.append(col(Ticket.state) == asked.state)
    return found


def _found(search: str, secret: str) -> ColumnElement[bool]:
    """By number, written anyhow (``T000012``, ``t12``), or by phone."""
    plain = search.strip().upper()
    digits = plain.removeprefix("T")
    if digits.isascii() and digits.isdecimal() and len(digits) <= 7:
        return col(Ticket.number) == f"T{int(digits):06d}"
    hashed = finding.phone_hash(plain, secret)
    return and_(col(Ticket.phone_hash) == hashed, col(Ticket.phone_hash) != "")
