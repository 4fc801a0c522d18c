"""Reads an editor's table (CSV) row by row and says, with line and column, what is wrong in it."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from knowledge.load import KnowledgeError, Problem


@dataclass
class Table:
    """One file being read; ``problems`` grows while its rows are looked at."""

    path: Path
    columns: Sequence[str]
    problems: list[Problem] = field(default_factory=list)

    def rows(self) -> Iterator[Row]:
        """The rows that have all their cells, with surrounding blanks taken off."""
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                yield from self._rows(csv.DictReader(file, strict=True))
        except (OSError, UnicodeDecodeError, csv.Error) as broken:
            self.add(1, f"文件读不出来（{broken}）；请存成 UTF-8 的 CSV")

    def add(self, line: int, message: str) -> None:
        """Note something an editor should mend."""
        self.problems.append(Problem(self.path, line, message))

    def _rows(self, reader: csv.DictReader[str]) -> Iterator[Row]:
        given = reader.fieldnames or ()
        missing = [column for column in self.columns if column not in given]
        unknown = [column for column in given if column not in self.columns]
        if missing or unknown:
            self.add(1, _heading(missing, unknown))
            return
        for cells in reader:
            if None in cells or None in cells.values():
                self.add(reader.line_num, f"这一行不是 {len(self.columns)} 格；请检查逗号和引号")
                continue
            yield Row(self, reader.line_num, {key: cells[key].strip() for key in self.columns})


@dataclass(frozen=True)
class Row:
    """One row: ``row["name"]`` is a cell, ``row.wrong`` notes what is wrong with one."""

    table: Table
    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def wrong(self, column: str, remedy: str) -> None:
        """Note that a cell cannot be used, and what to write instead."""
        self.table.add(self.line, f"{column} 列“{self.cells[column]}”：{remedy}")

    def listed(self, column: str) -> tuple[str, ...]:
        """The values of a cell that are separated by ``|``."""
        return tuple(part.strip() for part in self.cells[column].split("|") if part.strip())

    def number(self, column: str) -> float | None:
        """The number in a cell; None if it is empty or, noted as a problem, none."""
        if not self.cells[column]:
            return None
        try:
            return float(self.cells[column])
        except ValueError:
            self.wrong(column, "要写数字，经纬度的单位是度")
            return None


def refuse(*tables: Table) -> None:
    """Raise KnowledgeError with the problems of all ``tables``, if there are any."""
    if problems := tuple(problem for table in tables for problem in table.problems):
        raise KnowledgeError(problems)


def _heading(missing: Sequence[str], unknown: Sequence[str]) -> str:
    parts = [f"缺少列 {'、'.join(missing)}"] if missing else []
    parts += [f"不认识列 {'、'.join(map(str, unknown))}"] if unknown else []
    return "表头" + "，".join(parts) + "；请按原来的表头改回"
