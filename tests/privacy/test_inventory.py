"""docs/privacy.md names every column we keep, and says truly whether it is encrypted."""

from __future__ import annotations

import re
from pathlib import Path

from sqlmodel import SQLModel

from bot.db import keys, schema

PAGE = Path(__file__).parents[2] / "docs" / "privacy.md"
COLUMN = re.compile(r"`([a-z]+\.[a-z_]+)`")


def entries() -> dict[str, bool]:
    """Column → whether the page says that it is encrypted."""
    text = PAGE.read_text("utf-8")
    lines = text[text.index("## 数据表") : text.index("## 表以外")].splitlines()
    found: dict[str, bool] = {}
    for cells in (line.split("|") for line in lines if line.startswith("| `")):
        assert len(cells) == 8, cells
        assert all(cells[at].strip() for at in (2, 4, 5, 6)), cells
        for column in COLUMN.findall(cells[1]):
            assert column not in found, f"{column} twice"
            found[column] = cells[3].strip() == "密"
    return found


def test_every_column_has_its_entry_and_every_entry_its_column() -> None:
    assert schema.FOLDER.exists()  # every table is known once this module is loaded
    columns = {
        f"{table.name}.{column.name}"
        for table in SQLModel.metadata.sorted_tables
        for column in table.columns
    }
    assert set(entries()) == columns


def test_what_it_says_of_encryption_is_true() -> None:
    sealed = {f"{table.name}.{one.name}" for table, columns in keys.encrypted() for one in columns}
    assert {column for column, encrypted in entries().items() if encrypted} == sealed
