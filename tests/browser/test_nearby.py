"""Somebody shares where they are and finds a place: the list, the picture, the place's page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import Engine

from bot.db.tables import now
from bot.places.shown import Shown
from knowledge.base import Knowledge
from knowledge.directory import Directory
from knowledge.hours import parse
from knowledge.locations import Location
from tests.browser.chat import Chat, hears, say, serve
from tests.browser.test_webchat import faults, open_page, shoot, wide

pytestmark = pytest.mark.xdist_group("browser")
HERE = {"latitude": 31.968, "longitude": 121.115}
SHOP = Location(
    id="m-1", name="老李面馆", kind="merchant", county="海门区", town="三星镇", card="优待证",
    point=(31.97, 121.117), offer="堂食9折", hours="24小时", opening=parse("24小时"),
    verified_on="2026-10-01", phone="0513-82100001",
)  # fmt: skip


@pytest.fixture
def chat(sqlite: Engine, knowledge: Knowledge) -> Iterator[Chat]:
    shops = [replace(SHOP, id=f"m-{n}", point=(31.966 + n / 1000, 121.117)) for n in range(1, 8)]
    known = replace(knowledge, directory=Directory(shops))
    cipher = sqlite.dialect.cipher  # type: ignore[attr-defined]
    with serve(sqlite, known, places=Shown(lambda: known, cipher, now)) as chat:
        yield chat


async def test_a_shared_location_gives_a_list_a_picture_and_a_page_to_object(
    chat: Chat, browser: Browser
) -> None:
    page = await open_page(browser, chat.url, geolocation=HERE, permissions=["geolocation"])
    await say(page, "附近有没有优惠的饭店")
    await hears(page, "您现在在哪里")
    await page.locator("article.bot").last.get_by_role("button", name="发送我的位置").click()
    await page.get_by_role("button", name="同意，发送位置").click()
    await hears(page, "离您近的拥军商户")
    listed = page.locator("article.bot").last
    await expect(listed.locator("li").first).to_contain_text("凭优待证：堂食9折；全天开着")
    await expect(listed.locator("li")).to_have_count(5)
    picture = listed.get_by_role("img", name="示意图")
    await picture.scroll_into_view_if_needed()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 360
    assert await wide(page) == 0
    assert await faults(page) == []
    await shoot(page, "nearby")
    await listed.get_by_role("button", name="看第 1 个").click()
    await hears(page, "0513-82100001")
    await page.locator("article.bot").last.get_by_role("link", name="看单独一页").click()
    place = (
        await page.context.wait_for_event("page")
        if len(page.context.pages) < 2
        else page.context.pages[1]
    )
    await expect(place.get_by_role("heading", name="老李面馆")).to_be_visible()
    tapped = place.get_by_role("link", name="打电话 0513-82100001")
    await expect(tapped).to_have_attribute("href", "tel:0513-82100001")
    assert await wide(place) == 0
    assert await faults(place) == []
    await place.get_by_role("button", name="信息不对").click()
    await hears(place, "“老李面馆”哪里不对？")
