"""One place of the directory, and the file it comes from. Words after Open Referral HSDS."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from knowledge.coordinates import Crs, Degrees, inside_nantong, looks_swapped, to_wgs84
from knowledge.hours import Unclear, parse
from knowledge.opening import Opening
from knowledge.placenames import Named
from knowledge.qualifying import groups
from knowledge.table import Row, Table

KINDS: Mapping[str, str] = {
    "merchant": "拥军商户",
    "street": "拥军示范街区",
    "hospital-designated": "优待定点医院",
    "hospital-priority": "优先服务医院",
    "hospital-other": "医院（是否优待定点待核）",
    "service-center": "退役军人服务中心",
    "service-station": "退役军人服务站",
    "scenic": "景区",
    "memorial": "烈士纪念设施",
    "service-post": "拥军服务岗",
    "bank": "拥军银行网点",
    "training": "培训机构",
}
_NO_LANDMARKS = (
    "merchant",
    "service-center",
    "service-station",
    "service-post",
    "bank",
    "training",
)
LANDMARKS = tuple(kind for kind in KINDS if kind not in _NO_LANDMARKS)
"""Kinds that people name to say where they are."""
COLUMNS = (
    *("id", "name", "alternate_name", "kind", "status", "address", "county", "town", "phone"),
    *("latitude", "longitude", "crs", "offer", "eligibility", "hours", "note"),
    *("verified_on", "confidence", "source", "sample"),
)
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
PointStatus = Literal["exact", "town", "none"]
_CHOICES = {
    "kind": tuple(KINDS),
    "status": ("active", "inactive"),
    "confidence": ("high", "medium", "low", "none"),
    "sample": ("true", "false"),
    "crs": ("", *get_args(Crs)),
}


@dataclass(frozen=True, slots=True)
class Location:
    """One place.

    ``point`` is the place's own, in WGS-84; ``given_point`` is what the file had, in ``crs``.
    ``centre`` is that of its town and serves for estimates when there is no point. Without
    ``point_confirmed`` a geocoder proposed a point that nobody looked at: then ``point`` and
    ``centre`` are None. ``status``: active; temporarily-closed; defunct and inactive are kept on
    record and shown to nobody. Dates are ISO or empty: ``verified_on`` is when somebody last
    looked it up (``verified_by``), ``valid_from`` and ``valid_to`` bound the offer.
    ``eligibility`` is the sheet's text, ``qualifies`` the groups in it, ``card`` what to show.
    ``opening`` is ``hours`` as understood; None: no hours. ``batch`` is the import it came with;
    None: shipped.
    """

    id: str
    name: str
    kind: str
    county: str
    town: str = ""
    address: str = ""
    phone: str = ""
    point: Degrees | None = None
    centre: Degrees | None = None
    crs: str = ""
    offer: str = ""
    eligibility: str = ""
    hours: str = ""
    note: str = ""
    alternate_name: tuple[str, ...] = ()
    status: str = "active"
    source: str = ""
    verified_on: str = ""
    confidence: str = "none"
    sample: bool = False
    organization: str = ""
    campus: str = ""
    qualifies: tuple[str, ...] = ()
    card: str = ""
    opening: Opening | None = None
    accessibility: str = ""
    valid_from: str = ""
    valid_to: str = ""
    verified_by: str = ""
    given_point: Degrees | None = None
    point_confirmed: bool = True
    batch: int | None = None

    @property
    def phones(self) -> tuple[str, ...]:
        """Every number of ``phone``."""
        return tuple(part for part in self.phone.split("、") if part)

    @property
    def point_status(self) -> PointStatus:
        """``exact``: has a point; ``town``: only its town's centre is known; ``none``: neither."""
        return "exact" if self.point else "town" if self.centre else "none"


def table(path: Path) -> Table:
    """The file of places at ``path``, not yet read."""
    return Table(path, COLUMNS)


def read(tables: Collection[Table], areas: Collection[Named]) -> Iterator[Location]:
    """The places of all ``tables``; ``areas`` are the counties, zones and towns they may lie in.

    Bad rows are left out and noted in their table's ``problems`` with line, column and remedy.
    """
    towns = {(area.county, area.name): area for area in areas if area.kind == "town"}
    counties = {area.county for area in areas} | {area.zone for area in areas} | {""}
    seen: dict[str, str] = {}
    for row in (row for table in tables for row in table.rows()):
        before = len(row.table.problems)
        _check(row, seen, counties, towns)
        point = _point(row)
        if len(row.table.problems) == before:
            town = towns.get((row["county"], row["town"]))
            yield _location(row, point, town.point if town else None)


def _check(
    row: Row, seen: dict[str, str], counties: Collection[str], towns: Collection[tuple[str, str]]
) -> None:
    if not _ID.fullmatch(row["id"]):
        row.wrong("id", "要用小写字母、数字和短横线，如 merchant-001")
    elif row["id"] in seen:
        row.wrong("id", f"和 {seen[row['id']]} 行重复，请换一个")
    seen.setdefault(row["id"], f"{row.table.path.name} 第 {row.line}")
    for column in ("name", "source"):
        if not row[column]:
            row.wrong(column, "不能空着")
    for column, choices in _CHOICES.items():
        if row[column] not in choices:
            row.wrong(column, f"只能是 {'、'.join(filter(None, choices))}")
    if row["county"] not in counties:
        row.wrong("county", "没有这个县市区，请写全称，如 海门区；全市的空着")
    elif row["town"] and (row["county"], row["town"]) not in towns:
        row.wrong("town", f"{row['county'] or '（没写县市区）'}没有这个镇、街道，请写现在的全称")
    if row["sample"] == "true" and not row["name"].startswith("示例·"):
        row.wrong("name", "示例的名称要以“示例·”开头")
    _check_date(row)


def _check_date(row: Row) -> None:
    try:
        if row["verified_on"]:
            date.fromisoformat(row["verified_on"])
    except ValueError:
        row.wrong("verified_on", "要写日期，如 2026-11-23；没核实过就空着")


def _point(row: Row) -> Degrees | None:
    latitude, longitude, crs = row.number("latitude"), row.number("longitude"), row["crs"]
    if not row["latitude"] and not row["longitude"]:
        return None
    if latitude is None or longitude is None:
        row.wrong("latitude", "纬度、经度要么都写（数字），要么都不写")
        return None
    if crs not in get_args(Crs):
        row.wrong("crs", "有坐标就要写坐标系 wgs84、gcj02 或 bd09；不清楚就不要写坐标")
        return None
    known: Crs = crs  # type: ignore[assignment]
    point = to_wgs84(latitude, longitude, known)
    if looks_swapped(*point):
        row.wrong("latitude", "纬度和经度写反了，请对调")
    elif not inside_nantong(*point):
        row.wrong("latitude", "不在南通（纬度 31.5–32.9，经度 119.9–122.1）")
    return point


def _location(row: Row, point: Degrees | None, centre: Degrees | None) -> Location:
    return Location(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        county=row["county"],
        town=row["town"],
        address=row["address"],
        phone=row["phone"],
        point=point,
        centre=centre,
        crs=row["crs"],
        offer=row["offer"],
        eligibility=row["eligibility"],
        qualifies=groups(row["eligibility"]),
        hours=row["hours"],
        opening=_opening(row["hours"]),
        note=row["note"],
        alternate_name=row.listed("alternate_name"),
        status=row["status"],
        source=row["source"],
        verified_on=row["verified_on"],
        confidence=row["confidence"],
        sample=row["sample"] == "true",
    )


def _opening(said: str) -> Opening | None:
    """The hours as far as they are understood; the shipped files quote what others wrote."""
    try:
        return parse(said)
    except Unclear:
        return None
