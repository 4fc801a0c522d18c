"""How fast the nearest places are found; run ``python -m benchmarks.places [SIZE …]``.

3,000, 100,000 and 1,000,000 invented places, three of four around town centres, the rest anywhere;
the five nearest within 30 km under every filter: kind, county, who qualifies, open now. The peers,
in the same run and over the same places and questions: scipy's cKDTree (a tree for each kind, the
other filters by asking for more), SQLite's R*Tree, and PostGIS if ``BENCHMARK_POSTGIS`` names a
database where the extension may be created. Every answer must be the same. Each question is put
three times and the best counts: on a shared machine the others only say how often we were
interrupted. Targets: p50 at most 1.5 times cKDTree's, p99 at most 1 ms at 100,000, 150 MB for the
index of 1,000,000; a phrase under 1 ms.
"""

from __future__ import annotations

import gc
import math
import os
import random
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import yaml
from scipy.spatial import cKDTree

from knowledge.coordinates import EARTH_M, Degrees, distance_m
from knowledge.days import day_kind
from knowledge.directory import Directory, Wanted
from knowledge.gazetteer import Gazetteer
from knowledge.grid import Grid
from knowledge.hours import parse
from knowledge.locations import Location

SIZES = (3_000, 100_000, 1_000_000)
COUNT, WITHIN_M, QUESTIONS, REPEATS = 5, 30_000, 600, 3
NOW = datetime.fromisoformat("2026-11-25T15:00:00+08:00")
KINDS = {"merchant": 90, "hospital-designated": 6, "service-station": 2, "scenic": 2}
HOURS = ("周一至周日 8:00-20:00", "周一至周五 9:00-17:00；周末休息", "18:00-23:00", "")
GROUPS = ((), ("退役军人",), ("三属", "军属"), ("退役军人", "三属", "军属"))
COUNTIES = ("崇川区", "通州区", "海门区", "如东县", "启东市", "如皋市", "海安市")
Ask = tuple[Degrees, Wanted]
Answer = Callable[[Ask], list[str]]


class Figures(NamedTuple):
    p50: float
    p99: float
    build_s: float


def main() -> None:
    gazetteer = Gazetteer.load()
    towns = [(a.county, a.point) for a in gazetteer.areas if a.kind == "town" and a.point]
    print(
        "| places | index | built s | p50 ms | p99 ms | p50 / cKDTree |\n|---|---|---|---|---|---|"
    )
    for size in map(int, sys.argv[1:]) if sys.argv[1:] else SIZES:
        places = invented(size, towns)
        asked = questions(towns)
        compare(size, places, asked)
    memory(max(SIZES), towns)
    phrases(gazetteer)


def invented(size: int, towns: Sequence[tuple[str, Degrees]], seed: int = 1) -> list[Location]:
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    openings = [parse(hours) for hours in HOURS]
    kinds = chance.choices([*KINDS], [*KINDS.values()], k=size)
    found = []
    for number, kind in enumerate(kinds):
        county, centre = chance.choice(towns)
        if number % 4:
            at = centre[0] + chance.gauss(0, 0.015), centre[1] + chance.gauss(0, 0.018)
        else:
            at, county = (
                (chance.uniform(31.7, 32.7), chance.uniform(120.2, 121.9)),
                chance.choice(COUNTIES),
            )
        found.append(
            Location(
                id=f"p{number:07d}", name="某处", kind=kind, county=county, point=at,
                qualifies=chance.choice(GROUPS), opening=chance.choice(openings),
            )
        )  # fmt: skip
    return found


def questions(towns: Sequence[tuple[str, Degrees]], seed: int = 2) -> list[Ask]:
    """Half for the commonest kind; a third each with one, two and all filters besides."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    asked = []
    for number in range(QUESTIONS):
        county, centre = chance.choice(towns)
        at = centre[0] + chance.gauss(0, 0.02), centre[1] + chance.gauss(0, 0.02)
        kind = "merchant" if number % 2 else chance.choice([*KINDS][1:])
        groups = frozenset({"退役军人"}) if number % 3 else frozenset()
        wanted = Wanted(frozenset({kind}), county if number % 3 > 1 else "", groups, NOW)
        asked.append((at, wanted))
    return asked


def compare(size: int, places: list[Location], asked: list[Ask]) -> None:
    """Time every index on the same questions; all must answer alike."""
    makers: dict[str, Callable[[list[Location]], Answer]] = {
        "ours": ours, "cKDTree": trees, "SQLite R*Tree": rtree,
    }  # fmt: skip
    if url := os.environ.get("BENCHMARK_POSTGIS"):
        makers["PostGIS"] = lambda given: postgis(given, url)
    figures, expected = {}, None
    for name, make in makers.items():
        few = asked[:100] if name in ("SQLite R*Tree", "PostGIS") and size > 10_000 else asked
        figures[name], answers = timed(make, places, few)
        expected = expected or answers
        wrong = sum(a != b for a, b in zip(answers, expected, strict=False))
        assert not wrong, f"{name}: {wrong} answers differ"
    for name, (p50, p99, built) in figures.items():
        ratio = p50 / figures["cKDTree"].p50
        print(
            f"| {size:,} | {name} | {built:.2f} | {p50:.3f} | {p99:.3f} | {ratio:.2f} |", flush=True
        )


def timed(
    make: Callable[[list[Location]], Answer], places: list[Location], asked: list[Ask]
) -> tuple[Figures, list[list[str]]]:
    began = time.perf_counter()
    answer = make(places)
    built = time.perf_counter() - began
    for ask in asked[:20]:
        answer(ask)
    gc.collect()
    gc.disable()
    times, answers = [], []
    for ask in asked:
        best = math.inf
        for _ in range(REPEATS):
            began = time.perf_counter()
            found = answer(ask)
            best = min(best, (time.perf_counter() - began) * 1000)
        times.append(best)
        answers.append(found)
    gc.enable()
    p50, p99 = np.percentile(times, [50, 99])
    return Figures(float(p50), float(p99), built), answers


def ours(places: list[Location]) -> Answer:
    directory = Directory(places)
    return lambda ask: [f.location.id for f in directory.nearest(ask[0], COUNT, ask[1], WITHIN_M)]


def trees(places: list[Location]) -> Answer:
    """A tree for each kind; for the other filters, twice as many again until there are enough."""
    kinds: dict[str, list[Location]] = {}
    for place in places:
        kinds.setdefault(place.kind, []).append(place)
    built = {kind: cKDTree([unit(one.point) for one in held]) for kind, held in kinds.items()}
    fits = filters(places)
    chord = 2 * math.sin(WITHIN_M / EARTH_M / 2)

    def answer(ask: Ask) -> list[str]:
        (kind,), count = ask[1].kinds, COUNT * 4
        tree, held, at = built[kind], kinds[kind], unit(ask[0])
        while True:
            away, found = tree.query(at, min(count, len(held)), distance_upper_bound=chord)
            real = [
                held[n] for n, far in zip(found.tolist(), away.tolist(), strict=True) if far < 9
            ]
            kept = [one.id for one in real if fits(one, ask[1])]
            if len(kept) >= COUNT or len(real) < count:
                return kept[:COUNT]
            count *= 4

    return answer


def filters(places: list[Location]) -> Callable[[Location, Wanted], bool]:
    """What is not the kind; hours are looked up once, as ours are."""
    openings = {one.opening for one in places}
    open_now = {one for one in openings if one and one.at(NOW, day_kind).is_open}

    def fits(place: Location, wanted: Wanted) -> bool:
        return (
            wanted.county in ("", place.county)
            and (
                not wanted.groups or not place.qualifies or bool(wanted.groups & {*place.qualifies})
            )
            and place.opening in open_now
        )

    return fits


def unit(point: Degrees | None) -> tuple[float, float, float]:
    assert point is not None
    phi, along = math.radians(point[0]), math.radians(point[1])
    return math.cos(phi) * math.cos(along), math.cos(phi) * math.sin(along), math.sin(phi)


def rtree(places: list[Location]) -> Answer:
    """Boxes that double until they are sure, ranked exactly here: R*Tree keeps 32-bit figures."""
    database = sqlite3.connect(":memory:")
    database.execute("create virtual table box using rtree(id, south, north, west, east)")
    database.execute(
        "create table place(id integer primary key, kind, county, fits, open, lat, lon)"
    )
    fits = filters(places)
    free, held = Wanted(groups=frozenset({"退役军人"})), Wanted()
    boxes, rows = [], []
    for number, one in enumerate(places):
        lat, lon = one.point or (0, 0)
        boxes.append((number, lat, lat, lon, lon))
        rows.append((number, one.kind, one.county, fits(one, free), fits(one, held), lat, lon))
    database.executemany("insert into box values (?,?,?,?,?)", boxes)
    database.executemany("insert into place values (?,?,?,?,?,?,?)", rows)
    query = (
        "select place.id, lat, lon from box join place using (id) where south <= ? and north >= ?"
        " and west <= ? and east >= ? and kind = ? and open and (? = '' or county = ?) and (fits or ?)"
    )

    def answer(ask: Ask) -> list[str]:
        (lat, lon), wanted = ask
        (kind,), reach = wanted.kinds, 1_000.0
        while True:
            up = math.degrees(reach / EARTH_M) * 1.001 + 2e-5
            aside = up / math.cos(math.radians(abs(lat) + up))
            given = (lat + up, lat - up, lon + aside, lon - aside, kind, wanted.county, wanted.county,
                     not wanted.groups)  # fmt: skip
            near = sorted(
                (distance_m(ask[0], (y, x)), n) for n, y, x in database.execute(query, given)
            )
            sure = [n for far, n in near if far <= reach]
            if len(sure) >= COUNT or reach >= WITHIN_M:
                return [places[n].id for n in sure[:COUNT]]
            reach = min(reach * 2, WITHIN_M)

    return answer


def postgis(places: list[Location], url: str) -> Answer:
    """A GiST index on geography for each kind, asked by distance on the sphere."""
    import psycopg

    link = psycopg.connect(url, autocommit=True)
    link.execute("create extension if not exists postgis")
    link.execute("drop table if exists place")
    link.execute(
        "create table place(id text, kind text, county text, fits bool, open bool, at geography(point))"
    )
    fits = filters(places)
    free, held = Wanted(groups=frozenset({"退役军人"})), Wanted()
    with link.cursor().copy("copy place from stdin") as copy:
        for one in places:
            lat, lon = one.point or (0, 0)
            copy.write_row((one.id, one.kind, one.county, fits(one, free), fits(one, held),
                            f"SRID=4326;POINT({lon!r} {lat!r})"))  # fmt: skip
    for number, kind in enumerate(KINDS):
        link.execute(f"create index place_{number} on place using gist (at) where kind = '{kind}'")
    link.execute("analyze place")
    point = "'SRID=4326;POINT({1!r} {0!r})'::geography"

    def answer(ask: Ask) -> list[str]:
        (kind,), at = ask[1].kinds, point.format(*ask[0])
        county = f"and county = '{ask[1].county}'" if ask[1].county else ""
        mine = "and fits" if ask[1].groups else ""
        found = link.execute(
            f"select id, st_distance(at, {at}, false) as far from (select id, at from place where"  # noqa: S608
            f" kind = '{kind}' and open {county} {mine} order by at <-> {at} limit {COUNT * 3}) near"
            f" order by far, id limit {COUNT}"
        ).fetchall()
        return [id for id, far in found if far <= WITHIN_M]

    return answer


def memory(size: int, towns: Sequence[tuple[str, Degrees]]) -> None:
    """What the index of ``size`` points holds, besides the places themselves."""
    points = np.array([one.point for one in invented(size, towns)], float)
    classes = np.arange(size, dtype=np.int32) % 500
    gc.collect()
    before, began = resident(), time.perf_counter()
    grid = Grid(points[:, 0], points[:, 1], classes)
    built = time.perf_counter() - began
    gc.collect()
    print(f"\nindex of {grid.size:,}: {(resident() - before) / 1e6:.0f} MB, built in {built:.2f} s")


def resident() -> int:
    """Bytes this process holds."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")


def phrases(gazetteer: Gazetteer) -> None:
    """Typed place names, every phrase of the tests twenty times."""
    root = Path(__file__).parents[1] / "tests"
    texts = [
        str(phrase["text"])
        for name in ("places.yaml", "places_unseen.yaml")
        for phrase in yaml.safe_load((root / name).read_text("utf-8"))
    ]
    times: dict[str, list[float]] = {text: [] for text in texts}
    for text in [*times] * 20:
        began = time.perf_counter()
        gazetteer.resolve(text)
        times[text].append((time.perf_counter() - began) * 1000)
    best = {text: min(each) for text, each in times.items()}
    p50, p99 = np.percentile([*best.values()], [50, 99])
    slowest = max(best, key=lambda text: best[text])
    print(
        f"{len(best)} phrases: p50 {p50:.3f} ms, p99 {p99:.3f} ms, slowest {best[slowest]:.3f} ms"
    )


if __name__ == "__main__":
    main()
