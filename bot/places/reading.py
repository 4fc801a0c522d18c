"""A file of places read whole: the places that can go in, and everything that is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

from bot.places import cells, identity, offsets
from bot.places.columns import find_heading, mapped
from bot.places.faults import Fault
from bot.places.identity import Pair
from bot.places.rows import Row, place_of, row_of
from bot.places.sheets import Sheet, sheets
from bot.places.world import World
from knowledge.locations import Location

_HEAD = 10
_SOURCE = "导入的名单"
_REMARKS = ("填表说明", "说明", "说明页")


@dataclass(frozen=True)
class Reading:
    """What a file holds. ``places`` can go in unless ``refused``; ``rows`` were looked at.

    ``doubtful`` are the known places that rows with errors may have been about: they are not
    taken for gone. ``comparable``: positions that could be held against known ones.
    """

    file_name: str
    file_hash: str
    places: tuple[Location, ...]
    faults: tuple[Fault, ...]
    rows: int
    doubtful: frozenset[str] = frozenset()
    comparable: int = 0
    scope: frozenset[tuple[str, str]] = field(default_factory=frozenset)
    """Kinds and counties that the file speaks of."""

    @property
    def refused(self) -> bool:
        """Whether nothing of the file may go in."""
        return any(fault.level == "refused" for fault in self.faults)

    @property
    def faulty(self) -> int:
        """How many rows stay out."""
        return len({(f.sheet, f.row) for f in self.faults if f.level == "error"})


def read(path: Path, world: World, *, name: str = "") -> Reading:
    """Read a file. Raises Unreadable when it cannot be opened at all."""
    faults: list[Fault] = []
    rows: list[Row] = []
    pairs: list[Pair] = []
    for sheet in sheets(path, name):
        for row, place in _sheet(sheet, world, faults):
            rows.append(row)
            if place is not None:
                pairs.append((row, place))
    read_rows = len(rows)
    if not read_rows and not any(fault.level == "refused" for fault in faults):
        what = "没有找到可以导入的行"
        faults.append(
            Fault("refused", name or path.name, 0, "", "", what, "请用下载的模板填写，标题行不要删")
        )
    kept, whole = _settled(pairs, world)
    faults += whole
    faults += identity.faults_of(rows)
    places = tuple(replace(one, source=one.source or _SOURCE) for _, one in kept)
    return Reading(
        file_name=name or path.name,
        file_hash=_hash(path),
        places=places,
        faults=tuple(sorted(faults, key=lambda fault: fault.level != "refused")),
        rows=read_rows,
        doubtful=_doubtful(rows, world),
        comparable=offsets.comparable(kept, world.known),
        scope=frozenset((place.kind, place.county) for place in places),
    )


def _settled(pairs: list[Pair], world: World) -> tuple[list[Pair], list[Fault]]:
    """The rows that are one known place each, and what condemns the file as a whole."""
    numbered = list(identity.identified(pairs, world.known))
    if whole := offsets.condemned(numbered, world.known):
        return numbered, whole
    right = list(offsets.without_wrong_systems(numbered, world.known))
    return list(identity.without_doubles(right, world.known)), []


def _sheet(
    sheet: Sheet, world: World, faults: list[Fault]
) -> Iterator[tuple[Row, Location | None]]:
    rows = iter(sheet.rows)
    head = list(islice(rows, _HEAD))
    at = find_heading(head)
    if at is None:
        if head and sheet.name not in _REMARKS:
            what, remedy = "没有认出标题行，这张表没有导入", "要导入的话，请照模板写标题行"
            faults.append(Fault("warning", sheet.name, 0, "", "", what, remedy))
        return
    found = mapped(sheet.name, head[at][1], _supplied(sheet, world))
    faults += found.faults
    if any(fault.level == "refused" for fault in found.faults):
        return
    for number, given in chain(head[at + 1 :], rows):
        row = row_of(found, number, given)
        if not any(row.values.values()) and not row.faults:
            continue
        if "kind" not in found.columns:
            row.values["kind"] = sheet.name
        yield _light(row, place_of(row, world))


def _light(row: Row, place: Location | None) -> tuple[Row, Location | None]:
    """A row that went well needs its cells no longer, except for what says which place it is."""
    if place is not None:
        row.values = {"name": place.name, "id": place.id}
    return row, place


def _supplied(sheet: Sheet, world: World) -> tuple[str, ...]:
    """Fields that need no column: the kind is the sheet's name, the county the clerk's."""
    found = ("county",) if world.county else ()
    try:
        cells.kind(sheet.name)
    except cells.Wrong:
        return found
    return (*found, "kind")


def _doubtful(rows: Sequence[Row], world: World) -> frozenset[str]:
    """Known places with the number or name of a row that stays out."""
    bad = [row for row in rows if row.bad]
    names = {identity.plain(row.values.get("name", "")) for row in bad} - {""}
    numbers = {row.values.get("id", "").lower() for row in bad}
    return frozenset(
        id for id, one in world.known.items() if id in numbers or identity.plain(one.name) in names
    )


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
