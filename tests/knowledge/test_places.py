"""Positions, typed place names and what is near."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from knowledge.base import Knowledge
from knowledge.coordinates import (
    amap_link,
    distance_m,
    gcj02_to_bd09,
    inside_nantong,
    to_wgs84,
    wgs84_to_gcj02,
)
from knowledge.gazetteer import Gazetteer
from knowledge.places import KINDS, KINDS_OF, Directory, PlacesError, find

PHRASES = yaml.safe_load((Path(__file__).parents[1] / "places.yaml").read_text("utf-8"))
# Published by the providers themselves: latitude, longitude in WGS-84, GCJ-02, BD-09.
CITIES = {
    "南通": ((31.9823396, 120.8900776), (31.980175, 120.8943001), (31.9858283, 120.9008917)),
    "苏州": ((31.3011601, 120.5811071), (31.298983, 120.5852941), (31.3052382, 120.5917094)),
    "上海": ((31.2323443, 121.4691633), (31.2304194, 121.4737061), (31.2363541, 121.4802435)),
}


@pytest.mark.parametrize("city", CITIES)
def test_the_three_systems_agree_with_the_providers(city: str) -> None:
    wgs, gcj, bd = CITIES[city]
    assert distance_m(wgs84_to_gcj02(*wgs), gcj) < 1
    assert distance_m(gcj02_to_bd09(*gcj), bd) < 0.05
    assert distance_m(to_wgs84(*gcj, "gcj02"), wgs) < 1
    assert distance_m(to_wgs84(*bd, "bd09"), wgs) < 1


@given(st.floats(31.5, 32.9), st.floats(119.9, 122.1))
def test_there_and_back_is_the_same_place(latitude: float, longitude: float) -> None:
    there = wgs84_to_gcj02(latitude, longitude)
    assert 400 < distance_m(there, (latitude, longitude)) < 550
    assert distance_m(to_wgs84(*there, "gcj02"), (latitude, longitude)) < 0.001


def test_the_map_link_is_in_the_maps_own_system() -> None:
    link = amap_link("狼山", 31.9823396, 120.8900776)
    assert "position=120.8942" in link
    assert "31.9801" in link


@pytest.mark.parametrize("text", PHRASES, ids=str)
def test_a_typed_name_means_what_people_mean(knowledge: Knowledge, text: str) -> None:
    wanted = PHRASES[text]
    found = knowledge.gazetteer.resolve(text)
    if isinstance(wanted, list):
        assert found.status == "ambiguous"
        assert {option.label for option in found.options} >= set(wanted)
    elif wanted in ("outside", "none"):
        assert found.status == wanted
    elif wanted.startswith("县:"):
        assert found.status == "county"
        assert found.origin is not None
        assert found.origin.county == wanted[2:]
    else:
        assert found.origin is not None, found
        assert (found.status, found.origin.label) == ("ok", wanted)


def test_nearest_first_with_distance_and_samples_marked(knowledge: Knowledge) -> None:
    found = find(
        knowledge.directory,
        knowledge.gazetteer,
        place="海门三星镇",
        kinds=KINDS_OF["merchant"],
        limit=50,
    )
    distances = [one.distance_m for one in found.locations if one.distance_m is not None]
    assert distances == sorted(distances)
    assert found.locations[0].location.sample
    assert found.locations[0].location.name.startswith("示例")


def test_a_place_without_a_point_is_listed_by_county_and_never_placed(
    knowledge: Knowledge,
) -> None:
    found = find(
        knowledge.directory,
        knowledge.gazetteer,
        place="如东掘港",
        kinds=KINDS_OF["service-station"],
    )
    [one] = [one for one in found.locations if one.location.county == "如东县"]
    assert (one.distance_m, one.location.point) == (None, None)


def test_a_search_finds_exactly_what_measuring_everything_finds(knowledge: Knowledge) -> None:
    directory, point = knowledge.directory, (32.0, 120.9)
    for radius in (1_000, 10_000, 60_000):
        found = {one.location.id for one in directory.around(point, (), radius)}
        measured = {
            one.id
            for one in directory.locations
            if one.point and distance_m(point, one.point) <= radius
        }
        assert found == measured


def test_only_points_inside_nantong_are_searched(knowledge: Knowledge) -> None:
    found = find(knowledge.directory, knowledge.gazetteer, point=(31.2, 121.4))
    assert found.status == "outside"
    assert not inside_nantong(120.9, 32.0)


def test_a_bad_row_is_named_with_file_line_column_and_remedy(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    rows = (
        "id,name,kind,county,town,address,phone,latitude,longitude,crs,point_status,offer,hours,"
        "source,verified_on,confidence,sample\n"
        "a,甲,shop,海门区,,,,,,,,,,,,,false\n"
        "b,乙,merchant,海门区,,,,121.1,31.9,wgs84,exact,,,,,,false\n"
        "c,丙,merchant,海门区,,,,31.9,121.1,wgs99,exact,,,,,,false\n"
    )
    (tmp_path / "places.csv").write_text(rows, "utf-8")
    (tmp_path / "samples.csv").write_text(rows.splitlines()[0] + "\n", "utf-8")
    with pytest.raises(PlacesError) as error:
        Directory.load(knowledge.gazetteer, tmp_path)
    said = str(error.value)
    assert "places.csv:2: kind 列" in said
    assert "places.csv:3: latitude、longitude 列：不在南通，经纬度可能写反了" in said
    assert "places.csv:4: crs 列" in said


def test_every_shipped_place_is_of_a_known_kind_with_source_and_date(knowledge: Knowledge) -> None:
    for location in knowledge.directory.locations:
        assert location.kind in KINDS
        assert location.source
        assert location.verified_on
        assert location.sample == location.name.startswith("示例")


@given(st.text(max_size=300))
def test_no_text_breaks_the_gazetteer(text: str) -> None:
    gazetteer = Gazetteer(())
    assert gazetteer.resolve(text).status in ("none", "outside")
