"""Positions: the three coordinate systems used in China, distances, and where Nantong is.

WGS-84 is what satellites give and what we store. GCJ-02 (Amap, Tencent) lies about half a
kilometre off in Nantong, BD-09 (Baidu) more than one. All functions take and give latitude
before longitude, in degrees. The formulas are the publicly known ones; they agree with provider
values to about a metre. The inverses are iterated: one step alone is up to 4 m off.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, TypeAlias
from urllib.parse import quote

Crs = Literal["wgs84", "gcj02", "bd09"]
Degrees: TypeAlias = tuple[float, float]
"""Latitude and longitude."""

_AXIS_M = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
_BD = math.pi * 3000 / 180
EARTH_M = 6_371_008.8
"""Mean radius of the earth."""
_SOUTH, _NORTH, _WEST, _EAST = 31.5, 32.9, 119.9, 122.1


def to_wgs84(latitude: float, longitude: float, crs: Crs) -> Degrees:
    """A position given in ``crs`` as WGS-84 degrees.

    Outside China the systems do not differ, so such a position – swapped, or not a number at all –
    comes back as it is. Raises ValueError for an unknown system.
    """
    if crs not in ("wgs84", "gcj02", "bd09"):
        raise ValueError(f"没有“{crs}”这种坐标系，可用 wgs84、gcj02、bd09")
    if crs == "wgs84" or not (0.8 <= latitude <= 55.8 and 72.0 <= longitude <= 137.8):
        return latitude, longitude
    if crs == "bd09":
        latitude, longitude = bd09_to_gcj02(latitude, longitude)
    return gcj02_to_wgs84(latitude, longitude)


def wgs84_to_gcj02(latitude: float, longitude: float) -> Degrees:
    """What Chinese maps call the place at these WGS-84 degrees."""
    x, y = longitude - 105.0, latitude - 35.0
    root = math.sqrt(abs(x))
    waves = _waves((20, 6 * x), (20, 2 * x))
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += waves + _waves((20, y), (40, y / 3)) + _waves((160, y / 12), (320, y / 30))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += waves + _waves((20, x), (40, x / 3)) + _waves((150, x / 12), (300, x / 30))
    phi = math.radians(latitude)
    bulge = 1 - _ECCENTRICITY2 * math.sin(phi) ** 2
    meridian_m = _AXIS_M * (1 - _ECCENTRICITY2) / bulge**1.5
    parallel_m = _AXIS_M / math.sqrt(bulge) * math.cos(phi)
    return latitude + math.degrees(north / meridian_m), longitude + math.degrees(east / parallel_m)


def gcj02_to_wgs84(latitude: float, longitude: float) -> Degrees:
    """The WGS-84 degrees of a place as Amap, Tencent and WeChat call it."""
    return _invert(wgs84_to_gcj02, (latitude, longitude))


def gcj02_to_bd09(latitude: float, longitude: float) -> Degrees:
    """What Baidu calls the place at these GCJ-02 degrees."""
    radius = math.hypot(longitude, latitude) + 0.00002 * math.sin(latitude * _BD)
    angle = math.atan2(latitude, longitude) + 0.000003 * math.cos(longitude * _BD)
    return radius * math.sin(angle) + 0.006, radius * math.cos(angle) + 0.0065


def bd09_to_gcj02(latitude: float, longitude: float) -> Degrees:
    """The GCJ-02 degrees of a place as Baidu calls it."""
    return _invert(gcj02_to_bd09, (latitude, longitude))


def distance_m(one: Degrees, other: Degrees) -> float:
    """Metres over the ground between two WGS-84 positions (haversine, mean earth radius)."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def inside_nantong(latitude: float, longitude: float) -> bool:
    """Whether WGS-84 degrees lie in the box around Nantong (119.9–122.1 E, 31.5–32.9 N)."""
    return _SOUTH <= latitude <= _NORTH and _WEST <= longitude <= _EAST


def looks_swapped(latitude: float, longitude: float) -> bool:
    """Whether a position outside Nantong would lie in it with latitude and longitude swapped."""
    return not inside_nantong(latitude, longitude) and inside_nantong(longitude, latitude)


def amap_search_link(name: str) -> str:
    """A link that looks a name up on Amap, within Nantong: for a place without a position."""
    return f"https://uri.amap.com/search?keyword={quote(name)}&city=320600&view=map"


def amap_link(name: str, latitude: float, longitude: float) -> str:
    """A link that shows a WGS-84 position under ``name`` on Amap, which reads GCJ-02."""
    lat, lon = wgs84_to_gcj02(latitude, longitude)
    where = f"position={lon:.6f},{lat:.6f}&name={quote(name, safe='')}"
    return f"https://uri.amap.com/marker?{where}&coordinate=gaode"


def tencent_link(name: str, address: str, latitude: float, longitude: float) -> str:
    """A link that shows a WGS-84 position on Tencent's map, which reads GCJ-02 –
    https://lbs.qq.com/webApi/uriV1/uriGuide/uriWebMarker"""
    lat, lon = wgs84_to_gcj02(latitude, longitude)
    marker = f"coord:{lat:.6f},{lon:.6f};title:{_bare(name)};addr:{_bare(address)}"
    return f"https://apis.map.qq.com/uri/v1/marker?marker={quote(marker)}&referer=youjun"


def _bare(said: str) -> str:
    """Without the signs that separate a marker's parts."""
    return said.translate(dict.fromkeys(map(ord, ";:|"), " "))


def _waves(*parts: tuple[float, float]) -> float:
    return sum(size * math.sin(turns * math.pi) for size, turns in parts) * 2 / 3


def _invert(forward: Callable[[float, float], Degrees], target: Degrees) -> Degrees:
    """The fixed point of ``w -= forward(w) - target``; five rounds reach 1e-10 degrees."""
    latitude, longitude = target
    for _ in range(6):
        lat, lon = forward(latitude, longitude)
        latitude, longitude = latitude + target[0] - lat, longitude + target[1] - lon
    return latitude, longitude
