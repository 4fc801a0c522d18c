"""A sheet of 3,000 shops with 40 planted faults: all of them said and nothing else; and the way
back."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from bot.places import importing, imports, live, store
from bot.places.importing import Wanted
from knowledge.base import Knowledge
from tests import sheets

NOW = datetime(2026, 11, 23, 4, tzinfo=UTC)


class Office:
    """Imports files as a clerk of the city does."""

    def __init__(self, engine: Engine, knowledge: Knowledge) -> None:
        self.engine, self.shipped = engine, knowledge

    def preview(self, path: Path, **more: Any) -> importing.Preview:
        return importing.preview(self.engine, self.shipped, Wanted(path, **more), NOW)

    def bring(self, path: Path, *, replaces: bool = False, **more: Any) -> int:
        seen = self.preview(path, **more)
        number = importing.draft(self.engine, seen, actor="staff:li", county="", replaces=replaces)
        importing.apply(self.engine, number, actor="staff:li")
        return number

    def revert(self, number: int) -> None:
        with Session(self.engine) as session:
            imports.revert(session, imports.find(session, number), actor="staff:li")
            session.commit()

    def places(self) -> dict[str, Any]:
        """Everything the service would answer from."""
        stored = store.load(self.engine, live.centres(self.shipped))
        return stored.now(self.shipped.directory.locations)


@pytest.fixture
def office(engine: Engine, knowledge: Knowledge) -> Office:
    return Office(engine, knowledge)


def test_forty_planted_faults_are_reported_and_nothing_else(office: Office, tmp_path: Path) -> None:
    known, rows, expected = sheets.planted()
    assert len(sheets.PLANTED) == len(expected) == 40
    office.bring(sheets.write_xlsx(tmp_path / "known.xlsx", known))

    seen = office.preview(sheets.write_xlsx(tmp_path / "all.xlsx", rows))

    faults = seen.reading.faults
    assert {(fault.row, fault.column) for fault in faults} == expected
    assert len(faults) == 40
    assert all(fault.what and fault.remedy and fault.sheet == "名单" for fault in faults)
    assert sum(fault.level == "warning" for fault in faults) == 2
    assert not any(sheets.ID_NUMBER in str(fault) for fault in faults)
    counts = seen.difference.counts(seen.reading)
    assert counts["rows"] == 3000
    assert counts["faulty"] == 38
    assert counts["unchanged"] == 10 - 2  # two known shops came with a wrong coordinate system
    assert counts["new"] == 3000 - 38 - 8
    assert counts["changed"] == counts["gone"] == 0


def test_good_rows_go_in_and_revert_restores_exactly(office: Office, tmp_path: Path) -> None:
    shipped = office.places()
    known, rows, _ = sheets.planted()
    first = office.bring(sheets.write_xlsx(tmp_path / "known.xlsx", known))
    before = office.places()
    changed = [row | {"offer": "示例：改为八折"} for row in rows if row["kind"]]
    second = office.bring(sheets.write_xlsx(tmp_path / "all.xlsx", changed), replaces=True)

    after = office.places()
    assert len(after) > len(before) + 2900
    assert {one.batch for one in after.values()} == {None, first, second}
    office.revert(second)
    assert office.places() == before
    office.revert(first)
    assert office.places() == shipped


def test_only_the_last_import_of_a_place_can_be_taken_back(office: Office, tmp_path: Path) -> None:
    rows = sheets.shops(200)
    first = office.bring(sheets.write_csv(tmp_path / "a.csv", rows[:20]))
    apart = office.bring(sheets.write_csv(tmp_path / "b.csv", rows[100:120]))
    changed = [row | {"offer": "示例：七折"} for row in rows[10:15]]
    last = office.bring(sheets.write_csv(tmp_path / "c.csv", changed))
    with pytest.raises(imports.Refused, match=f"之后的 {last} 号导入改过同样的地点"):
        office.revert(first)
    office.revert(apart)  # nobody touched these
    office.revert(last)
    office.revert(first)
    assert office.places() == {one.id: one for one in office.shipped.directory.locations}
    with pytest.raises(imports.Refused, match="没有生效"):
        office.revert(first)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_whatever_was_imported_every_way_back_is_exact(
    office: Office, tmp_path: Path, seed: int
) -> None:
    """Imports of any kind, taken back in turn, lead through the very same directories."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    rows = sheets.shops(60)
    history: list[tuple[int, dict[str, Any]]] = []
    for step in range(14):
        if history and chance.random() < 0.4:
            number, before = history.pop()
            office.revert(number)
            assert office.places() == before
            continue
        chosen = [dict(row) for row in chance.sample(rows, chance.randint(1, 40))]
        for row in chosen:
            row[chance.choice(["offer", "note", "hours"])] = chance.choice(["", "9:00-17:00"])
        before = office.places()
        path = sheets.write_csv(tmp_path / f"{step}.csv", chosen)
        history.append((office.bring(path, replaces=chance.random() < 0.5), before))
    for number, before in reversed(history):
        office.revert(number)
        assert office.places() == before


def test_importing_the_same_file_again_changes_nothing(office: Office, tmp_path: Path) -> None:
    path = sheets.write_xlsx(tmp_path / "a.xlsx", sheets.shops(100))
    office.bring(path)
    found = office.preview(path).difference
    assert (found.new, found.changed, found.gone, found.unchanged) == ((), (), (), 100)
