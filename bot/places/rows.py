"""One row of a sheet as a place, with everything that is wrong in it said at once."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar, get_args

from bot.places import cells
from bot.places.columns import Mapped
from bot.places.faults import Fault
from bot.places.sheets import Broken, Formula
from bot.places.world import FARTHEST_M, World
from knowledge.coordinates import Crs, Degrees, inside_nantong, looks_swapped, to_wgs84
from knowledge.locations import Location
from knowledge.qualifying import groups

_ID = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_TEXTS = (
    *("name", "organization", "campus", "address", "offer", "qualifies", "card", "hours"),
    *("accessibility", "verified_by", "source", "note", "alternate_name"),
)
_CAREFUL = ("=", "+", "-", "@", "\t", "\r")
_CRS_NAMES = {"wgs84": "WGS-84", "gcj02": "高德/腾讯（GCJ-02）", "bd09": "百度（BD-09）"}
T = TypeVar("T")


@dataclass(slots=True)
class Row:
    """A row being read: its cells by field, and what is wrong with them."""

    mapped: Mapped
    number: int
    values: dict[str, str]
    faults: list[Fault] = field(default_factory=list)

    def wrong(self, key: str, what: str, remedy: str, *, warning: bool = False) -> None:
        """Note what is wrong with a cell; without ``warning`` the row stays out."""
        value = self.values.get(key, "")
        if cells.private(value):
            value = ""  # the report must not repeat what should not have been written
        self.faults.append(
            Fault(
                "warning" if warning else "error",
                self.mapped.sheet,
                self.number,
                self.mapped.called(key),
                value,
                what,
                remedy,
            )
        )

    def read(self, key: str, parse: Callable[[str], T], otherwise: T) -> T:
        """A cell's meaning; noted and ``otherwise`` when it has none."""
        try:
            return parse(self.values.get(key, ""))
        except cells.Wrong as wrong:
            self.wrong(key, wrong.what, wrong.remedy)
            return otherwise

    @property
    def bad(self) -> bool:
        """Whether the row stays out."""
        return any(fault.level == "error" for fault in self.faults)


def row_of(mapped: Mapped, number: int, given: tuple[str, ...]) -> Row:
    """The cells of a row by field; formulas, errors and overlong texts are noted."""
    values = {key: _bare(given[at]) for key, at in mapped.columns.items() if at < len(given)}
    row = Row(mapped, number, values)
    for key, value in values.items():
        _check_cell(row, key, value)
    if "pair" in values:
        _split_pair(row)
    return row


def _bare(value: str) -> str:
    """Without the apostrophe that our own exports put before text like a formula."""
    return value[1:] if value[:1] == "'" and value[1:2] in _CAREFUL else value


def _check_cell(row: Row, key: str, value: str) -> None:
    if isinstance(value, Formula):
        row.wrong(key, "这一格是公式，不是内容", "请复制这一列，用“选择性粘贴→数值”贴回去")
        row.values[key] = ""
    elif isinstance(value, Broken):
        row.wrong(key, "这一格是错误值", "请改成正确的内容，或空着")
        row.values[key] = ""
    elif len(value) > cells.LONGEST:
        row.wrong(key, f"有 {len(value)} 个字，太长了", f"请缩到 {cells.LONGEST} 字以内")
    elif key in _TEXTS and cells.private(value):
        row.wrong(key, "里面像有身份证号或银行卡号", "名单是公开的，请删掉个人信息")
    elif key in _TEXTS and value.startswith(_CAREFUL) and len(value) > 1:
        what = f"以“{value[0]}”开头，像公式；已按普通文字保存"
        row.wrong(key, what, "如果是误粘贴的公式，请改正后重新导入", warning=True)


def _split_pair(row: Row) -> None:
    """121.115,31.968: longitude is the larger number in Nantong, whichever comes first."""
    parts = [part for part in re.split(r"[,，;；\s]+", row.values["pair"]) if part]
    if not parts:
        return
    if len(parts) != 2:
        row.wrong("pair", "要有经度、纬度两个数", "如 121.115410,31.968120；没有就空着")
        return
    row.values["longitude"], row.values["latitude"] = sorted(parts, reverse=True)


def place_of(row: Row, world: World) -> Location | None:
    """The place a row tells of; None when something in it is wrong (see ``row.faults``)."""
    county = _county(row, world)
    town = _town(row, world, county) if county is not None else None
    given, crs, point = _point(row, world, county, town)
    dates: dict[str, Any] = {
        key: row.read(key, cells.day, "") for key in ("valid_from", "valid_to", "verified_on")
    }
    _check_dates(row, world, dates)
    said: dict[str, Any] = {key: row.values.get(key, "") for key in _TEXTS}
    if not said["name"]:
        row.wrong("name", "没有写名称", "请写招牌上的全名")
    place = Location(
        id=_id(row),
        kind=row.read("kind", cells.kind, ""),
        county=county or "",
        town=town or "",
        phone=row.read("phone", cells.phone, ""),
        point=point,
        given_point=given,
        crs=crs or "",
        eligibility=said.pop("qualifies"),
        qualifies=groups(row.values.get("qualifies", "")),
        opening=row.read("hours", cells.hours, None),
        status=row.read("status", cells.status, "active"),
        alternate_name=cells.listed(said.pop("alternate_name")),
        confidence="high" if dates["verified_on"] else "low",
        **dates,
        **said,
    )
    return None if row.bad else place


def _id(row: Row) -> str:
    said = row.values.get("id", "").strip().lower()
    if said and not (_ID.fullmatch(said) and len(said) <= 64):
        row.wrong(
            "id", "编号的写法不对", "新地点请空着；更新旧记录请照抄工作台里的编号，如 merchant-001"
        )
    return said


def _county(row: Row, world: World) -> str | None:
    said = row.values.get("county", "").strip()
    if not said and world.county:
        return world.county
    found = world.county_of(said) if said else None
    if found is None:
        what = "没有这个县市区" if said else "没有写县市区"
        names = "、".join(sorted(set(world.counties.values())))
        row.wrong("county", what, f"请写其中之一：{names}；全市性的写“南通市”")
        return None
    if world.county and found != world.county:
        row.wrong(
            "county", f"您负责{world.county}，不能导入别处的地点", "请交给那边的同志，或请市里导入"
        )
    return found


def _town(row: Row, world: World, county: str) -> str | None:
    said = row.values.get("town", "").strip()
    if not said:
        return ""
    found = world.town_of(county, said)
    if found is None:
        where = county or "（没写县市区）"
        row.wrong("town", f"{where}没有这个乡镇、街道", "请写现在的全称，如 三星镇；不清楚就空着")
    return found


def _point(
    row: Row, world: World, county: str | None, town: str | None
) -> tuple[Degrees | None, Crs | None, Degrees | None]:
    """The position as given, its system, and in WGS-84."""
    before = len(row.faults)
    latitude = row.read("latitude", cells.degrees, None)
    longitude = row.read("longitude", cells.degrees, None)
    crs = row.read("crs", cells.crs, None) or world.crs
    if len(row.faults) > before or (latitude is None and longitude is None):
        return None, None, None
    if latitude is None or longitude is None:
        missing = "latitude" if latitude is None else "longitude"
        row.wrong(missing, "经度、纬度只写了一个", "请把另一个也写上，或两个都空着")
        return None, None, None
    if crs is None:
        row.wrong(
            "crs",
            "写了经纬度，没有写坐标系",
            "请写 WGS-84、高德/腾讯 或 百度；不清楚就把经纬度空着",
        )
        return None, None, None
    point = to_wgs84(latitude, longitude, crs)
    _check_point(row, world, county, town, point)
    return (latitude, longitude), crs, (round(point[0], 7), round(point[1], 7))


def _check_point(
    row: Row, world: World, county: str | None, town: str | None, point: Degrees
) -> None:
    if looks_swapped(*point):
        row.wrong("latitude", "经度和纬度写反了", "请把这两格对调：纬度约 32，经度约 121")
    elif not inside_nantong(*point):
        row.wrong(
            "latitude", "这个位置不在南通", "南通的经度是 119.9–122.1，纬度是 31.5–32.9；请重新取点"
        )
    elif county is None or town is None:
        return  # that is wrong already; the point may be right
    elif (away := world.away_m(county, town, point)) is not None and away > FARTHEST_M:
        where = f"{county}{town}" or "南通各乡镇"
        row.wrong(
            "latitude",
            f"这个位置离{where}有 {away / 1000:.0f} 公里",
            "请核对乡镇街道和经纬度，改正不对的",
        )


def _check_dates(row: Row, world: World, dates: dict[str, str]) -> None:
    if dates["verified_on"] > world.today.isoformat():
        row.wrong("verified_on", "核实日期在今天之后", "请写实际核实的日期；还没核实就空着")
    if dates["valid_from"] and dates["valid_to"] and dates["valid_to"] < dates["valid_from"]:
        row.wrong("valid_to", "优待截止早于开始", "请核对这两个日期")


def crs_name(crs: str) -> str:
    """A coordinate system as clerks call it."""
    return _CRS_NAMES[crs]


ALL_CRS: tuple[Crs, ...] = get_args(Crs)
