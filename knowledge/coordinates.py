"""Positions: the three coordinate systems used in China, distances, and where Nantong is.

WGS-84 is what satellites give and what we store. GCJ-02 (Amap, Tencent) is shifted by about half
a kilometre in Nantong, BD-09 (Baidu) by more than one. The formulas are the publicly known ones;
the inverses are iterated, which the closed forms of many libraries get wrong by up to 4 m.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, TypeAlias
from urllib.parse import quote

Crs = Literal["wgs84", "gcj02", "bd09"]
Degrees: TypeAlias = tuple[float, float]
"""Latitude and longitude."""

_A = 6378245.0
_EE = 0.00669342162296594323
_BD = math.pi * 3000 / 180
_EARTH_M = 6_371_008.8
_SOUTH, _NORTH, _WEST, _EAST = 31.5, 32.9, 119.9, 122.1


def to_wgs84(latitude: float, longitude: float, crs: Crs) -> Degrees:
    """A position of any system as WGS-84 degrees, to about a metre."""
    if crs == "wgs84":
        return latitude, longitude
    if crs == "gcj02":
        return _invert(wgs84_to_gcj02, (latitude, longitude))
    return to_wgs84(*_invert(gcj02_to_bd09, (latitude, longitude)), "gcj02")


def wgs84_to_gcj02(latitude: float, longitude: float) -> Degrees:
    """What Chinese maps call the place at these WGS-84 degrees."""
    x, y = longitude - 105.0, latitude - 35.0
    wave = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave
    north += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    north += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave
    east += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    east += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    phi = math.radians(latitude)
    magic = 1 - _EE * math.sin(phi) ** 2
    root = math.sqrt(magic)
    north_degrees = north * 180 / (_A * (1 - _EE) / (magic * root) * math.pi)
    east_degrees = east * 180 / (_A / root * math.cos(phi) * math.pi)
    return latitude + north_degrees, longitude + east_degrees


def gcj02_to_bd09(latitude: float, longitude: float) -> Degrees:
    """What Baidu calls the place at these GCJ-02 degrees."""
    z = math.hypot(longitude, latitude) + 0.00002 * math.sin(latitude * _BD)
    theta = math.atan2(latitude, longitude) + 0.000003 * math.cos(longitude * _BD)
    return z * math.sin(theta) + 0.006, z * math.cos(theta) + 0.0065


def distance_m(one: Degrees, other: Degrees) -> float:
    """Metres over the ground between two WGS-84 positions (haversine)."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*one, *other))
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def inside_nantong(latitude: float, longitude: float) -> bool:
    """Whether a WGS-84 position lies in the box around Nantong."""
    return _SOUTH <= latitude <= _NORTH and _WEST <= longitude <= _EAST


def amap_link(name: str, latitude: float, longitude: float) -> str:
    """A link that shows a WGS-84 position on Amap, which reads GCJ-02."""
    lat, lon = wgs84_to_gcj02(latitude, longitude)
    return f"https://uri.amap.com/marker?position={lon:.6f},{lat:.6f}&name={quote(name)}"


def _invert(forward: Callable[[float, float], Degrees], target: Degrees) -> Degrees:
    latitude, longitude = target
    for _ in range(6):
        lat, lon = forward(latitude, longitude)
        latitude, longitude = latitude + target[0] - lat, longitude + target[1] - lon
    return latitude, longitude
