"""Synthetic sheets of places: nobody's shops, spread over the towns, and faults planted in them."""

from __future__ import annotations

import csv
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl

from knowledge.coordinates import gcj02_to_bd09, wgs84_to_gcj02
from knowledge.gazetteer import Gazetteer

HEADINGS = {
    # reordered, and called otherwise than in the template
    "序号": "serial", "联系电话": "phone", "商户名称": "name", "类型": "kind", "所属县市区": "county",
    "镇街": "town", "详细地址": "address", "优惠内容": "offer", "适用对象": "qualifies",
    "凭证": "card", "开放时间": "hours", "经度": "longitude", "纬度": "latitude", "坐标系": "crs",
    "状态": "status", "优惠开始": "valid_from", "优惠截止": "valid_to", "核实日期": "verified_on",
    "编号": "id", "备注": "note",
}  # fmt: skip
_FIRST, _SECOND = "福兴旺鸿昌隆瑞祥泰和安康顺丰裕盛荣华", "源达盈聚通利发来缘益恒信诚联美嘉佳宝"
_TRADES = ("粮油店", "理发馆", "早餐铺", "眼镜行", "五金行", "书店", "照相馆", "药房", "洗衣坊", "面馆",
           "水果铺", "修车行", "鞋帽行", "茶叶铺", "电器行", "花店", "文具店", "家具城", "餐厅", "浴室")  # fmt: skip
ID_NUMBER = "11010519491231002X"  # the specimen number of GB 11643, nobody's


def shops(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """``count`` different shops with positions around real town centres."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    towns = [a for a in Gazetteer.load().areas if a.kind == "town" and a.point]
    names = [f"{a}{b}{trade}" for a in _FIRST for b in _SECOND for trade in _TRADES]
    rows = []
    for number in range(count):
        town = towns[number % len(towns)]
        name = names[number // len(towns) * 7 % len(names)] if count > len(names) else ""
        name = name or names[number * 37 % len(names)]
        north, east = (chance.uniform(-0.018, 0.018) for _ in range(2))
        latitude, longitude = (town.point or (0, 0))[0] + north, (town.point or (0, 0))[1] + east
        rows.append({
            "serial": number + 1, "phone": f"0513-{80000000 + number}",
            "name": f"示例·{town.name}{name}{number // len(names) or ''}", "kind": "拥军商户",
            "county": town.county, "town": town.name, "address": f"示例路{number + 1}号",
            "offer": "示例：凭优待证九折", "qualifies": "退役军人、三属", "card": "优待证",
            "hours": chance.choice(["周一至周日 8:00-20:00", "周一至周五 9:00-17:00；周末休息", ""]),
            "longitude": round(longitude, 6), "latitude": round(latitude, 6), "crs": "WGS-84",
            "status": "正常", "valid_from": "2026-01-01", "valid_to": "2027-12-31",
            "verified_on": "2026-11-01", "id": "", "note": "演示",
        })  # fmt: skip
    return rows


def shifted(row: Mapping[str, Any], crs: str) -> dict[str, Any]:
    """The same place with the figures of another coordinate system."""
    at = wgs84_to_gcj02(row["latitude"], row["longitude"])
    if crs == "bd09":
        at = gcj02_to_bd09(*at)
    return {"latitude": round(at[0], 6), "longitude": round(at[1], 6)}


PLANTED: Sequence[tuple[str, str, Any]] = (
    # (what is in it, the heading that must be named, the cells or how to make them)
    ("no name", "商户名称", {"name": ""}),
    ("no kind", "类型", {"kind": ""}),
    ("unknown kind", "类型", {"kind": "小吃摊"}),
    ("no county", "所属县市区", {"county": "", "town": ""}),
    ("another city's county", "所属县市区", {"county": "姑苏区", "town": ""}),
    ("unknown town", "镇街", {"town": "凤凰镇"}),
    ("a town of another county", "镇街", {"county": "海门区", "town": "栟茶镇"}),
    ("latitude missing", "纬度", {"latitude": ""}),
    ("longitude missing", "经度", {"longitude": ""}),
    ("latitude in words", "纬度", {"latitude": "三十二度"}),
    ("degrees, minutes, seconds", "经度", {"longitude": "121°6′55″"}),
    ("swapped", "纬度", lambda row: {"latitude": row["longitude"], "longitude": row["latitude"]}),
    ("swapped, Baidu", "纬度", lambda row: {
        "latitude": row["longitude"], "longitude": row["latitude"], "crs": "百度"}),
    ("in Shanghai", "纬度", {"latitude": 31.2304, "longitude": 121.4737}),
    ("in Suzhou", "纬度", {"latitude": 31.3011, "longitude": 120.5811}),
    ("zero", "纬度", {"latitude": 0, "longitude": 0}),
    ("far from its town", "纬度", {
        "county": "启东市", "town": "吕四港镇", "latitude": 32.54, "longitude": 120.46}),
    ("no coordinate system", "坐标系", {"crs": ""}),
    ("unknown coordinate system", "坐标系", {"crs": "北京54"}),
    ("Amap's figures as WGS-84", "坐标系", ("known", "gcj02")),
    ("Baidu's figures as WGS-84", "坐标系", ("known", "bd09")),
    ("hours in words", "开放时间", {"hours": "看情况"}),
    ("closes before it opens", "开放时间", {"hours": "9:00-5:00"}),
    ("no such hour", "开放时间", {"hours": "8:30-25:30"}),
    ("a phone too long", "联系电话", {"phone": "12345678901234"}),
    ("a phone in words", "联系电话", {"phone": "问前台"}),
    ("unknown status", "状态", {"status": "薛定谔"}),
    ("no such day", "优惠开始", {"valid_from": "2026-13-01"}),
    ("ends before it begins", "优惠截止", {"valid_from": "2026-05-01", "valid_to": "2026-04-01"}),
    ("verified tomorrow", "核实日期", {"verified_on": "2099-01-01"}),
    ("verified last year, somehow", "核实日期", {"verified_on": "去年"}),
    ("a formula", "详细地址", {"address": ("formula", "=A2&B2")}),
    ("an error value", "优惠内容", {"offer": ("error", "#REF!")}),
    ("somebody's identity number", "备注", {"note": f"联系人身份证 {ID_NUMBER}"}),
    ("text like a formula", "备注", {"note": ("text", '=HYPERLINK("http://example.invalid","点")')}),
    ("text like a function", "备注", {"note": ("text", "@SUM(A1:A9)")}),
    ("there twice", "商户名称", ("twice", {})),
    ("nearly there twice, next door", "商户名称", ("twice", {"suffix": "有限公司", "north": 0.0002})),
    ("a number that is none", "编号", {"id": "商户1"}),
    ("a number nobody has", "编号", {"id": "merchant-999"}),
)  # fmt: skip


def planted(count: int = 3000) -> tuple[list[dict[str, Any]], list[dict[str, Any]], set[Any]]:
    """(known shops, rows, {(row as the clerk sees it, heading)}): every 70th row has a fault."""
    rows = shops(count)
    known = [dict(rows[number]) for number in range(35, count, 300)]
    expected = set()
    known_rows = iter(range(35, count, 300))
    for number, (_, heading, change) in enumerate(PLANTED):
        at = 40 + number * 70
        if isinstance(change, tuple) and change[0] == "known":
            at = next(known_rows)
            rows[at] |= shifted(rows[at], change[1])
        elif isinstance(change, tuple):
            rows[at] = _twin(rows[at - 1], change[1])
        else:
            rows[at] |= change(rows[at]) if callable(change) else change
        expected.add((at + _HEAD + 1, heading))
    return known, rows, expected


def _twin(row: dict[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    name, north = row["name"] + change.get("suffix", ""), change.get("north", 0)
    return row | {"name": name, "latitude": row["latitude"] + north}


_HEAD = 3
"""Rows above the first shop: a title, a remark, the headings."""


def write_xlsx(path: Path, rows: Sequence[Mapping[str, Any]], *, title: str = "名单") -> Path:
    """An Excel file as a county office writes it: title, remark, headings, rows."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.append(["某区拥军商户名单（示例）"])
    sheet.append(["填报单位：示例", None, "2026年"])
    sheet.append(list(HEADINGS))
    for row in rows:
        sheet.append([_cell(sheet, row.get(key, "")) for key in HEADINGS.values()])
    book.save(path)
    return path


def _cell(sheet: Any, value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    cell = openpyxl.cell.WriteOnlyCell(sheet, value[1])
    cell.data_type = {"formula": "f", "error": "e", "text": "s"}[value[0]]
    return cell


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], encoding: str = "utf-8-sig") -> Path:
    """A CSV file with the same headings."""
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows([row.get(key, "") for key in HEADINGS.values()] for row in rows)
    return path
