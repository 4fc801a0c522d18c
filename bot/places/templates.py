"""Files we hand out: the template to fill in, the directory as it stands, what was wrong.

Nothing in them can run: text that begins like a formula is written as text (Excel) or behind an
apostrophe (CSV), which the importer takes off again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bot.places.columns import FIELDS, Field
from bot.places.faults import LEVELS, Fault
from bot.plaintext import cell
from knowledge.locations import KINDS, Location

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_CHOICES = {
    "kind": tuple(KINDS.values()),
    "crs": ("WGS-84", "高德/腾讯", "百度"),
    "status": ("正常", "暂停", "关闭"),
}
_STATUS = {"active": "正常", "temporarily-closed": "暂停", "defunct": "关闭", "inactive": "待核"}
_CRS = {"wgs84": "WGS-84", "gcj02": "高德/腾讯", "bd09": "百度", "": ""}
_FILLED_ROWS = 5000
_NOTES = (
    ("怎么填", "一行一个地点，从第 2 行填起。标题行不要改；列可以换位置，可以不要的列可以删。"),
    ("必填", "名称、类别、县市区。其余没有就空着，不要写“无”“不详”。"),
    ("位置", "经纬度请写明坐标系：高德、腾讯地图上取的写“高德/腾讯”，百度的写“百度”，手机定位的写“WGS-84”。"
            "写错会偏半公里到一公里。没有经纬度就空着，写好地址。"),
    ("个人信息", "名单是公开的：不要写身份证号、个人手机号（对外公布的除外）。"),
    ("更新旧地点", "先在工作台导出现有名单，保留“编号”列再改。"),
)  # fmt: skip


def template(counties: Sequence[str]) -> bytes:
    """The Excel file to fill in: headings, lists to choose from, a page that explains."""
    import openpyxl
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.datavalidation import DataValidation

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None  # noqa: S101 - a new book has a sheet
    sheet.title = "名单"
    offered = [one for one in FIELDS if one.offered]
    for number, one in enumerate(offered, start=1):
        cell = sheet.cell(1, number, one.heading)
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", fgColor="A31515" if one.required else "17497F")
        letter = get_column_letter(number)
        sheet.column_dimensions[letter].width = max(12, 2 * len(one.heading) + 4)
        if one.key in ("phone", "id"):  # Excel would turn them into numbers
            sheet.column_dimensions[letter].number_format = "@"
        if choices := (_CHOICES | {"county": tuple(counties)}).get(one.key):
            rule = DataValidation(type="list", formula1=f'"{",".join(choices)}"', allow_blank=True)
            sheet.add_data_validation(rule)
            rule.add(f"{letter}2:{letter}{_FILLED_ROWS}")
    sheet.freeze_panes = "A2"
    _explain(book.create_sheet("填表说明"), offered)
    return _saved(book)


def _explain(sheet: Any, offered: Iterable[Field]) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 16, 90
    for line in (*_NOTES, ("", ""), ("各列", "怎么写")):
        sheet.append(line)
    for one in offered:
        sheet.append((f"{one.heading}{'（必填）' if one.required else ''}", one.hint))


def template_csv() -> bytes:
    """The same headings as CSV, in the encoding that Excel opens."""
    return _csv([one.heading for one in FIELDS if one.offered], [])


def directory_csv(places: Iterable[Location]) -> bytes:
    """Places as the importer takes them back, with their numbers."""
    offered = [one for one in FIELDS if one.offered]
    rows = (cells(place) for place in places)
    return _csv(
        [one.heading for one in offered], ([row[one.key] for one in offered] for row in rows)
    )


def faults_csv(faults: Iterable[Fault]) -> bytes:
    """Everything wrong in a file, to work through."""
    headings = ("表", "行", "列", "写的是", "问题", "怎么改", "结果")
    rows = (
        (f.sheet, str(f.row or ""), f.column, f.value, f.what, f.remedy, LEVELS[f.level])
        for f in faults
    )
    return _csv(headings, rows)


def table_csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """Any table of text, safe to open in Excel."""
    return _csv(headings, rows)


def cells(place: Location) -> Mapping[str, str]:
    """A place as a row of the template."""
    at = place.given_point or ("", "")
    texts = {one.key: getattr(place, one.key, "") for one in FIELDS}
    found = texts | {
        "kind": KINDS[place.kind],
        "county": place.county or "南通市",
        "qualifies": place.eligibility,
        "alternate_name": "、".join(place.alternate_name),
        "latitude": str(at[0]),
        "longitude": str(at[1]),
        "crs": _CRS[place.crs] if place.given_point else "",
        "status": _STATUS[place.status],
    }
    return {key: str(value) for key, value in found.items()}


def _csv(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(headings)
    writer.writerows([cell(one) for one in row] for row in rows)
    return out.getvalue().encode("utf-8-sig")


def _saved(book: Any) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
