"""Complaints about places, and which promises merchants kept and broke in a month."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from bot.db.placetables import PlaceCheck
from bot.db.tables import State, Ticket
from bot.desk.clock import BEIJING
from bot.places import identity
from handlers.flows.wrong import PLACE_LABEL
from knowledge.locations import Location

REPORTS = ("benefit-complaint", "place-report")
"""Services whose tickets may be about an entry."""
_PROMISING = (
    "merchant",
    "street",
    "bank",
    "scenic",
    "hospital-designated",
    "hospital-priority",
    "training",
)


@dataclass(frozen=True)
class Promise:
    """How one merchant kept its promise in a month."""

    place: Location
    verified: int
    """How often the entry was verified in the month."""
    kept: int
    broken: int
    open: tuple[str, ...]
    """Tickets about it that nobody has judged."""

    @property
    def verdict(self) -> str:
        """In words for the list."""
        if self.broken:
            return "没有兑现"
        if self.open:
            return "有反映，待核"
        if self.kept:
            return "兑现"
        return "已核实，没有反映" if self.verified else "本月没有核实"


def reports(session: Session, county: str | None, since: datetime) -> list[Ticket]:
    """Tickets that may be about an entry, opened or still open since then."""
    query = select(Ticket).where(
        col(Ticket.service).in_(REPORTS),
        (col(Ticket.opened_at) >= since) | (col(Ticket.state) != State.RESOLVED),
    )
    if county is not None:
        query = query.where(col(Ticket.county).in_(["", county]))
    return list(session.exec(query.order_by(col(Ticket.id))).all())


def about(
    tickets: Iterable[Ticket], places: Mapping[str, Location]
) -> tuple[dict[str, list[Ticket]], list[Ticket]]:
    """Tickets by the place they are about, and those of which we cannot tell."""
    found: dict[str, list[Ticket]] = defaultdict(list)
    unknown = []
    names = [(identity.plain(one.name), one) for one in places.values() if not one.sample]
    for ticket in tickets:
        meant = _meant(ticket, places, names)
        if meant is None:
            unknown.append(ticket)
        else:
            found[meant].append(ticket)
    return found, unknown


def _meant(
    ticket: Ticket, places: Mapping[str, Location], names: Sequence[tuple[str, Location]]
) -> str | None:
    """The place a ticket names: by number, else by the one name in it (never guessed of two)."""
    for label, value in ticket.details:
        if label == PLACE_LABEL and value in places:
            return value
    said = identity.plain(" ".join(value for _, value in ticket.details))
    hits = [
        (name, one.id)
        for name, one in names
        if len(name) >= 3 and name in said and ticket.county in ("", one.county)
    ]
    longest = [id for name, id in hits if not any(name != n and name in n for n, _ in hits)]
    return longest[0] if len(longest) == 1 else None


def promises(
    places: Mapping[str, Location],
    checks: Mapping[str, Sequence[PlaceCheck]],
    tickets: Mapping[str, Sequence[Ticket]],
    month: date,
) -> Iterator[Promise]:
    """Every merchant that promised something: what was kept and broken in the month."""
    for place in sorted(places.values(), key=lambda one: (one.county, one.town, one.name, one.id)):
        if place.sample or place.status == "inactive" or place.kind not in _PROMISING:
            continue
        said = [one for one in checks.get(place.id, ()) if in_month(one.at, month)]
        kinds = Counter(one.kind for one in said)
        done = judged(checks.get(place.id, ()))
        waiting = tuple(
            one.number
            for one in tickets.get(place.id, ())
            if in_month(one.opened_at, month) and one.number not in done
        )
        if place.offer or kinds or waiting:
            yield Promise(place, kinds["verified"], kinds["kept"], kinds["broken"], waiting)


def in_month(moment: datetime, month: date) -> bool:
    """Whether a moment lies in the month of a date, Nantong time."""
    at = moment.astimezone(BEIJING)
    return (at.year, at.month) == (month.year, month.month)


def judged(checks: Iterable[PlaceCheck]) -> set[str]:
    """The tickets whose complaint somebody looked into."""
    return {str(one.data.get("ticket", "")) for one in checks if one.kind in ("kept", "broken")}
