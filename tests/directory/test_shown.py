"""Pages and pictures of places in the web chat, and what of a person's position is kept."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.channels.webchat import Webchat
from bot.db import outbox
from bot.db.cipher import seal, unseal
from bot.db.tables import Message, now
from bot.places.shown import Shown
from bot.places.sketch import Tiles, draw
from bot.transcript import Transcript
from handlers.messages import Contact, Reply, Sketch, Update
from knowledge.base import Knowledge
from knowledge.directory import Directory
from knowledge.locations import Location

SHOP = Location(id="m-1", name="老李<面馆>", kind="merchant", county="海门区", town="三星镇",
                point=(31.97, 121.12), phone="0513-82100001", verified_on="2026-10-01")  # fmt: skip
HERE = Sketch((31.968123, 121.115456), "您", (("1", 31.97, 121.12), ("2", 31.9701, 121.1201)), "图")
CONTACT = Contact("web", "a")
SVG = "{http://www.w3.org/2000/svg}"


def texts(svg: str) -> list[str | None]:
    return [one.text for one in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - our own


def client(engine: Engine, knowledge: Knowledge, tiles: Tiles | None = None) -> TestClient:
    known = replace(
        knowledge, directory=Directory([SHOP, replace(SHOP, id="m-2", status="defunct")])
    )
    cipher = engine.dialect.cipher  # type: ignore[attr-defined]
    shown = Shown(lambda: known, cipher, now, tiles)

    async def receive(_update: Update) -> None:
        """Nobody answers."""

    web = Webchat(receive, Transcript(engine), secret="s", places=shown)
    return TestClient(Starlette(routes=web.routes()))


def test_a_picture_shows_the_person_the_numbers_and_the_scale() -> None:
    said = texts(draw(HERE, [("三星镇", (31.97, 121.118)), ("狼山镇街道", (31.95, 120.89))]))
    assert {"您", "1·2", "250 米", "三星镇", "北"} <= {*said}
    assert "狼山镇街道" not in said


def test_marks_stay_inside_and_north_is_up() -> None:
    svg = ET.fromstring(draw(replace(HERE, places=(("1", 32.5, 121.6),))))  # noqa: S314
    person = next(one for one in svg.iter(f"{SVG}circle") if one.get("r") == "8")
    (mark,) = [one for one in svg.iter(f"{SVG}rect") if one.get("rx") == "13"]
    assert 0 < float(person.attrib["cx"]) < float(mark.attrib["x"]) < 360
    assert 0 < float(mark.attrib["y"]) < float(person.attrib["cy"]) < 270


def test_where_a_person_was_is_never_kept_in_the_clear(sqlite: Engine) -> None:
    with Session(sqlite) as session:
        outbox.put(session, CONTACT, [Reply("清单", sketch=HERE)])
        session.commit()
        kept = str(session.connection().execute(text("select * from message")).one())
        (name, words), *_ = session.exec(select(Message)).one().extras["pictures"]
    assert "31.96" not in kept
    assert "pictures" not in kept
    assert name.startswith("/chat/map/")
    cipher = sqlite.dialect.cipher  # type: ignore[attr-defined]
    sealed = name.removeprefix("/chat/map/").removesuffix(".svg")
    assert unseal(cipher, sealed)["origin"] == [*HERE.origin]
    assert words


def test_a_picture_opens_by_its_sealed_name_only(sqlite: Engine, knowledge: Knowledge) -> None:
    web = client(sqlite, knowledge)
    cipher = sqlite.dialect.cipher  # type: ignore[attr-defined]
    value = {"origin": HERE.origin, "name": "您", "places": HERE.places, "words": "图"}
    found = web.get(f"/chat/map/{seal(cipher, value)}.svg")
    assert found.headers["content-type"].startswith("image/svg+xml")
    assert "您" in texts(found.text)
    for strange in ("x", seal(cipher, value)[:-2], seal(cipher, "else")):
        assert web.get(f"/chat/map/{strange}.svg").status_code == 404


def test_a_place_has_a_page_with_phone_maps_and_a_way_to_object(
    sqlite: Engine, knowledge: Knowledge
) -> None:
    page = client(sqlite, knowledge).get("/place/m-1")
    assert page.status_code == 200
    for part in ("老李&lt;面馆&gt;", "tel:0513-82100001", "uri.amap.com", "apis.map.qq.com",
                 "天地图", "121.120000,31.970000", 'value="/wrong m-1"', "<svg"):  # fmt: skip
        assert part in page.text
    assert "<面馆>" not in page.text


@pytest.mark.parametrize("id", ["m-2", "nowhere", "..%2F.."])
def test_a_place_that_is_gone_or_never_was_has_no_page(
    sqlite: Engine, knowledge: Knowledge, id: str
) -> None:
    assert client(sqlite, knowledge).get(f"/place/{id}").status_code == 404


def test_map_tiles_come_in_only_where_they_are_set(sqlite: Engine, knowledge: Knowledge) -> None:
    without = client(sqlite, knowledge).get("/place/m-1")
    assert "<image" not in without.text
    assert "img-src 'self' data:;" in without.headers["content-security-policy"]
    tiles = Tiles("https://tiles.example/{z}/{x}/{y}.png", "gcj02")
    page = client(sqlite, knowledge, tiles).get("/place/m-1")
    assert 'href="https://tiles.example/1' in page.text
    policy = page.headers["content-security-policy"]
    assert "img-src 'self' data: https://tiles.example;" in policy
