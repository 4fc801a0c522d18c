"""What typed place names mean: the table tests/places.yaml, and what holds for every name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from knowledge.coordinates import distance_m
from knowledge.gazetteer import Gazetteer, Named
from knowledge.load import KnowledgeError
from knowledge.placefiles import ROOT

PHRASES = [
    phrase
    for name in ("places.yaml", "places_unseen.yaml")
    for phrase in yaml.safe_load((Path(__file__).parents[1] / name).read_text("utf-8"))
]


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


def all_places(gazetteer: Gazetteer) -> set[Named]:
    entries = (meanings for names in gazetteer.names.by_start.values() for _, meanings in names)
    places = {meaning.place for meanings in entries for meaning in meanings}
    return {place for place in places if place.kind not in ("outside", "city")}


def test_there_are_enough_phrases_and_each_says_what_it_means() -> None:
    assert len({phrase["text"] for phrase in PHRASES}) >= 300
    told = {"ok": {"name", "within"}, "county": {"name", "within"},
            "ambiguous": {"options", "counties"}}  # fmt: skip
    for phrase in PHRASES:
        assert phrase["status"] in ("outside", "none") or told[phrase["status"]] & {*phrase}, phrase


@pytest.mark.parametrize("phrase", PHRASES, ids=[phrase["text"] for phrase in PHRASES])
def test_a_phrase_means_what_the_table_says(gazetteer: Gazetteer, phrase: dict[str, Any]) -> None:
    meant = gazetteer.resolve(phrase["text"])
    assert meant.status == phrase["status"]
    label = meant.origin.label if meant.origin else None
    assert label == phrase.get("name", label if phrase["status"] != "none" else None)
    if "within" in phrase:
        assert meant.origin is not None
        assert meant.origin.county == phrase["within"]
    if "options" in phrase:
        assert [option.label for option in meant.options] == phrase["options"]
    if "counties" in phrase:
        assert {option.county for option in meant.options} == {*phrase["counties"]}
    if "note" in phrase:
        assert meant.origin is not None
        assert phrase["note"] in meant.origin.note


def test_every_button_typed_back_means_its_place_and_no_other(gazetteer: Gazetteer) -> None:
    places = all_places(gazetteer)
    assert len(places) > 1900
    for place in places:
        meant = gazetteer.resolve(place.label)
        assert meant.status in ("ok", "county"), place.label
        assert meant.origin is not None
        assert meant.origin.label == place.label


def test_no_name_alone_ever_decides_between_two_counties(gazetteer: Gazetteer) -> None:
    for names in gazetteer.names.by_start.values():
        for name, meanings in names:
            towns = {m.place.county for m in meanings if m.place.kind == "town"}
            official = [m for m in meanings if m.place.kind == "town" and m.official]
            if len(towns) > 1 and len(official) != 1:
                assert gazetteer.resolve(name).status == "ambiguous", name


def test_what_is_found_has_a_point_in_nantong_and_options_are_few(gazetteer: Gazetteer) -> None:
    for place in all_places(gazetteer):
        meant = gazetteer.resolve(place.name)
        if meant.status == "ok":
            assert meant.origin is not None
            assert meant.origin.point is not None
            assert distance_m(meant.origin.point, (32.1, 121.0)) < 120_000
            assert meant.origin.vagueness_m >= 200
        if meant.status == "ambiguous":
            assert 2 <= len(meant.options) <= 4


def test_a_county_has_no_point_because_its_centre_is_near_to_nobody(gazetteer: Gazetteer) -> None:
    meant = gazetteer.resolve("海门")
    assert meant.origin is not None
    assert meant.origin.point is None
    assert "海门区三星镇" in [option.label for option in meant.options]
    assert all(option.point and option.county == "海门区" for option in meant.options)


@given(st.text(alphabet="海门通州区市镇街道三星南如东皋启城在从到去上路村的，（） ", max_size=40))
def test_any_text_gets_an_answer_with_what_its_status_promises(text: str) -> None:
    meant = SHARED.resolve(text)
    assert (meant.status == "ambiguous") == (len(meant.options) > 1 and meant.origin is None)
    assert meant.status != "ok" or (meant.origin is not None and meant.origin.point is not None)


SHARED = Gazetteer.load()


def test_counties_come_first_and_zones_last(gazetteer: Gazetteer) -> None:
    assert gazetteer.counties()[:7] == (
        *("崇川区", "通州区", "海门区", "如东县", "启东市", "如皋市", "海安市"),
    )
    assert gazetteer.counties()[7:] == ("南通经济技术开发区", "通州湾示范区", "苏锡通园区")


def test_the_hundred_towns_stand_under_their_counties_and_zones(gazetteer: Gazetteer) -> None:
    counts = [len(gazetteer.towns(county)) for county in gazetteer.counties()[:7]]
    assert counts == [21, 16, 12, 15, 12, 14, 10]
    assert "小海街道" in gazetteer.towns("崇川区")
    assert "小海街道" in gazetteer.towns("南通经济技术开发区")
    assert gazetteer.town("三星镇", "海门区") is not None
    assert gazetteer.town("三星镇", "如皋市") is None


def test_the_nearest_town_of_a_point(gazetteer: Gazetteer) -> None:
    nearest = gazetteer.nearest_town((31.9700, 121.1170))
    assert nearest is not None
    assert nearest.label == "海门区三星镇"


def test_all_faults_of_all_files_are_reported_with_line_column_and_remedy(tmp_path: Path) -> None:
    root = shutil.copytree(ROOT, tmp_path / "places")
    replace(root / "towns.csv", "海门区/三星镇,三星镇,town", "海门区/三星镇,三星镇,twon")
    replace(root / "towns.csv", "32.102579,120.742624", "120.742624,32.102579")
    replace(root / "names.csv", "崇明,outside,", "崇明,abroad,")
    with (root / "villages.csv").open("a", encoding="utf-8") as file:
        file.write("新村,没有的镇,海门区,,\n")
    with pytest.raises(KnowledgeError) as refused:
        Gazetteer.load(root)
    said = str(refused.value)
    town = line_of(root / "towns.csv", "twon")
    assert f"towns.csv:{town}: 错误：kind 列“twon”：没有这一类" in said
    swapped = line_of(root / "towns.csv", "120.742624,32.102579")
    assert f"towns.csv:{swapped}: 错误：latitude 列“120.742624”：不在南通" in said
    assert "names.csv:6: 错误：role 列“abroad”：只能是 outside、stop、weak" in said
    assert "town 列“没有的镇”：towns.csv 里没有这个镇、街道" in said


def test_a_missing_file_is_a_problem_and_no_traceback(tmp_path: Path) -> None:
    root = shutil.copytree(ROOT, tmp_path / "places")
    (root / "villages.csv").unlink()
    with pytest.raises(KnowledgeError, match=r"villages\.csv:1: 错误：文件读不出来"):
        Gazetteer.load(root)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def line_of(path: Path, part: str) -> int:
    lines = path.read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, start=1) if part in line)
