"""Place names as people type them: counties, towns, old towns, villages, hospitals and parks.

Longest name first; a county written beside a name decides between places of the same name. We
never guess between two counties: the person is asked.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from knowledge.coordinates import distance_m

ROOT = Path(__file__).parent / "places"
Status = Literal["ok", "county", "ambiguous", "outside", "none"]
_RANK = {
    "town": 0,
    "poi": 1,
    "zone": 2,
    "former-town": 3,
    "former-county": 6,
    "village": 4,
    "county": 6,
}
_COUNTIES = ("county", "former-county")
_OUTSIDE = re.compile(
    r"北京|上海|崇明|苏州|无锡|常州|南京|镇江|扬州|泰州|盐城|淮安|徐州|连云港|宿迁|张家港|常熟|太仓"
    r"|昆山|江阴|靖江|泰兴|东台|大丰|杭州|宁波|合肥|武汉|广州|深圳|成都|重庆|天津|西安|浙江|安徽|山东"
)
_STREET = re.compile(r"^(?:路|街|大道|花园|新村|小区|城|广场|大厦)")
_AROUND = re.compile(
    r"我(?:现在)?(?:在|住|家在)|附近|旁边|周围|周边|这边|那边|有(?:没有|什么|哪些)|哪里|的|请问|离|最近"
)
_OFFERED = 4


@dataclass(frozen=True)
class Named:
    """A place with a name: where it is (WGS-84 degrees) and how vague that is (metres)."""

    name: str
    kind: str
    county: str
    town: str = ""
    point: tuple[float, float] | None = None
    vagueness_m: int = 3000

    @property
    def label(self) -> str:
        """The name with its county, as a button shows it."""
        return self.name if self.name == self.county else f"{self.county}{self.name}"


@dataclass(frozen=True)
class Resolution:
    """What a typed name means: one place, a county only, several, somewhere else, nothing."""

    status: Status
    origin: Named | None = None
    options: tuple[Named, ...] = ()


class Gazetteer:
    """All the names we know."""

    def __init__(self, places: Iterable[tuple[str, Named]]) -> None:
        self._names: dict[str, list[Named]] = {}
        for name, place in places:
            known = self._names.setdefault(name, [])
            if place not in known:
                known.append(place)
        self._longest = max(map(len, self._names), default=0)

    @classmethod
    def load(cls, root: Path = ROOT) -> Gazetteer:
        """Read the shipped towns, villages and public places."""
        towns = [_town(row) for row in _rows(root / "towns.csv")]
        centres = {(place.name, place.county): place for place, _ in towns}
        names = [(name, place) for place, aliases in towns for name in aliases]
        for row in _rows(root / "villages.csv"):
            names += _village(row, centres)
        for row in _rows(root / "places.csv"):
            names += _poi(row, centres)
        return cls(names)

    def counties(self) -> tuple[str, ...]:
        """The seven county-level units, then the zones with staff of their own."""
        return (
            "崇川区", "通州区", "海门区", "如东县", "启东市", "如皋市", "海安市",
            "南通经济技术开发区", "通州湾示范区", "苏锡通园区",
        )  # fmt: skip

    def towns(self, county: str) -> tuple[str, ...]:
        """The towns and streets of a county, as they are called today."""
        found = {p.name for known in self._names.values() for p in known if _is_town_of(p, county)}
        return tuple(sorted(found))

    def town(self, name: str, county: str) -> Named | None:
        """The town of that name in that county."""
        known = self._names.get(name, ())
        return next((p for p in known if _is_town_of(p, county)), None)

    def nearest_town(self, point: tuple[float, float]) -> Named | None:
        """The town whose centre is nearest to a WGS-84 point."""
        towns = [p for known in self._names.values() for p in known if p.kind == "town" and p.point]
        return min(towns, key=lambda p: distance_m(point, p.point or point), default=None)

    def resolve(self, text: str) -> Resolution:
        """What ``text`` means. Takes well under a millisecond."""
        said = re.sub(r"\s", "", text)[:200]
        if "北京" in said or (self._outside(said) and not self._found(_OUTSIDE.sub("", said))):
            return Resolution("outside")
        found = self._found(said)
        counties = {p.county for _, known in found for p in known if p.kind in _COUNTIES}
        best = self._best(said, found, counties)
        if len(best) == 1:
            return Resolution("ok", best[0])
        if best:
            return Resolution("ambiguous", options=tuple(best[:_OFFERED]))
        if len(counties) > 1:
            return Resolution("ambiguous", options=tuple(map(self._county, sorted(counties))))
        if counties:
            county = counties.pop()
            options = [self._names[name][0] for name in self.towns(county)]
            return Resolution("county", self._county(county), tuple(options))
        return Resolution("none")

    def _county(self, name: str) -> Named:
        return self._names[name][0]

    def _outside(self, said: str) -> bool:
        return any(not _STREET.match(said[found.end() :]) for found in _OUTSIDE.finditer(said))

    def _found(self, said: str) -> list[tuple[str, list[Named]]]:
        """Names in ``said``, longest first at each place, without overlap."""
        found: list[tuple[str, list[Named]]] = []
        at = 0
        while at < len(said):
            for size in range(min(self._longest, len(said) - at), 1, -1):
                if known := self._names.get(said[at : at + size]):
                    found.append((said[at : at + size], known))
                    at += size - 1
                    break
            at += 1
        return found

    def _best(
        self, said: str, found: list[tuple[str, list[Named]]], counties: set[str]
    ) -> list[Named]:
        """The places of the best kind among those named, within the counties named."""
        rest = _AROUND.sub("", said)
        candidates: list[Named] = []
        for name, known in found:
            candidates += [
                p for p in known if p.kind not in _COUNTIES and _plausible(p, name, rest, counties)
            ]
        within = [p for p in candidates if p.county in counties] if counties else candidates
        candidates = within or ([] if counties else candidates)
        if not candidates:
            return []
        here = _after_in(said, candidates)
        if here:
            return here
        rank = min(_RANK[p.kind] for p in candidates)
        return list(dict.fromkeys(p for p in candidates if _RANK[p.kind] == rank))


def _after_in(said: str, candidates: list[Named]) -> list[Named]:
    """“从海安到如皋，我在林梓”: the place after 在 is where the person is."""
    heads = re.findall(r"在(\S{2,3})", said)
    return list(
        dict.fromkeys(p for p in candidates if any(p.name.startswith(head[:2]) for head in heads))
    )


def _plausible(place: Named, name: str, rest: str, counties: set[str]) -> bool:
    """A bare village name (光明, 新桥) counts only when it is all that was said."""
    if place.kind != "village" or name.endswith(("村", "社区")):
        return True
    for county in counties:
        rest = rest.replace(county, "").replace(county[:-1], "")
    return rest == name


def _is_town_of(place: Named, county: str) -> bool:
    return place.kind == "town" and place.county == county


def _rows(path: Path) -> Iterable[Mapping[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _point(row: Mapping[str, str]) -> tuple[float, float] | None:
    return (float(row["latitude"]), float(row["longitude"])) if row["latitude"] else None


def _town(row: Mapping[str, str]) -> tuple[Named, list[str]]:
    name, kind, county = row["name"], row["kind"], row["county"] or row["name"]
    place = Named(name, kind, county, name, _point(row), int(row["vagueness_m"]))
    names = [name, *filter(None, row["aliases"].split("/"))]
    short = re.sub(r"(?:街道|镇|乡|区|县|市)$", "", name)
    seat = kind == "town" and short == county[:-1]
    if len(short) >= 2 and not seat and short != "南通":
        names.append(short)
    return place, names


def _village(
    row: Mapping[str, str], centres: Mapping[tuple[str, str], Named]
) -> list[tuple[str, Named]]:
    town = centres.get((row["town"], row["county"]))
    point = _point(row) or (town.point if town else None)
    vague = 1000 if row["latitude"] else 3000
    if _STREET.match(row["name"][-1:]):  # 人民路 is a street to most people
        return []
    base = re.sub(r"(?:村|社区|居)$", "", row["name"])
    place = Named(
        f"{row['town']}{row['name']}", "village", row["county"], row["town"], point, vague
    )
    names = [row["name"], f"{base}村", base] if len(base) >= 2 else [row["name"]]
    return [(name, place) for name in dict.fromkeys(names)]


def _poi(
    row: Mapping[str, str], centres: Mapping[tuple[str, str], Named]
) -> list[tuple[str, Named]]:
    """A public place that lies in a known town serves as an origin too."""
    town = centres.get((row["town"], row["county"]))
    if town is None or re.search(r"[东西南北]院|院区", row["name"]):  # several campuses: no guess
        return []
    name = re.sub(r"[（(].*|\s.*", "", row["name"])
    place = Named(name, "poi", row["county"], row["town"], town.point, 3000)
    return [(name, place), (re.sub(r"^南通市?", "", name), place)]
