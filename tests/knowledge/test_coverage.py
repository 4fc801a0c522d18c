"""The 15-minute circle: what counts, how far it is, how much is within reach."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from knowledge.coordinates import distance_m
from knowledge.coverage import LEFT_OUT, Question, Report, report
from knowledge.gazetteer import Gazetteer, Named
from knowledge.locations import Location
from knowledge.placefiles import read_villages
from knowledge.raster import CELL_M, Raster
from knowledge.travel import minutes, reach_m

TODAY = date(2026, 11, 25)
SHOP = Location(
    id="m-1", name="店", kind="merchant", county="海门区", town="三星镇", point=(31.97, 121.12),
    verified_on="2026-10-01",
)  # fmt: skip
SANXING = Named("三星镇", "town", "海门区", "三星镇", (31.97, 121.12), shown="海门区三星镇")
FAR = Named("远镇", "town", "海门区", "远镇", (31.99, 121.16), shown="海门区远镇")
ISLAND = Named("海永镇", "town", "海门区", "海永镇", (31.97, 121.125), shown="海门区海永镇")
NOWHERE = Named("无名镇", "town", "海门区", "无名镇", None, shown="海门区无名镇")
SHOPS = "拥军商户、示范街区"


def measured(*places: Location, towns: tuple[Named, ...] = (SANXING, FAR), **ask: object) -> Report:
    return report(places, towns, (), Question(today=TODAY, **ask))  # type: ignore[arg-type]


def test_fifteen_minutes_on_foot_are_800_metres_as_the_crow_flies() -> None:
    assert reach_m(15, "walk") == pytest.approx(800)
    assert minutes(800, "walk") == pytest.approx(15)
    assert reach_m(15, "ebike") == pytest.approx(3000)


def test_the_nearest_of_each_kind_with_minutes_and_the_lacks() -> None:
    found = measured(SHOP)
    near, far = (row.ways[SHOPS] for row in found.rows)
    assert (near.minutes, near.place) == (0, SHOP)
    assert far.distance_m == pytest.approx(distance_m((31.97, 121.12), (31.99, 121.16)))
    lacks = [(row.area.name, what) for row, what, _ in found.lacks()]
    assert ("三星镇", SHOPS) not in lacks
    assert ("远镇", SHOPS) in lacks
    assert ("三星镇", "优待医院") in lacks
    share = found.shares["", SHOPS]
    assert (share.within, share.towns, share.residents) == (1, 2, None)
    assert found.shares["海门区", SHOPS] == share


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"sample": True}, "示例"),
        ({"status": "temporarily-closed"}, "已关闭或暂停"),
        ({"status": "defunct"}, "已关闭或暂停"),
        ({"point": None}, "没有经纬度"),
        ({"verified_on": "2026-05-01"}, "没有核实或超过 180 天"),
        ({"verified_on": ""}, "没有核实或超过 180 天"),
    ],
)
def test_what_is_closed_unverified_or_nowhere_does_not_count(
    changes: dict[str, object], why: str
) -> None:
    found = measured(replace(SHOP, **changes))  # type: ignore[arg-type]
    assert found.counted == 0
    assert found.left_out == dict.fromkeys(LEFT_OUT, 0) | {why: 1}
    assert found.rows[0].ways[SHOPS].place is None


def test_nobody_crosses_the_yangtze() -> None:
    found = measured(SHOP, towns=(SANXING, ISLAND))
    assert found.rows[1].ways[SHOPS].place is None
    own = replace(SHOP, id="m-2", town="海永镇")
    rows = measured(SHOP, own, towns=(SANXING, ISLAND)).rows
    assert [row.ways[SHOPS].place for row in rows] == [SHOP, own]


def test_a_town_without_a_point_is_named_and_not_guessed() -> None:
    found = measured(SHOP, towns=(SANXING, NOWHERE))
    assert found.unplaced == (NOWHERE,)
    assert [row.area for row in found.rows] == [SANXING]


def test_the_share_of_area_is_that_of_a_circle_and_residents_weigh_towns() -> None:
    people = {("海门区", "三星镇"): 30_000, ("海门区", "远镇"): 0}
    found = measured(SHOP, population=people)
    city = (found.raster.owner >= 0).sum() * CELL_M**2
    share = found.shares["", SHOPS]
    assert share.area == pytest.approx(np.pi * 800**2 / city, rel=0.05)
    assert share.residents is not None
    assert share.residents > share.area
    wide = measured(SHOP, within=15, mode="ebike").shares["", SHOPS]
    assert wide.area == pytest.approx(np.pi * 3000**2 / city, rel=0.02)


def test_a_border_keeps_the_neighbours_out() -> None:
    half = [[(31.0, 120.0), (33.0, 120.0), (33.0, 121.12), (31.0, 121.12)]]
    whole, west = Raster([(31.97, 121.12)]), Raster([(31.97, 121.12)], half)
    kept = west.owner >= 0
    assert kept.sum() == pytest.approx((whole.owner >= 0).sum() / 2, rel=0.03)
    assert not kept[:, west.longitudes > 121.12].any()


def test_every_town_and_village_with_a_point_is_measured() -> None:
    areas = [area for area in Gazetteer.load().areas if area.kind == "town"]
    villages = read_villages(areas)
    assert len(villages) > 100
    found = report([SHOP], areas, villages, Question(today=TODAY))
    placed = [area for area in areas if area.point]
    assert len(found.rows) == len(placed) + len(villages)
    assert len(found.unplaced) == len(areas) - len(placed)
