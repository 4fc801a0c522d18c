"""Map services on a local server that answers as they do; proposals wait for a clerk."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import Session

from bot.places import geocode, upkeep
from bot.places.geocode import Amap, Guess, Tianditu, Unavailable
from knowledge.coordinates import distance_m, wgs84_to_gcj02
from knowledge.locations import Location
from tests import sheets

HOUSE = (31.980, 120.890)
GCJ = wgs84_to_gcj02(*HOUSE)


class Map:
    """A local server; ``says`` is what it answers next, ``asked`` what it was asked."""

    def __init__(self) -> None:
        self.says: tuple[int, Any] = (200, {})
        self.asked: list[tuple[str, dict[str, str]]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {key: values[0] for key, values in parse_qs(parts.query).items()}
                service.asked.append((parts.path, query))
                status, body = service.says
                raw = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def service() -> Iterator[Map]:
    found = Map()
    thread = threading.Thread(target=found.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    found.server.shutdown()
    thread.join()
    found.server.server_close()


def tianditu(level: str = "门址", lat: Any = "31.98", lon: Any = "120.89") -> dict[str, Any]:
    location = {"score": 90, "level": level, "lon": lon, "lat": lat, "keyWord": "示例"}
    return {"msg": "ok", "location": location, "searchVersion": "6.4.9V", "status": "0"}


def amap(*locations: str, level: str = "门牌号") -> dict[str, Any]:
    codes = [{"formatted_address": "示例", "location": at, "level": level} for at in locations]
    ok = {"status": "1", "info": "OK", "infocode": "10000", "count": str(len(codes))}
    return ok | {"geocodes": codes}


AT = f"{GCJ[1]:.6f},{GCJ[0]:.6f}"


@pytest.mark.parametrize(
    ("kind", "says", "found"),
    [
        (Tianditu, tianditu(), Guess((31.98, 120.89), "wgs84", "天地图")),
        (Tianditu, tianditu(lat=31.98, lon=120.89), Guess((31.98, 120.89), "wgs84", "天地图")),
        (Tianditu, tianditu(level="乡镇"), None),
        (Tianditu, tianditu(lat="39.9", lon="116.4"), None),
        (Tianditu, {"msg": "无结果", "status": "101"}, None),
        (Amap, amap(AT), Guess((round(GCJ[0], 6), round(GCJ[1], 6)), "gcj02", "高德")),
        (Amap, amap(AT, level="区县"), None),
        (Amap, amap(), None),
        (Amap, amap(AT, AT), None),
        (Amap, amap("116.397499,39.908722"), None),
    ],
)
def test_answers_are_read_as_they_are_meant(
    service: Map, kind: Any, says: Any, found: Guess | None
) -> None:
    service.says = (200, says)
    guess = kind("key", service.url).locate("江苏省南通市崇川区示例路1号")
    assert guess == found


@pytest.mark.parametrize(
    ("kind", "status", "says", "said"),
    [
        (Tianditu, 403, {"code": 301008, "msg": "非法Key", "resolve": "…"}, "非法Key"),
        (Tianditu, 200, {"msg": "error", "status": "404"}, "error"),
        (Amap, 200, {"status": "0", "info": "INVALID_USER_KEY", "infocode": "10001"}, "INVALID"),
        (Amap, 502, b"<html>bad gateway</html>", "没有正常回答"),
        (Amap, 200, [], "看不懂"),
    ],
)
def test_refusals_and_outages_are_said_without_the_key(
    service: Map, kind: Any, status: int, says: Any, said: str
) -> None:
    service.says = (status, says)
    with pytest.raises(Unavailable, match=said) as refused:
        kind("geheim", service.url).locate("示例路1号")
    assert "geheim" not in str(refused.value)


def test_a_service_that_is_away_is_said(service: Map) -> None:
    service.server.server_close()
    with pytest.raises(Unavailable, match="没有正常回答"):
        Tianditu("key", "http://127.0.0.1:9").locate("示例路1号")


def test_what_is_asked(service: Map) -> None:
    place = Location("a-1", "x", "merchant", "海门区", town="三星镇", address="示例路1号")
    asked = geocode.address(place)
    assert asked == "江苏省南通市海门区三星镇示例路1号"
    service.says = (200, amap(AT))
    Amap("k", service.url).locate(asked)
    service.says = (200, tianditu())
    Tianditu("k", service.url).locate(asked)
    (amap_path, amap_query), (tianditu_path, tianditu_query) = service.asked
    assert (amap_path, tianditu_path) == ("/v3/geocode/geo", "/geocoder")
    assert amap_query == {"address": asked, "city": "320600", "key": "k", "output": "JSON"}
    assert json.loads(tianditu_query["ds"]) == {"keyWord": asked}


async def test_a_proposed_position_counts_for_nothing_until_a_clerk_confirms_it(
    desk: Any, clerks: Any, tmp_path: Path
) -> None:
    li = clerks["li"]
    row = next(row for row in sheets.shops(300) if row["county"] == "海门区")
    row |= {"latitude": "", "longitude": "", "crs": ""}
    response = await li.bring(sheets.write_csv(tmp_path / "a.csv", [row]))
    address = response.headers["location"].removeprefix("/desk/places")
    await li.get(address)
    await li.post(f"{address}/apply")
    desk.live.refresh()

    (base,) = desk.live.stored.places.values()
    assert [one.id for one in geocode.wanting([base], 5)] == [base.id]
    with Session(desk.engine) as session:
        upkeep.propose(session, base, GCJ, "gcj02", "高德", at=desk.clock())
        session.commit()
    desk.live.refresh()
    waiting = {one.id: one for one in desk.knowledge.directory.locations}[base.id]
    assert (waiting.point, waiting.centre, waiting.point_confirmed) == (None, None, False)
    assert waiting.point_status == "none"
    assert list(geocode.wanting([waiting], 5)) == []
    page = await li.get("/work?why=unplaced")
    assert "uri.amap.com/marker" in page.text

    await li.post(f"/work/{base.id}", found="point")
    desk.live.refresh()
    placed = {one.id: one for one in desk.knowledge.directory.locations}[base.id]
    assert placed.point_confirmed
    assert placed.point is not None
    assert distance_m(placed.point, HOUSE) < 1
    assert (placed.given_point, placed.crs) == (GCJ, "gcj02")
    again = await li.post(f"/work/{base.id}", found="point")
    assert again.status_code == 409
