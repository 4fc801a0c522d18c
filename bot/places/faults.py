"""What is wrong in a file of places: where, what, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

Level = Literal["refused", "error", "warning"]
LEVELS: dict[Level, str] = {
    "refused": "整份不能导入",
    "error": "这一行没有导入",
    "warning": "请看一下",
}
_SHOWN = 40


@dataclass(frozen=True)
class Fault:
    """One thing somebody should mend.

    ``refused``: nothing of the file can go in; ``error``: this row stays out; ``warning``: the row
    goes in, somebody should look. ``row`` is as the clerk sees it; 0: the sheet as a whole.
    """

    level: Level
    sheet: str
    row: int
    column: str
    value: str
    what: str
    remedy: str

    @property
    def where(self) -> str:
        """Sheet, row and column, as a clerk looks them up."""
        row = f"第 {self.row} 行" if self.row else ""
        column = f"“{self.column}”列" if self.column else ""
        return " ".join(part for part in (f"《{self.sheet}》", row, column) if part)

    def __str__(self) -> str:
        value = f"（写的是“{self.value[:_SHOWN]}”）" if self.value else ""
        return f"{self.where}：{self.what}{value}。{self.remedy}"

    def record(self) -> dict[str, Any]:
        """For keeping; ``Fault(**record)`` is the fault again."""
        return asdict(self)
