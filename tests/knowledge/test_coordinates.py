"""Coordinates against published vectors; latitude before longitude throughout."""

from __future__ import annotations

import math
from urllib.parse import parse_qs, urlparse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.coordinates import (
    Degrees,
    amap_link,
    amap_search_link,
    bd09_to_gcj02,
    distance_m,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    inside_nantong,
    looks_swapped,
    to_wgs84,
    wgs84_to_gcj02,
)

# Provider values: hujiulong/gcoord, test/fixtures/china-cities.json (WGS-84, GCJ-02, BD-09).
CITIES = {
    "南通": ((31.9823396, 120.8900776), (31.980175, 120.8943001), (31.9858283, 120.9008917)),
    "苏州": ((31.3011601, 120.5811071), (31.298983, 120.5852941), (31.3052382, 120.5917094)),
    "上海": ((31.2323443, 121.4691633), (31.2304194, 121.4737061), (31.2363541, 121.4802435)),
}
# googollee/eviltransform, python/test.py (WGS-84, GCJ-02).
FORMULA = [
    ((31.1774276, 121.5272106), (31.17530398364597, 121.531541859215)),
    ((22.543847, 113.912316), (22.540796131694766, 113.9171764808363)),
    ((39.911954, 116.377817), (39.91334545536069, 116.38404722455657)),
]
in_nantong = st.tuples(st.floats(31.5, 32.9), st.floats(119.9, 122.1))


@pytest.mark.parametrize("city", CITIES)
def test_conversions_agree_with_provider_values(city: str) -> None:
    wgs, gcj, bd = CITIES[city]
    assert distance_m(wgs84_to_gcj02(*wgs), gcj) < 1
    assert distance_m(gcj02_to_bd09(*gcj), bd) < 0.05
    assert distance_m(bd09_to_gcj02(*bd), gcj) < 0.05
    assert distance_m(to_wgs84(*gcj, "gcj02"), wgs) < 1
    assert distance_m(to_wgs84(*bd, "bd09"), wgs) < 1
    assert to_wgs84(*wgs, "wgs84") == wgs


@pytest.mark.parametrize(("wgs", "gcj"), FORMULA)
def test_the_formula_is_the_public_one(wgs: Degrees, gcj: Degrees) -> None:
    assert wgs84_to_gcj02(*wgs) == pytest.approx(gcj, abs=1e-9)


@given(in_nantong)
def test_conversions_come_back_to_the_millimetre(point: Degrees) -> None:
    assert distance_m(gcj02_to_wgs84(*wgs84_to_gcj02(*point)), point) < 0.001
    assert distance_m(to_wgs84(*gcj02_to_bd09(*wgs84_to_gcj02(*point)), "bd09"), point) < 0.001


@given(in_nantong)
def test_a_wrong_system_is_half_a_kilometre_or_more_off_in_nantong(point: Degrees) -> None:
    amap = wgs84_to_gcj02(*point)
    assert 430 < distance_m(point, amap) < 520
    assert 1050 < distance_m(point, gcj02_to_bd09(*amap)) < 1200


@given(st.floats(), st.floats(), st.sampled_from(["wgs84", "gcj02", "bd09"]))
def test_no_number_breaks_a_conversion(latitude: float, longitude: float, crs: str) -> None:
    given_point = (latitude, longitude)
    got = to_wgs84(latitude, longitude, crs)  # type: ignore[arg-type]
    if not (0 < latitude < 60 and 70 < longitude < 140):
        assert got == given_point or math.isnan(latitude + longitude)


def test_an_unknown_system_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="wgs-84"):
        to_wgs84(32.0, 121.0, "wgs-84")  # type: ignore[arg-type]


def test_a_degree_of_latitude_is_111_195_metres() -> None:
    assert distance_m((31.5, 121.0), (32.5, 121.0)) == pytest.approx(111_195, abs=1)
    assert distance_m((32.0, 121.0), (32.0, 121.0)) == 0
    assert distance_m((0.0, 0.0), (0.0, 180.0)) == pytest.approx(math.pi * 6_371_008.8)


def test_a_degree_of_longitude_shrinks_with_the_cosine() -> None:
    expected = 111_195 * math.cos(math.radians(32))
    assert distance_m((32.0, 120.5), (32.0, 121.5)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("point", "inside", "swapped"),
    [
        ((31.98, 120.89), True, False),
        ((120.89, 31.98), False, True),
        ((31.23, 121.47), False, False),
        ((39.9, 116.4), False, False),
        ((math.nan, 121.0), False, False),
    ],
)
def test_nantong_swapped_and_elsewhere_are_told_apart(
    point: Degrees, inside: bool, swapped: bool
) -> None:
    assert inside_nantong(*point) is inside
    assert looks_swapped(*point) is swapped


def test_an_amap_link_has_longitude_first_in_its_own_system() -> None:
    wgs, gcj, _ = CITIES["南通"]
    link = urlparse(amap_link("示例·粮油店 & 茶/社", *wgs))
    query = parse_qs(link.query)
    longitude, latitude = map(float, query["position"][0].split(","))
    assert (link.scheme, link.netloc, link.path) == ("https", "uri.amap.com", "/marker")
    assert query["coordinate"] == ["gaode"]
    assert query["name"] == ["示例·粮油店 & 茶/社"]
    assert distance_m((latitude, longitude), gcj) < 1


def test_a_place_without_a_position_is_looked_up_by_name() -> None:
    assert amap_search_link("狼山") == (
        "https://uri.amap.com/search?keyword=%E7%8B%BC%E5%B1%B1&city=320600&view=map"
    )
