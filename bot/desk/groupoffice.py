"""Which desks a group on Telegram belongs to, and what a wish is carried out with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from bot.db.tables import Desk, Ticket
from bot.desk import rooms
from bot.desk.effects import Settings
from handlers.messages import Choice


@dataclass(frozen=True)
class Office:
    """The desks a group belongs to."""

    counties: frozenset[str] | None
    """Whose tickets may be spoken of here; None for all of Nantong."""
    desks: frozenset[int]
    rest: bool
    """Whether it hears of the desks without a group."""

    def covers(self, ticket: Ticket) -> bool:
        """Whether a ticket may be spoken of here."""
        return self.counties is None or ticket.county in ("", *self.counties)


@dataclass(frozen=True)
class Doing:
    """What a wish is carried out with."""

    session: Session
    chat: int
    topic: str
    """Number of the ticket in whose topic it was said; nothing elsewhere."""
    office: Office
    settings: Settings
    now: datetime


@dataclass(frozen=True)
class Answer:
    """What the group reads."""

    text: str
    choices: tuple[Choice, ...] = ()


def office_of(session: Session, chat: int, settings: Settings) -> Office | None:
    """Whose group it is; None for a group that is none of ours."""
    desks = [desk for desk, group in groups(session) if group == chat]
    group = settings.staff_group
    rest = group is not None and rooms.current(session, group) == chat
    if not desks and not rest:
        return None
    counties = {desk.county for desk in desks}
    everywhere = rest or None in counties
    return Office(
        None if everywhere else frozenset(one for one in counties if one),
        frozenset(desk.id or 0 for desk in desks),
        rest,
    )


def groups(session: Session) -> list[tuple[Desk, int]]:
    """Every desk that has a group, with the number that group has now."""
    query = select(Desk).where(col(Desk.telegram_group).is_not(None), col(Desk.closed_at).is_(None))
    return [
        (desk, rooms.current(session, desk.telegram_group))
        for desk in session.exec(query.order_by(col(Desk.id))).all()
        if desk.telegram_group
    ]
