"""Reads the rows of an organisation file, YAML or Excel, and says where each stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from bot.config import UNREADABLE
from bot.places.sheets import BROKEN, Unreadable, refuse_bombs


class OrganisationError(ValueError):
    """The file cannot be used as it is; the message names every row and what to do."""


_SHEETS: dict[str, tuple[str, dict[str, str]]] = {
    "desks": (
        "部门",
        {
            "编号": "code", "名称": "name", "上级编号": "parent", "县市区": "county",
            "镇街": "town", "事项": "topics", "Telegram群": "telegram_group",
            "Telegram回复": "telegram_replies",
        },
    ),
    "staff": (
        "人员",
        {
            "登录名": "username", "称呼": "name", "部门编号": "desk", "角色": "role",
            "Telegram账号": "telegram_id",
        },
    ),
    "routes": (
        "分派",
        {"事项": "topic", "地区": "region", "部门编号": "desk", "级别": "level"},
    ),
    "promises": (
        "时限",
        {
            "服务": "service", "优先级": "priority", "首次答复": "first",
            "再次答复": "next", "办结": "resolve",
        },
    ),
    "frames": ("工作时间", {"开始": "start", "结束": "end"}),
}  # fmt: skip


def rows(path: Path) -> dict[str, list[tuple[str, Any]]]:
    """Section → (where the row stands, its fields). Raises OrganisationError."""
    return _excel(path) if path.suffix.lower() == ".xlsx" else _yaml(path)


def _yaml(path: Path) -> dict[str, list[tuple[str, Any]]]:
    try:
        document = yaml.safe_load(path.read_text("utf-8")) or {}
    except (yaml.YAMLError, *UNREADABLE) as problem:
        raise OrganisationError(f"{path.name} 不是能读的 YAML 文件：{problem}") from None
    if not isinstance(document, dict) or (odd := set(document) - set(_SHEETS)):
        names = "、".join(sorted(map(str, odd))) if isinstance(document, dict) else "不是键值"
        raise OrganisationError(f"{path.name}：不认识 {names}；可以写 {'、'.join(_SHEETS)}")
    for key, found in document.items():
        if found is not None and not isinstance(found, list):
            raise OrganisationError(f"{path.name}：{key} 下面要写成列表，每条以“- ”开头")
    return {
        key: [(f"{key} 第 {n} 条", raw) for n, raw in enumerate(document.get(key) or [], 1)]
        for key in _SHEETS
    }


def _excel(path: Path) -> dict[str, list[tuple[str, Any]]]:
    from openpyxl import load_workbook

    try:
        refuse_bombs(path)
        with path.open("rb") as file:
            book = load_workbook(file, read_only=True, data_only=True)
            return {
                key: list(_sheet(book[title], title, heads)) if title in book.sheetnames else []
                for key, (title, heads) in _SHEETS.items()
            }
    except Unreadable as problem:
        raise OrganisationError(f"{path.name} 不是能读的 Excel 文件：{problem}") from None
    except OrganisationError:
        raise
    except BROKEN:
        raise OrganisationError(f"{path.name} 不是能读的 Excel 文件，请另存为 .xlsx 再试") from None


def _sheet(sheet: Any, title: str, heads: dict[str, str]) -> Iterator[tuple[str, Any]]:
    rows = sheet.iter_rows(values_only=True)
    named = [str(cell).strip() if cell is not None else "" for cell in next(rows, ())]
    if odd := [name for name in named if name and name not in heads]:
        raise OrganisationError(
            f"工作表“{title}”第 1 行：不认识的列 {'、'.join(odd)}；可以写 {'、'.join(heads)}"
        )
    for number, cells in enumerate(rows, start=2):
        raw = {
            heads[name]: cell
            for name, cell in zip(named, cells, strict=False)
            if name and cell is not None and str(cell).strip()
        }
        if raw:
            yield f"工作表“{title}”第 {number} 行", raw


_SAID = {
    "missing": "没有填",
    "extra_forbidden": "不认识这一项，请删掉",
    "string_pattern_mismatch": "格式不对，只用小写字母、数字和横线（登录名可用汉字、点、下划线）",
    "string_too_short": "太短",
    "string_too_long": "太长",
    "int_parsing": "要写整数",
    "int_type": "要写整数",
    "bool_parsing": "要写 是 或 否",
    "bool_type": "要写 是 或 否",
    "time_parsing": "要写成 09:00 这样的时间",
    "literal_error": "只能写 市、县、镇",
    "greater_than_equal": "太小",
    "less_than_equal": "太大",
}


def explain(problem: Any) -> str:
    """What is wrong with a field, in words for the person who wrote the file."""
    place = ".".join(str(part) for part in problem["loc"])
    title = next((t for _, heads in _SHEETS.values() for t, k in heads.items() if k == place), "")
    name = f"{title}（{place}）" if title else place
    said = _SAID.get(problem["type"]) or str(problem["msg"]).removeprefix("Value error, ")
    return f"{name} {said}".strip()
