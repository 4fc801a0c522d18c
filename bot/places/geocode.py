"""Positions for addresses, proposed by a map service and confirmed by a clerk.

Off unless a provider and its key are set. 天地图 answers in CGCS2000, which is WGS-84 to within a
metre; 高德 in GCJ-02. Shapes: http://lbs.tianditu.gov.cn/server/geocodinginterface.html and
https://lbs.amap.com/api/webservice/guide/api/georegeo.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import httpx

from knowledge.coordinates import Crs, Degrees, inside_nantong, to_wgs84
from knowledge.locations import Location

TIMEOUT_SECONDS = 10.0
_TOO_VAGUE = ("省", "市", "区县", "开发区", "乡镇", "村庄", "国家", "道路", "地名", "行政区")
"""Levels of a match that say where a town is, not where a house is."""


class Unavailable(Exception):
    """The map service does not answer or refuses us; the message says what to do."""


@dataclass(frozen=True)
class Guess:
    """Where a map service believes an address to be, latitude before longitude, in its own system."""

    position: Degrees
    crs: Crs
    provider: str


class Geocoder(Protocol):
    """A map service."""

    def locate(self, address: str) -> Guess | None:
        """Where an address in Nantong is; None: not found, or only roughly. Raises Unavailable."""


class Tianditu:
    """天地图, the national map: ``GET /geocoder?ds={"keyWord": …}&tk=…``."""

    def __init__(self, key: str, base_url: str = "https://api.tianditu.gov.cn") -> None:
        self.key, self.url = key, f"{base_url.rstrip('/')}/geocoder"

    def locate(self, address: str) -> Guess | None:
        """See ``Geocoder``. Status 0: found, 101: nothing, others: refused."""
        asked = json.dumps({"keyWord": address}, ensure_ascii=False)
        answer = _get(self.url, {"ds": asked, "tk": self.key}, "天地图")
        status, found = str(answer.get("status", "")), answer.get("location") or {}
        if status == "101" or (status == "0" and not found):
            return None
        if status != "0":
            raise Unavailable(_refused("天地图", answer.get("msg")))
        return _guess(found.get("lat"), found.get("lon"), found.get("level"), "wgs84", "天地图")


class Amap:
    """高德: ``GET /v3/geocode/geo?address=…&city=320600&key=…``; errors come with HTTP 200 too."""

    def __init__(self, key: str, base_url: str = "https://restapi.amap.com") -> None:
        self.key, self.url = key, f"{base_url.rstrip('/')}/v3/geocode/geo"

    def locate(self, address: str) -> Guess | None:
        """See ``Geocoder``."""
        asked = {"address": address, "city": "320600", "key": self.key, "output": "JSON"}
        answer = _get(self.url, asked, "高德")
        if str(answer.get("status")) != "1":
            raise Unavailable(_refused("高德", answer.get("info")))
        found = answer.get("geocodes") or []
        if len(found) != 1 or not isinstance(found[0].get("location"), str):
            return None  # several: a clerk must say which; [] stands for nothing
        longitude, _, latitude = found[0]["location"].partition(",")
        return _guess(latitude, longitude, found[0].get("level"), "gcj02", "高德")


def geocoder(
    provider: Literal["tianditu", "amap"], key: str, base_url: str | None = None
) -> Geocoder:
    """The map service of the settings."""
    if provider == "tianditu":
        return Tianditu(key, base_url) if base_url else Tianditu(key)
    return Amap(key, base_url) if base_url else Amap(key)


def wanting(places: Iterable[Location], limit: int) -> Iterator[Location]:
    """Places that have an address and no point, and of which no proposal waits."""
    left = limit
    for place in places:
        if left and place.point is None and place.point_confirmed and place.address:
            if place.sample or place.status != "active":
                continue
            left -= 1
            yield place


def address(place: Location) -> str:
    """What to ask a map service."""
    return f"江苏省南通市{place.county}{place.town}{place.address}".replace(
        f"{place.county}{place.town}{place.county}", f"{place.county}{place.town}"
    )


def _get(url: str, asked: dict[str, str], name: str) -> dict[str, Any]:
    try:
        response = httpx.get(url, params=asked, timeout=TIMEOUT_SECONDS, follow_redirects=False)
        answer = response.json()
    except (httpx.HTTPError, ValueError) as problem:
        # the exception's own words would carry the key
        raise Unavailable(
            f"{name}没有正常回答（{type(problem).__name__}），请过一会儿再试"
        ) from None
    if not isinstance(answer, dict):
        raise Unavailable(f"{name}的回答看不懂，请过一会儿再试")
    return answer


def _refused(name: str, reason: object) -> str:
    return f"{name}拒绝了请求（{reason or '没有说明'}）；请检查密钥和用量"


def _guess(
    latitude: object, longitude: object, level: object, crs: Crs, provider: str
) -> Guess | None:
    if str(level or "") in _TOO_VAGUE:
        return None
    try:
        position = float(str(latitude)), float(str(longitude))
    except ValueError:
        return None
    return Guess(position, crs, provider) if inside_nantong(*to_wgs84(*position, crs)) else None
