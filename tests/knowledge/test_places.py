"""Places near a point or a name: exact, honest about what is estimated, and nothing invented."""

from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import places
from knowledge.coordinates import distance_m, gcj02_to_wgs84, wgs84_to_gcj02
from knowledge.directory import ROOT, Directory, Wanted, nearby
from knowledge.gazetteer import Gazetteer
from knowledge.hours import parse
from knowledge.load import KnowledgeError
from knowledge.locations import COLUMNS, Location
from knowledge.places import KINDS, KINDS_OF, find
from knowledge.qualifying import groups

SANXING = (31.96812, 121.11541)
GOOD = {
    "id": "merchant-100",
    "name": "某商户",
    "kind": "merchant",
    "status": "active",
    "county": "海门区",
    "town": "三星镇",
    "latitude": "31.97",
    "longitude": "121.12",
    "crs": "wgs84",
    "confidence": "high",
    "source": "名单",
    "verified_on": "2026-11-23",
    "sample": "false",
}
in_nantong = st.tuples(st.floats(31.6, 32.8), st.floats(120.0, 122.0))
somewhere = st.builds(
    Location,
    id=st.from_regex(r"[a-z]-[0-9]{1,3}", fullmatch=True),
    name=st.just("某处"),
    kind=st.sampled_from(["merchant", "scenic"]),
    county=st.sampled_from(["海门区", "通州区"]),
    qualifies=st.sampled_from([(), ("退役军人",), ("三属", "军属")]),
    point=st.one_of(in_nantong, st.just(SANXING)),
)
FILTERS = [
    Wanted(),
    Wanted(kinds=frozenset({"scenic"})),
    Wanted(county="海门区"),
    Wanted(groups=frozenset({"三属"})),
    Wanted(frozenset({"merchant"}), "通州区", frozenset({"退役军人", "现役军人"})),
]


def wanted_by_hand(one: Location, wanted: Wanted) -> bool:
    return (
        (not wanted.kinds or one.kind in wanted.kinds)
        and (not wanted.county or one.county == wanted.county)
        and (not wanted.groups or not one.qualifies or not wanted.groups.isdisjoint(one.qualifies))
    )


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


@pytest.fixture(scope="module")
def directory(gazetteer: Gazetteer) -> Directory:
    return Directory.load(gazetteer)


def names(finding: places.Finding) -> list[str]:
    return [found.location.name for found in finding.locations]


# what is shipped


def test_all_84_public_places_are_kept_and_none_has_an_invented_point(directory: Directory) -> None:
    public = [one for one in directory.locations if not one.sample]
    assert len(public) == 84
    assert [one.id for one in public if one.point] == []


def test_samples_are_unmistakable(directory: Directory) -> None:
    samples = [one for one in directory.locations if one.sample]
    assert len(samples) >= 12
    assert {one.county for one in samples} == {
        *("崇川区", "通州区", "海门区", "如东县", "启东市", "如皋市", "海安市"),
    }
    for one in samples:
        assert one.name.startswith("示例·")
        assert one.address == "示例地址，非真实商户"
        assert one.confidence == "none"
        assert not one.phone


def test_every_place_says_where_it_is_from_and_when_it_was_looked_up(
    directory: Directory,
) -> None:
    for one in directory.locations:
        assert one.source
        assert one.verified_on == "2026-11-23"
        assert "stated" not in one.note + one.address + one.offer  # people read Chinese


def test_unnamed_and_unconfirmed_places_are_on_record_and_shown_to_nobody(
    directory: Directory, gazetteer: Gazetteer
) -> None:
    kept = {one.name for one in directory.locations if one.status == "inactive"}
    assert {"海门区烈士陵园", "苏锡通人民医院"} < kept
    for county in (*gazetteer.counties(), ""):
        shown = {one.name for one in directory.of((county,))}
        assert not shown & kept


def test_every_group_and_kind_has_a_label() -> None:
    assert set(KINDS_OF) == set(places.GROUPS)
    grouped = {kind for kinds in KINDS_OF.values() for kind in kinds}
    assert grouped | {"hospital-other", "service-post", "bank", "training"} == set(KINDS)
    assert all(label for label in (*KINDS.values(), *places.GROUPS.values()))


def test_hours_and_who_qualifies_are_understood_where_the_source_says(
    gazetteer: Gazetteer, tmp_path: Path
) -> None:
    clear = {"hours": "周一至周五 9:00-17:00", "eligibility": "退役军人、三属"}
    vague = {"id": "merchant-101", "hours": "周末须预约", "eligibility": "来客"}
    directory = Directory.load(gazetteer, shipped_with(tmp_path, clear, vague))
    read = {one.id: one for one in directory.locations}
    assert read["merchant-100"].opening == parse(clear["hours"])
    assert read["merchant-100"].qualifies == ("退役军人", "三属")
    assert (read["merchant-101"].opening, read["merchant-101"].hours) == (None, "周末须预约")
    assert read["merchant-101"].qualifies == ()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("退役军人、三属", ("退役军人", "三属")),
        ("现役军人家属", ("军属",)),
        ("现役军人及其配偶子女父母", ("军属", "现役军人")),
        ("退役军人家属", ()),
        ("持优待证的复员军人", ("退役军人", "优待证持有人")),
        ("伤残军人、烈属", ("残疾军人", "三属")),
        ("市民", ()),
    ],
)
def test_groups_are_named_and_not_mixed_up(said: str, expected: tuple[str, ...]) -> None:
    assert groups(said) == expected


# the nearest


@given(
    st.lists(somewhere, max_size=80, unique_by=lambda one: one.id),
    in_nantong,
    st.sampled_from([3000, 10_000, 30_000, 90_000]),
)
def test_within_finds_exactly_what_measuring_every_place_finds(
    given_places: list[Location], point: tuple[float, float], radius: int
) -> None:
    found = Directory(given_places).within(point, radius, ("merchant",))
    measured = [(distance_m(point, one.point or SANXING), one.id) for one in given_places]
    merchants = [
        pair for pair, one in zip(measured, given_places, strict=True) if one.kind == "merchant"
    ]
    expected = sorted(pair for pair in merchants if pair[0] <= radius)
    assert [one.location.id for one in found] == [id for _, id in expected]
    away = pytest.approx([far for far, _ in expected], abs=1e-6)
    assert [one.distance_m for one in found] == away


@given(
    st.lists(somewhere, max_size=80, unique_by=lambda one: one.id),
    in_nantong,
    st.integers(1, 6),
    st.sampled_from(FILTERS),
)
def test_the_nearest_under_any_filter_are_the_first_of_all_measured(
    given_places: list[Location], point: tuple[float, float], count: int, wanted: Wanted
) -> None:
    found = Directory(given_places).nearest(point, count, wanted, 50_000)
    fitting = [one for one in given_places if wanted_by_hand(one, wanted)]
    measured = sorted((distance_m(point, one.point or SANXING), one.id) for one in fitting)
    expected = [id for far, id in measured if far <= 50_000][:count]
    assert [one.location.id for one in found] == expected


def test_a_place_whose_hours_nobody_knows_is_not_said_to_be_open() -> None:
    day = parse("周一至周日 8:00-18:00")
    known, unknown = replace(at("a-1", 100), opening=day), at("b-1", 50)
    noon = Wanted(open_at=datetime(2026, 11, 25, 12, 0))  # noqa: DTZ001 - local time
    night = Wanted(open_at=datetime(2026, 11, 25, 22, 0))  # noqa: DTZ001
    directory = Directory([known, unknown])
    assert [one.location.id for one in directory.nearest(SANXING, 5, noon)] == ["a-1"]
    assert directory.nearest(SANXING, 5, night) == []


def at(id: str, metres_north: float) -> Location:
    point = (SANXING[0] + metres_north / 111_195, SANXING[1])
    return Location(id=id, name=id, kind="merchant", county="海门区", point=point)


def test_equal_distances_are_ordered_by_id() -> None:
    directory = Directory([at("b-2", 500), at("a-9", 500), at("c-1", 100)])
    found = nearby(directory, SANXING).found
    assert [one.location.id for one in found] == ["c-1", "a-9", "b-2"]


def test_a_place_due_north_is_found_up_to_the_very_radius() -> None:
    directory = Directory([at("n-1", 2_999), at("n-2", 3_001), at("s-1", -2_999)])
    found = directory.within(SANXING, 3_000)
    assert [one.location.id for one in found] == ["n-1", "s-1"]


@pytest.mark.parametrize(
    ("metres", "radius"),
    [
        ((100, 200, 300, 9_000), 3_000),
        ((100, 200, 9_000), 10_000),
        ((20_000,), 30_000),
        ((40_000,), 30_000),
        ((), 30_000),
    ],
)
def test_the_search_widens_until_there_are_three(metres: tuple[int, ...], radius: int) -> None:
    directory = Directory([at(f"m-{number}", far) for number, far in enumerate(metres)])
    near = nearby(directory, SANXING)
    assert near.radius_m == radius
    assert len(near.found) == sum(far <= radius for far in metres)


def test_limit_and_kinds_are_kept(directory: Directory) -> None:
    near = nearby(directory, SANXING, kinds=("merchant",), limit=2, radii=(300_000,))
    assert len(near.found) == 2
    assert {one.location.kind for one in near.found} == {"merchant"}


# around a name


def test_a_town_lists_the_nearest_first_and_says_how_far_it_looked(
    directory: Directory, gazetteer: Gazetteer
) -> None:
    finding = find(directory, gazetteer, place="海门三星镇", kinds=KINDS_OF["merchant"])
    assert finding.status == "ok"
    assert finding.origin is not None
    assert finding.origin.label == "海门区三星镇"
    assert names(finding)[0] == "示例·三星镇超市"
    assert finding.locations[0].distance_m == pytest.approx(292, abs=2)
    distances = [one.distance_m for one in finding.locations if one.distance_m is not None]
    assert distances == sorted(distances)
    assert finding.radius_m == 30_000
    assert "3 公里以内不多，已放宽到 30 公里" in finding.hint


def test_a_distance_from_the_town_centre_is_marked_as_estimated(
    directory: Directory, gazetteer: Gazetteer
) -> None:
    finding = find(directory, gazetteer, place="平潮", kinds=KINDS_OF["hospital"])
    first, *rest = finding.locations
    assert first.location.name == "南通市通州区平潮中心卫生院"
    assert first.approximate
    assert first.location.point is None
    assert [one.distance_m for one in rest if one.location.town == ""] == [None] * 3


def test_places_without_a_point_follow_by_county_and_the_citys_come_last(
    directory: Directory, gazetteer: Gazetteer
) -> None:
    finding = find(directory, gazetteer, place="三星镇", kinds=KINDS_OF["service-station"])
    assert finding.status == "ok"
    assert names(finding) == ["海门区退役军人服务中心", "南通市退役军人服务中心"]
    assert [one.distance_m for one in finding.locations] == [None, None]
    assert finding.radius_m is None
    assert "12345" in finding.hint


def test_a_street_of_a_zone_belongs_to_the_zone_and_to_the_county(
    directory: Directory, gazetteer: Gazetteer
) -> None:
    finding = find(directory, gazetteer, place="小海街道", kinds=KINDS_OF["service-station"])
    assert {"崇川区退役军人服务中心", "南通经济技术开发区退役军人服务中心"} < set(names(finding))


def test_a_county_asks_for_the_town_and_lists_its_places_without_distances(
    directory: Directory, gazetteer: Gazetteer
) -> None:
    finding = find(directory, gazetteer, place="如东", kinds=KINDS_OF["memorial"])
    assert finding.status == "ambiguous"
    assert "如东县掘港街道" in [option.label for option in finding.options]
    assert "如东县革命烈士陵园" in names(finding)
    assert {one.distance_m for one in finding.locations} == {None}


def test_a_county_is_enough_for_kinds_without_any_point(
    directory: Directory, gazetteer: Gazetteer
) -> None:
    finding = find(directory, gazetteer, place="海门", kinds=KINDS_OF["service-station"])
    assert finding.status == "ok"
    assert finding.options == ()
    assert "海门区退役军人服务中心" in names(finding)


def test_nothing_near_shows_the_rest_of_nantong_and_says_so(
    directory: Directory, gazetteer: Gazetteer
) -> None:
    finding = find(directory, gazetteer, place="启东汇龙镇", kinds=KINDS_OF["hospital"])
    assert finding.status == "ok"
    assert {one.location.county for one in finding.locations} == {"通州区"}
    assert finding.radius_m is None
    assert "下面是南通其他地方最近的；也可以打 12345 问" in finding.hint


def test_a_kind_nobody_has_listed_finds_none(directory: Directory, gazetteer: Gazetteer) -> None:
    finding = find(directory, gazetteer, place="三星镇", kinds=("hospital-priority",))
    assert (finding.status, finding.locations) == ("none", ())


def test_a_merged_town_is_found_and_todays_town_named(
    directory: Directory, gazetteer: Gazetteer
) -> None:
    finding = find(directory, gazetteer, place="海门天补", kinds=KINDS_OF["merchant"])
    assert finding.status == "ok"
    assert "天补镇现在属于三星镇" in finding.hint


def test_from_chongming_island_the_river_is_named(
    directory: Directory, gazetteer: Gazetteer
) -> None:
    finding = find(directory, gazetteer, place="海永镇", kinds=KINDS_OF["merchant"])
    assert "要过江" in finding.hint


@pytest.mark.parametrize(
    ("place", "status", "said"),
    [
        ("城东", "ambiguous", "不止一处"),
        ("上海崇明", "outside", "不在南通"),
        ("啊呜啊呜", "none", "没有找到这个地名"),
        ("南通", "none", "请说镇或街道"),
    ],
)
def test_an_unclear_name_lists_nothing_and_says_why(
    directory: Directory, gazetteer: Gazetteer, place: str, status: str, said: str
) -> None:
    finding = find(directory, gazetteer, place=place)
    assert (finding.status, finding.locations) == (status, ())
    assert said in finding.hint
    assert (len(finding.options) > 0) == (status == "ambiguous")


# around a point


def test_a_point_names_the_nearest_town_and_uses_its_county(
    directory: Directory, gazetteer: Gazetteer
) -> None:
    finding = find(directory, gazetteer, point=(31.95, 120.89), kinds=("scenic",))
    assert finding.origin is not None
    assert finding.origin.name == "您的位置（崇川区狼山镇街道附近）"
    assert names(finding)[0] == "狼山风景名胜区"
    assert "南通博物苑" in names(finding)


@pytest.mark.parametrize(
    ("point", "said"),
    [
        ((120.89, 31.95), "写反了"),
        ((31.2304, 121.4737), "不在南通"),
        ((31.627, 121.397), "不在南通"),  # Chongming, in the box
        ((31.875, 120.556), "不在南通"),  # Zhangjiagang, in the box
        ((float("nan"), 121.0), "不在南通"),
    ],
)
def test_a_point_elsewhere_or_swapped_is_outside_and_says_which(
    directory: Directory, gazetteer: Gazetteer, point: tuple[float, float], said: str
) -> None:
    finding = find(directory, gazetteer, point=point)
    assert (finding.status, finding.locations) == ("outside", ())
    assert said in finding.hint


# the file


def shipped_with(tmp_path: Path, *rows: dict[str, str]) -> Path:
    root = shutil.copytree(ROOT, tmp_path / "places")
    with (root / "samples.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(dict.fromkeys(COLUMNS, "") | GOOD | row for row in rows)
    return root


def test_a_point_in_another_system_is_converted_when_read(
    gazetteer: Gazetteer, tmp_path: Path
) -> None:
    latitude, longitude = wgs84_to_gcj02(*SANXING)
    given_point = {"latitude": str(latitude), "longitude": str(longitude), "crs": "gcj02"}
    directory = Directory.load(gazetteer, shipped_with(tmp_path, given_point))
    read = next(one for one in directory.locations if one.id == "merchant-100")
    assert read.point == pytest.approx(gcj02_to_wgs84(latitude, longitude))
    assert read.point == pytest.approx(SANXING, abs=1e-7)
    assert read.crs == "gcj02"


def test_a_place_that_closed_is_no_longer_shown() -> None:
    open_place = at("m-1", 100)
    assert nearby(Directory([open_place]), SANXING).found
    assert not nearby(Directory([replace(open_place, status="inactive")]), SANXING).found


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"kind": "shop"}, "kind 列“shop”：只能是 merchant、"),
        ({"id": "商户1"}, "id 列“商户1”：要用小写字母"),
        ({"id": "merchant-100"}, "id 列“merchant-100”：和 samples.csv 第 2 行重复"),
        ({"id": "hospital-001"}, "id 列“hospital-001”：和 places.csv 第 8 行重复"),
        ({"name": ""}, "name 列“”：不能空着"),
        ({"source": ""}, "source 列“”：不能空着"),
        ({"county": "海门"}, "county 列“海门”：没有这个县市区"),
        ({"town": "三星"}, "town 列“三星”：海门区没有这个镇、街道"),
        ({"crs": ""}, "crs 列“”：有坐标就要写坐标系"),
        ({"crs": "wgs-84"}, "crs 列“wgs-84”：只能是 wgs84、gcj02、bd09"),
        ({"latitude": "121.12", "longitude": "31.97"}, "写反了，请对调"),
        ({"latitude": "31.2"}, "latitude 列“31.2”：不在南通"),
        ({"latitude": "三十一"}, "latitude 列“三十一”：要写数字"),
        ({"longitude": ""}, "latitude 列“31.97”：纬度、经度要么都写"),
        ({"verified_on": "去年"}, "verified_on 列“去年”：要写日期"),
        ({"confidence": "高"}, "confidence 列“高”：只能是 high、medium、low、none"),
        ({"sample": "true"}, "name 列“某商户”：示例的名称要以“示例·”开头"),
        ({"status": "closed"}, "status 列“closed”：只能是 active、inactive"),
    ],
)
def test_a_bad_cell_is_named_with_its_line_and_remedy(
    gazetteer: Gazetteer, tmp_path: Path, cells: dict[str, str], said: str
) -> None:
    root = shipped_with(tmp_path, {}, {"id": "merchant-101"} | cells)
    with pytest.raises(KnowledgeError) as refused:
        Directory.load(gazetteer, root)
    assert said in str(refused.value)
    assert {problem.line for problem in refused.value.problems} == {3}


def test_all_bad_rows_are_reported_at_once(gazetteer: Gazetteer, tmp_path: Path) -> None:
    root = shipped_with(tmp_path, {"kind": "shop"}, {}, {"kind": "shop"}, {"county": "上海"})
    with pytest.raises(KnowledgeError) as refused:
        Directory.load(gazetteer, root)
    lines = [problem.line for problem in refused.value.problems]
    assert lines == [2, 3, 4, 4, 5, 5]
    assert "和 samples.csv 第 2 行重复" in str(refused.value)


def test_a_changed_heading_and_a_short_row_are_reported(
    gazetteer: Gazetteer, tmp_path: Path
) -> None:
    root = shipped_with(tmp_path, {})
    path = root / "samples.csv"
    text = path.read_text("utf-8")
    path.write_text(text + "a,b\n", "utf-8")
    with pytest.raises(KnowledgeError, match="3: 错误：这一行不是 20 格"):
        Directory.load(gazetteer, root)
    path.write_text(text.replace("kind", "类别", 1), "utf-8")
    with pytest.raises(KnowledgeError, match="表头缺少列 kind，不认识列 类别"):
        Directory.load(gazetteer, root)
