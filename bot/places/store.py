"""The places as the database has them now, and the number that says whether that changed.

What holds of a place is its latest version of an applied import, then what staff found out about
exactly that (``PlaceCheck``). Reading goes in slices, so that SQLite's one connection is free for
answers in between; a change meanwhile starts it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Engine, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from bot.db.placetables import DirectoryNumber, ImportState, PlaceCheck, PlaceImport, PlaceVersion
from bot.desk.clock import BEIJING
from bot.places import records
from knowledge.coordinates import Crs, Degrees, inside_nantong, to_wgs84
from knowledge.locations import Location

_SLICE = 2000
Centres = Mapping[tuple[str, str], Degrees]


@dataclass(frozen=True)
class Stored:
    """All places of the database and the number of the directory they belong to."""

    number: int
    lists: int
    """The imports and reverts so far."""
    places: Mapping[str, Location]
    """Without what was checked since the import."""
    gone: frozenset[str]
    """Places an import took out, shipped ones too."""
    checks: Mapping[str, tuple[PlaceCheck, ...]]

    def now(self, shipped: Iterable[Location]) -> dict[str, Location]:
        """Shipped and imported places with what was checked."""
        found = self.base(shipped)
        return {id: checked(place, self.checks.get(id, ())) for id, place in found.items()}

    def base(self, shipped: Iterable[Location]) -> dict[str, Location]:
        """Shipped and imported places as the files have them; samples yield to real places."""
        real = {place.kind for place in self.places.values() if place.status != "defunct"}
        found = {
            place.id: place
            for place in shipped
            if place.id not in self.gone and not (place.sample and place.kind in real)
        }
        return found | dict(self.places)


EMPTY = Stored(0, 0, {}, frozenset(), {})
"""Nothing was ever imported."""


def number(session: Session) -> int:
    """Grows with every change of the directory."""
    return session.exec(select(DirectoryNumber.number)).first() or 0


def _numbers(session: Session) -> tuple[int, int]:
    found = session.exec(select(DirectoryNumber.number, DirectoryNumber.lists)).first()
    return (found[0], found[1]) if found else (0, 0)


def locked_number(session: Session) -> DirectoryNumber:
    """The number, kept from everybody else until commit: changes come one after another."""
    query = select(DirectoryNumber).with_for_update()
    while (found := session.exec(query).first()) is None:
        try:
            with session.begin_nested():
                session.add(DirectoryNumber())
        except IntegrityError:  # another process created it first
            continue
    session.refresh(found)
    return found


def load(engine: Engine, centres: Centres | None = None) -> Stored:
    """Everything the database has, as of one moment."""
    while True:
        with Session(engine) as session:
            before = _numbers(session)
        versions = list(_versions(engine))
        with Session(engine, expire_on_commit=False) as session:
            checks = all_checks(session)
            after = _numbers(session)
        if before == after:
            return _stored(before, versions, checks, centres)


def all_checks(session: Session) -> dict[str, tuple[PlaceCheck, ...]]:
    """Every check by place, the oldest first."""
    found: dict[str, tuple[PlaceCheck, ...]] = {}
    for check in session.exec(select(PlaceCheck).order_by(col(PlaceCheck.id))).all():
        found[check.place_id] = (*found.get(check.place_id, ()), check)
    return found


def _stored(
    numbers: tuple[int, int],
    versions: Iterable[tuple[str, int, bool, dict[str, Any]]],
    checks: Mapping[str, tuple[PlaceCheck, ...]],
    centres: Centres | None,
) -> Stored:
    places: dict[str, Location] = {}
    gone = set()
    for id, batch, is_gone, data in versions:
        if is_gone:
            gone.add(id)
        else:
            places[id] = records.place(data, centres=centres, batch=batch)
    return Stored(*numbers, places, frozenset(gone), checks)


def _versions(engine: Engine) -> Iterator[tuple[str, int, bool, dict[str, Any]]]:
    """The latest applied version of every place, in slices by id."""
    latest = (
        select(func.max(col(PlaceVersion.id)).label("id"))
        .join(PlaceImport, col(PlaceImport.id) == col(PlaceVersion.import_id))
        .where(col(PlaceImport.state) == ImportState.APPLIED)
        .group_by(col(PlaceVersion.place_id))
    )
    with Session(engine) as session:
        ids = sorted(id for id in session.exec(latest).all() if id)
    for start in range(0, len(ids), _SLICE):
        chosen = (
            select(
                PlaceVersion.place_id, PlaceVersion.import_id, PlaceVersion.gone, PlaceVersion.data
            )
            .where(col(PlaceVersion.id).in_(ids[start : start + _SLICE]))
            .order_by(col(PlaceVersion.id))
        )
        with Session(engine) as session:
            rows = session.exec(chosen).all()
        yield from ((id, batch, gone, dict(data)) for id, batch, gone, data in rows)


def checked(place: Location, checks: Sequence[PlaceCheck]) -> Location:
    """A place with what staff found out about it as it stands."""
    substance = records.substance(place) if checks else ""
    for check in checks:
        if check.substance == substance:
            place = _with(place, check)
    return place


def _with(place: Location, check: PlaceCheck) -> Location:
    match check.kind:
        case "verified":
            day = check.at.astimezone(BEIJING).date().isoformat()
            if day >= place.verified_on:
                return replace(place, verified_on=day, verified_by=check.name, confidence="high")
        case "proposed" if place.point is None:
            return replace(place, point=None, centre=None, point_confirmed=False)
        case "point":
            return replace(place, **_proposal(check))
        case "status":
            return replace(place, status=check.data["status"])
    return place


def _proposal(check: PlaceCheck) -> dict[str, Any]:
    """The confirmed position of a check; the given pair is kept with its system."""
    crs: Crs = check.data["crs"]
    given = (float(check.data["latitude"]), float(check.data["longitude"]))
    point = to_wgs84(*given, crs)
    if not inside_nantong(*point):
        return {}
    return {"point": point, "given_point": given, "crs": crs, "point_confirmed": True}
