"""Files as they really come: other headings, other encodings, GeoJSON, bombs, another system."""

from __future__ import annotations

import io
import json
import random
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from bot.places import columns, offsets
from bot.places.columns import BY_KEY, FIELDS, mapped
from bot.places.reading import Reading, read
from bot.places.sheets import LARGEST_FILE, Unreadable, sheets
from bot.places.world import World, world
from knowledge.base import Knowledge
from knowledge.coordinates import distance_m
from tests import sheets as made


@pytest.fixture(scope="session")
def around(knowledge: Knowledge) -> World:
    return world(knowledge.gazetteer.areas, today=date(2026, 11, 23))


def said(reading: Reading) -> list[str]:
    return [str(fault) for fault in reading.faults]


# headings


@pytest.mark.parametrize(
    ("heading", "key"),
    [
        ("名称（必填）", "name"), ("  商户 名称*", "name"), ("商户全名称", "name"),
        ("联系电话：", "phone"), ("经度(°)", "longitude"), ("LAT", "latitude"),
        ("县（市、区）", "county"), ("优惠内容说明", "offer"), ("营业时间段", "hours"),
        ("核实日期 ", "verified_on"), ("坐标系统", "crs"), ("所在乡镇街道", "town"),
    ],
)  # fmt: skip
def test_renamed_headings_are_recognised(heading: str, key: str) -> None:
    found = mapped("表", (heading,), supplied=("name", "kind", "county"))
    assert found.columns == {key: 0}, found.faults


def test_every_heading_of_the_template_means_its_own_field_whatever_the_order() -> None:
    headings = [one.heading for one in reversed(FIELDS)]
    found = mapped("表", headings)
    assert {key: headings[at] for key, at in found.columns.items()} == {
        key: one.heading for key, one in BY_KEY.items() if one.offered
    }
    assert found.faults == []


@pytest.mark.parametrize(
    ("cells", "level", "column", "what"),
    [
        (("名称", "类别", "县市区", "商户名称"), "refused", "商户名称", "都像是“名称”"),
        (("名称", "类别", "县市区", "优待日期"), "refused", "优待日期", "分不清这一列是"),
        (("名称", "类别"), "refused", "县市区", "没有这一列"),
        (("名称", "类别", "县市区", "法人星座"), "warning", "法人星座", "不认识这一列"),
    ],
)
def test_an_unclear_heading_is_named_and_never_guessed(
    monkeypatch: pytest.MonkeyPatch, cells: tuple[str, ...], level: str, column: str, what: str
) -> None:
    if column == "优待日期":
        monkeypatch.setattr(columns, "_NEAR", 50.0)
    faults = mapped("表", cells).faults
    assert [(fault.level, fault.column) for fault in faults] == [(level, column)]
    assert what in faults[0].what


def test_the_kind_may_be_the_name_of_the_sheet(around: World, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for title, name in (("拥军商户", "示例·甲"), ("景区", "示例·乙")):
        sheet = book.create_sheet(title)
        sheet.append(["名称", "县市区"])
        sheet.append([name, "海门"])
    book["Sheet"].append(["随便写的", "一页"])
    path = tmp_path / "a.xlsx"
    book.save(path)
    found = read(path, around)
    assert {(one.name, one.kind, one.county) for one in found.places} == {
        ("示例·甲", "merchant", "海门区"),
        ("示例·乙", "scenic", "海门区"),
    }
    assert said(found) == [
        "《Sheet》：没有认出标题行，这张表没有导入。要导入的话，请照模板写标题行"
    ]


# encodings and formats


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv_from_excel_in_either_encoding(around: World, tmp_path: Path, encoding: str) -> None:
    rows = made.shops(40)
    found = read(made.write_csv(tmp_path / "a.csv", rows, encoding), around)
    assert said(found) == []
    assert {one.name for one in found.places} == {row["name"] for row in rows}


def test_all_three_formats_give_the_same_places(around: World, tmp_path: Path) -> None:
    rows = made.shops(60)
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]},
            "properties": {
                head: row[key]
                for head, key in made.HEADINGS.items()
                if key not in ("longitude", "latitude")
            },
        }
        for row in rows
    ]
    geojson = tmp_path / "a.geojson"
    collection = {"type": "FeatureCollection", "features": features}
    geojson.write_text(json.dumps(collection, ensure_ascii=False), "utf-8")
    files = made.write_xlsx(tmp_path / "a.xlsx", rows), made.write_csv(tmp_path / "a.csv", rows)
    found = [read(path, around) for path in (*files, geojson)]
    assert [said(one) for one in found] == [[], [], []]
    assert found[0].places == found[1].places == found[2].places


def test_a_shape_that_is_no_point_is_said(around: World, tmp_path: Path) -> None:
    feature = {
        "type": "Feature",
        "geometry": {"type": "Polygon", "coordinates": []},
        "properties": {"名称": "示例·面", "类别": "景区", "县市区": "海门区", "坐标系": "WGS-84"},
    }
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), "utf-8")
    found = read(path, around)
    assert found.places == ()
    assert "Polygon（不是点）" in said(found)[0]


def test_the_given_pair_and_its_system_are_kept_beside_wgs84(around: World, tmp_path: Path) -> None:
    row = made.shops(1)[0]
    amap = row | made.shifted(row, "gcj02") | {"crs": "高德"}
    (place,) = read(made.write_csv(tmp_path / "a.csv", [amap]), around).places
    assert place.given_point == (amap["latitude"], amap["longitude"])
    assert place.crs == "gcj02"
    assert place.point is not None
    assert distance_m(place.point, (row["latitude"], row["longitude"])) < 1


def test_places_that_differ_by_a_number_or_a_branch_stay_apart(
    around: World, tmp_path: Path
) -> None:
    row = made.shops(1)[0]
    rows: list[dict[str, Any]] = [
        row | {"name": "示例·第一药店", "address": "示例路1号"},
        row | {"name": "示例·第二药店", "address": "示例路1号"},
        row | {"name": "示例·东门粮油", "address": "示例路3号"},
        row | {"name": "示例·西门粮油", "address": "示例路3号"},
    ]
    found = read(made.write_csv(tmp_path / "a.csv", rows), around)
    assert said(found) == []
    assert len(found.places) == 4


# refused as a whole


def bomb(path: Path) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 60_000_000)
    return path


def laughs(path: Path) -> Path:
    """An Excel file whose workbook defines entities out of entities."""
    plain = io.BytesIO()
    openpyxl.Workbook().save(plain)
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 9))
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(path, "w") as target:
        for part in source.namelist():
            body = source.read(part)
            if part == "xl/workbook.xml":
                body = body[body.find(b"<workbook") :].replace(b"Sheet</", b"&a8;</")
                head = f'<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a0 "ha">{entities}]>'
                body = head.encode() + body
            target.writestr(part, body)
    return path


def torn(path: Path) -> Path:
    """A sheet whose XML ends in the middle."""
    whole = made.write_xlsx(path.with_name("whole.xlsx"), made.shops(3))
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for part in source.namelist():
            body = source.read(part)
            target.writestr(part, body[:-200] if "worksheets" in part else body)
    return path


def huge(path: Path) -> Path:
    with path.open("wb") as file:
        file.truncate(LARGEST_FILE + 1)
    return path


@pytest.mark.parametrize(
    ("make", "what"),
    [(bomb, "解开后有 60 MB"), (laughs, "不该有的定义"), (torn, "有损坏"), (huge, "超过 100 MB")],
)
def test_bombs_are_refused_before_they_go_off(tmp_path: Path, make: Any, what: str) -> None:
    path = make(tmp_path / "a.xlsx")
    with pytest.raises(Unreadable, match=what):
        [list(sheet.rows) for sheet in sheets(path)]


def test_a_damaged_file_is_read_or_refused_but_breaks_nothing(tmp_path: Path) -> None:
    whole = made.write_xlsx(tmp_path / "whole.xlsx", made.shops(5)).read_bytes()
    chance, refused = random.Random(7), 0  # noqa: S311 - not for secrets
    path = tmp_path / "a.xlsx"
    for _ in range(150):
        bytes_ = bytearray(whole)
        for _ in range(chance.randint(1, 20)):
            bytes_[chance.randrange(len(bytes_))] = chance.randrange(256)
        path.write_bytes(bytes_[: chance.randrange(1, len(bytes_) * 2)])
        try:
            [list(sheet.rows) for sheet in sheets(path)]
        except Unreadable:
            refused += 1
    assert refused > 50


def test_a_whole_sheet_in_the_wrong_system_is_refused_and_the_right_one_named(
    knowledge: Knowledge, around: World, tmp_path: Path
) -> None:
    rows = made.shops(40)
    known = read(made.write_csv(tmp_path / "known.csv", rows[:5]), around).places
    aware = world(
        knowledge.gazetteer.areas,
        today=date(2026, 11, 23),
        known={place.id: place for place in known},
    )
    for crs, name in (("gcj02", "高德/腾讯"), ("bd09", "百度")):
        moved = [row | made.shifted(row, crs) for row in rows]
        found = read(made.write_csv(tmp_path / "moved.csv", moved), aware)
        assert found.refused
        assert len(found.faults) == 1
        assert "可对照的 5 处里有 5 处" in found.faults[0].what
        assert f"按{name}" in found.faults[0].what
    right = [row | made.shifted(row, "gcj02") | {"crs": "高德"} for row in rows]
    assert said(read(made.write_csv(tmp_path / "right.csv", right), aware)) == []
    assert offsets.fitting(known[0], known[0]) is None


def test_without_known_positions_the_system_is_not_claimed_to_be_checked(
    around: World, tmp_path: Path
) -> None:
    moved = [row | made.shifted(row, "gcj02") for row in made.shops(20)]
    found = read(made.write_csv(tmp_path / "a.csv", moved), around)
    assert (found.comparable, said(found)) == (0, [])
