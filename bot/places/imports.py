"""Imports: staged, looked at, applied in one step, taken back in one step.

Staging writes a draft that nobody sees. Applying and reverting only change the import's state and
the directory's number, in one short transaction: answers go on meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, delete, insert
from sqlmodel import Session, col, select

from bot.db.placetables import ImportState, PlaceImport, PlaceVersion
from bot.db.tables import now
from bot.places import differences, records, store
from bot.places.differences import Difference
from bot.places.reading import Reading

_SLICE = 2000
_FAULTS_KEPT = 5000
_DRAFTS_LAST = timedelta(days=2)


class Refused(Exception):
    """The step is not possible now; the message says why and what to do."""


def stage(
    engine: Engine,
    reading: Reading,
    found: Difference,
    *,
    based_on: int,
    actor: str,
    county: str = "",
    replaces: bool = False,
) -> int:
    """Write the draft of an import; returns its number. Raises Refused for a refused file."""
    if reading.refused:
        raise Refused("这份文件不能导入，请先按提示改正")
    wanted = PlaceImport(
        actor=actor,
        county=county,
        file_name=reading.file_name[:200],
        file_hash=reading.file_hash,
        replaces=replaces,
        based_on=based_on,
        counts=found.counts(reading),
        faults=[fault.record() for fault in reading.faults[:_FAULTS_KEPT]],
        preview=differences.summary(found),
    )
    with Session(engine) as session:
        _drop_forgotten(session)
        session.add(wanted)
        session.commit()
        import_id = wanted.id or 0
    for rows in _sliced(list(_versions(import_id, found, replaces=replaces))):
        with Session(engine) as session:
            session.execute(insert(PlaceVersion), rows)
            session.commit()
    return import_id


def _drop_forgotten(session: Session) -> None:
    """Previews that nobody came back to do not pile up."""
    old = col(PlaceImport.created_at) < now() - _DRAFTS_LAST
    for draft in session.exec(select(PlaceImport).where(old)).all():
        if draft.state == ImportState.DRAFT:
            drop(session, draft)


def _versions(import_id: int, found: Difference, *, replaces: bool) -> Iterator[dict[str, Any]]:
    for place in (*found.new, *(after for _, after in found.changed)):
        yield _version(import_id, place.id, data=records.record(place))
    for place in found.gone if replaces else ():
        yield _version(import_id, place.id, gone=True)


def _version(
    import_id: int, place_id: str, *, data: dict[str, Any] | None = None, gone: bool = False
) -> dict[str, Any]:
    return {"import_id": import_id, "place_id": place_id, "gone": gone, "data": data or {}}


def _sliced(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    for start in range(0, len(rows), _SLICE):
        yield rows[start : start + _SLICE]


def find(session: Session, import_id: int, county: str | None = None) -> PlaceImport:
    """An import; with ``county``, only that county's. Raises Refused."""
    found = session.get(PlaceImport, import_id)
    if found is None or (county is not None and found.county != county):
        raise Refused(f"没有 {import_id} 号导入，或它不归您所在的区县")
    return found


def apply(session: Session, wanted: PlaceImport, *, actor: str) -> None:
    """Make a draft hold. The caller commits. Raises Refused."""
    directory = store.locked_number(session)
    session.refresh(wanted)
    if wanted.state != ImportState.DRAFT:
        raise Refused(f"{wanted.id} 号导入已经处理过了")
    if wanted.based_on != directory.lists:
        raise Refused("预览以后名单又有了变化，数字不准了。请重新上传这份文件，再看一遍预览")
    wanted.state, wanted.applied_at, wanted.applied_by = ImportState.APPLIED, now(), actor
    directory.number, directory.lists = directory.number + 1, directory.lists + 1


def drop(session: Session, wanted: PlaceImport) -> None:
    """Throw a draft away. The caller commits."""
    if wanted.state != ImportState.DRAFT:
        raise Refused(f"{wanted.id} 号导入已经处理过了")
    wanted.state = ImportState.DROPPED
    session.execute(delete(PlaceVersion).where(col(PlaceVersion.import_id) == wanted.id))


def revert(session: Session, wanted: PlaceImport, *, actor: str) -> None:
    """Take an applied import back: the directory is exactly as before it. The caller commits.

    Raises Refused while a later import of the same places stands.
    """
    directory = store.locked_number(session)
    session.refresh(wanted)
    if wanted.state != ImportState.APPLIED:
        raise Refused(f"{wanted.id} 号导入没有生效，不用撤销")
    if later := _later(session, wanted):
        numbers = "、".join(f"{one} 号" for one in later)
        raise Refused(f"之后的 {numbers}导入改过同样的地点；请先撤销那些")
    wanted.state, wanted.reverted_at, wanted.reverted_by = ImportState.REVERTED, now(), actor
    directory.number, directory.lists = directory.number + 1, directory.lists + 1


def _later(session: Session, wanted: PlaceImport) -> list[int]:
    """Applied imports after ``wanted`` that brought a version of one of its places."""
    touched = select(PlaceVersion.place_id).where(PlaceVersion.import_id == wanted.id)
    query = (
        select(PlaceVersion.import_id)
        .join(PlaceImport, col(PlaceImport.id) == col(PlaceVersion.import_id))
        .where(col(PlaceImport.state) == ImportState.APPLIED)
        .where(col(PlaceImport.id) > wanted.id, col(PlaceVersion.place_id).in_(touched))
        .distinct()
    )
    return sorted(session.exec(query).all())


def applied(session: Session) -> list[PlaceImport]:
    """The imports that hold, the latest first."""
    query = select(PlaceImport).where(col(PlaceImport.state) == ImportState.APPLIED)
    return list(session.exec(query.order_by(col(PlaceImport.id).desc())).all())


def listed(session: Session, county: str | None = None, limit: int = 50) -> list[PlaceImport]:
    """The latest imports; with ``county``, that county's."""
    query = select(PlaceImport).order_by(col(PlaceImport.id).desc()).limit(limit)
    if county is not None:
        query = query.where(PlaceImport.county == county)
    return list(session.exec(query).all())
