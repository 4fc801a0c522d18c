"""From a file to a draft: what the command line and the console both do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine
from sqlmodel import Session

from bot.db.placetables import PlaceImport
from bot.desk.clock import BEIJING
from bot.places import differences, imports, live, store
from bot.places.differences import Difference
from bot.places.reading import Reading, read
from bot.places.world import world
from knowledge.base import Knowledge
from knowledge.coordinates import Crs


@dataclass(frozen=True)
class Preview:
    """A file held against the directory; nothing is written yet."""

    reading: Reading
    difference: Difference
    lists: int
    """The directory it was held against (``DirectoryNumber.lists``)."""


@dataclass(frozen=True)
class Wanted:
    """How a file is to be read: ``crs`` where it names none, ``county`` of a county's clerk."""

    path: Path
    name: str = ""
    crs: Crs | None = None
    county: str = ""


def preview(engine: Engine, shipped: Knowledge, wanted: Wanted, now: datetime) -> Preview:
    """Read a file and count what it would change. Raises Unreadable."""
    stored = store.load(engine, live.centres(shipped))
    known = stored.now(shipped.directory.locations)
    around = world(
        shipped.gazetteer.areas,
        today=now.astimezone(BEIJING).date(),
        crs=wanted.crs or _stated(wanted),
        county=wanted.county,
        known=known,
    )
    reading = read(wanted.path, around, name=wanted.name)
    base = stored.base(shipped.directory.locations)
    return Preview(reading, differences.difference(reading, base), stored.lists)


def draft(engine: Engine, seen: Preview, *, actor: str, county: str, replaces: bool) -> int:
    """Keep a preview as a draft; returns its number. Raises Refused."""
    return imports.stage(
        engine,
        seen.reading,
        seen.difference,
        based_on=seen.lists,
        actor=actor,
        county=county,
        replaces=replaces,
    )


def apply(engine: Engine, import_id: int, *, actor: str) -> PlaceImport:
    """Make a draft hold. Raises Refused."""
    with Session(engine, expire_on_commit=False) as session:
        wanted = imports.find(session, import_id)
        imports.apply(session, wanted, actor=actor)
        session.commit()
        return wanted


def _stated(wanted: Wanted) -> Crs | None:
    """GeoJSON is WGS-84 (RFC 7946) unless somebody says otherwise."""
    ending = Path(wanted.name or wanted.path.name).suffix.lower()
    return "wgs84" if ending in (".geojson", ".json") else None
