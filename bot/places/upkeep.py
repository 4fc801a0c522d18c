"""What keeps the directory true: entries to look at, and checks that are written down.

Every check is one line that is never changed: who, when, what, and about which wording of the
entry. Confirming 已核实 sets the date of verification from then on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlmodel import Session

from bot.db.placetables import PlaceCheck
from bot.db.tables import Staff, State, Ticket
from bot.places import records, store
from bot.places.promises import judged
from knowledge.coordinates import Crs
from knowledge.locations import Location

VERIFIED_DAYS = 180
"""How long a verification lasts."""
Kind = Literal["verified", "point", "status", "kept", "broken"]
Reason = Literal["reported", "offer-over", "unverified", "unplaced", "closed"]
REASONS: Mapping[Reason, str] = {
    "reported": "有人反映",
    "offer-over": "优待已到期",
    "unverified": f"超过 {VERIFIED_DAYS} 天没有核实",
    "unplaced": "位置待确认",
    "closed": "标记了暂停或关闭",
}


@dataclass(frozen=True)
class Work:
    """An entry somebody should look at, and why."""

    place: Location
    reasons: tuple[Reason, ...]
    tickets: tuple[str, ...] = ()
    proposal: Mapping[str, Any] = field(default_factory=dict)
    """The position a geocoder proposed, waiting for somebody to confirm it."""


def needs_look(place: Location, today: date) -> tuple[Reason, ...]:
    """Why an entry should be looked at, reports aside."""
    reasons: list[Reason] = []
    if place.valid_to and place.valid_to < today.isoformat():
        reasons.append("offer-over")
    if stale(place, today):
        reasons.append("unverified")
    if not place.point_confirmed:
        reasons.append("unplaced")
    return tuple(reasons)


def stale(place: Location, today: date) -> bool:
    """Whether nobody verified it, or too long ago."""
    return place.verified_on < (today - timedelta(days=VERIFIED_DAYS)).isoformat()


def work_list(
    places: Mapping[str, Location],
    checks: Mapping[str, Sequence[PlaceCheck]],
    tickets: Mapping[str, Sequence[Ticket]],
    today: date,
) -> list[Work]:
    """The entries to look at: reported ones first, then the longest unverified."""
    found = []
    for place in places.values():
        if place.sample or place.status not in ("active", "temporarily-closed"):
            continue
        done = judged(checks.get(place.id, ()))
        waiting = (one for one in tickets.get(place.id, ()) if one.state != State.RESOLVED)
        about = [one.number for one in waiting if one.number not in done]
        first: tuple[Reason, ...] = ("reported",) if about else ()
        reasons = (*first, *needs_look(place, today))
        if reasons:
            at = {} if place.point_confirmed else proposal(checks.get(place.id, ()))
            found.append(Work(place, reasons, tuple(about), at))
    return sorted(found, key=lambda work: (not work.tickets, work.place.verified_on, work.place.id))


def closed(places: Mapping[str, Location], base: Mapping[str, Location]) -> list[Work]:
    """The entries that staff marked as closed and the list has as open: they can be opened again."""
    return [
        Work(place, ("closed",))
        for id, place in sorted(places.items())
        if place.status != "active" and base[id].status == "active"
    ]


def proposal(checks: Iterable[PlaceCheck]) -> Mapping[str, Any]:
    """The position a geocoder proposed last; empty: none."""
    proposed = [check.data for check in checks if check.kind == "proposed"]
    return proposed[-1] if proposed else {}


def check(
    session: Session,
    place: Location,
    staff: Staff | None,
    kind: Kind,
    *,
    at: datetime,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Write down what ``staff`` found out about an entry as it reads. The caller commits.

    ``place`` is the entry without checks. Every process takes the change up.
    """
    number = store.locked_number(session)
    name = "" if staff is None else f"{staff.county or '市'}{staff.name}"
    session.add(
        PlaceCheck(
            place_id=place.id,
            substance=records.substance(place),
            at=at,
            actor=f"staff:{staff.username}" if staff else "system",
            name=name,
            kind=kind,
            data=dict(data or {}),
        )
    )
    number.number += 1


def propose(
    session: Session,
    place: Location,
    position: tuple[float, float],
    crs: Crs,
    provider: str,
    *,
    at: datetime,
) -> None:
    """Keep a geocoder's position until a clerk confirms it. The caller commits."""
    data = {"latitude": position[0], "longitude": position[1], "crs": crs, "provider": provider}
    number = store.locked_number(session)
    session.add(
        PlaceCheck(
            place_id=place.id,
            substance=records.substance(place),
            at=at,
            actor=f"geocoder:{provider}",
            kind="proposed",
            data=data,
        )
    )
    number.number += 1
