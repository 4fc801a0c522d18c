"""Two clerks at one ticket, each in a real browser; and what a clerk does by keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Browser

from bot.console.base import Found
from bot.db.tables import Staff
from bot.desk import canned
from tests.console.test_in_chromium import PASSWORD, address, chromium, enter, refusing_to_leave

__all__ = ["address", "chromium"]
pytestmark = pytest.mark.xdist_group("chromium")


async def enter_as(browser: Browser, address: str, username: str, *, width: int = 1440) -> Any:
    context = await browser.new_context(viewport={"width": width, "height": 850}, locale="zh-CN")
    page = await context.new_page()
    await page.goto(f"{address}/desk/")
    await page.fill("#username", username)
    await page.fill("#password", PASSWORD)
    await page.click("text=登录 >> nth=-1")
    await page.wait_for_selector(".who")
    return page


async def test_two_clerks_collide_and_neither_loses_a_word(
    office: Any, address: str, chromium: Browser
) -> None:
    office.staff("sun", "孙同志", "海门区")
    number = office.ticket()
    li = await enter_as(chromium, address, "li")
    sun = await enter_as(chromium, address, "sun")
    for page in (li, sun):
        await page.goto(f"{address}/desk/tickets/{number}")

    await li.click("text=认领这张工单")
    await li.wait_for_selector("#reply-text")
    await sun.click("text=认领这张工单")
    await sun.wait_for_selector("text=这张工单已由李同志认领")
    assert office.load(number).owner == office.account("li").id

    # 孙同志 sees 李同志 write, before anything is sent.
    await li.locator("#reply-text").press_sequentially("明天上午来")
    await sun.reload()
    await sun.wait_for_selector("#presence >> text=李同志正在回复")

    # 孙同志 leaves a note; 李同志 is told to look before the reply goes out, and keeps the words.
    await sun.fill("#note-text", "他腿脚不便，上门办")
    await sun.click("text=保存备注")
    await sun.wait_for_selector(".noted >> text=上门办")
    await li.click("text=发送给当事人")
    await li.wait_for_selector("text=有了新内容")
    assert await li.input_value("#reply-text") == "明天上午来"
    assert not [message for message in office.sent() if message.text == "明天上午来"]

    await li.fill("#reply-text", "明天上午我们上门")
    await li.click("text=发送给当事人")
    await li.wait_for_selector(".said.staff >> text=明天上午我们上门")
    texts = [message.text for message in office.sent()]
    assert texts.count("明天上午我们上门") == 1
    assert not any("腿脚不便" in text for text in texts)


async def test_a_draft_waits_where_it_was_left_and_is_nobody_elses(
    office: Any, address: str, chromium: Browser
) -> None:
    office.staff("sun", "孙同志", "海门区")
    number = office.ticket()
    li = await enter_as(chromium, address, "li")
    await li.goto(f"{address}/desk/tickets/{number}")
    await li.click("text=认领这张工单")
    async with li.expect_response(lambda answer: "presence" in answer.url and answer.ok):
        await li.locator("#reply-text").press_sequentially("写到一半")
        await li.wait_for_timeout(1800)
    await li.context.close()

    again = await enter_as(chromium, address, "li", width=390)
    await again.goto(f"{address}/desk/tickets/{number}")
    assert await again.input_value("#reply-text") == "写到一半"
    sun = await enter_as(chromium, address, "sun")
    await sun.goto(f"{address}/desk/tickets/{number}")
    assert "写到一半" not in await sun.content()


async def test_a_new_ticket_appears_without_waiting_for_the_poll(
    office: Any, address: str, chromium: Browser
) -> None:
    page = await enter_as(chromium, address, "li")
    number = office.ticket()
    await page.wait_for_selector(f"text={number}", timeout=6000)  # the poll is every 15 s


async def test_a_clerk_needs_no_mouse(office: Any, address: str, chromium: Browser) -> None:
    office.ticket()
    second = office.ticket()
    page = await enter_as(chromium, address, "li")
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(f"h1 >> text={second}")
    await page.keyboard.press("c")
    await page.wait_for_selector("#reply-text")
    await page.keyboard.press("r")
    assert await page.evaluate("document.activeElement.id") == "reply-text"
    await page.keyboard.press("?")  # typed, not obeyed
    assert await page.input_value("#reply-text") == "?"
    await page.fill("#reply-text", "")
    await page.keyboard.press("Escape")
    await page.locator("h1").click()
    await page.keyboard.press("q")
    await page.wait_for_selector("#search")
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.id") == "search"


async def test_articles_and_canned_replies_go_into_the_reply(
    office: Any, address: str, chromium: Browser
) -> None:
    from dataclasses import replace

    from sqlmodel import Session, select

    office.staff("hua", "华组长", "海门区", role="leader")
    with Session(office.engine) as db:
        people = {one.username: one for one in db.exec(select(Staff)).all()}
        at = office.clock()
        one = canned.write(
            db, people["li"], "到窗口办", "请到{{部门}}窗口办 {{编号}}", "海门区", at=at
        )
        db.flush()
        canned.approve(db, people["hua"], one, at=at)
        db.commit()
    found = [Found("card", "优待证补办", "带身份证去服务站。\n依据：示例")]
    object.__setattr__(office.console, "find_articles", lambda text, region: found if text else [])
    assert replace(office.console).find_articles("补办", "") == found
    number = office.ticket()
    page = await enter_as(chromium, address, "li")
    await page.goto(f"{address}/desk/tickets/{number}")
    await page.click("text=认领这张工单")

    await page.locator("#reply-text").press_sequentially("/窗口")
    await page.click("#canned >> text=到窗口办")
    assert await page.input_value("#reply-text") == f"请到窗口办 {number}"

    await page.fill("#article-search", "补办")
    await page.click("#articles >> text=插入回复")
    assert "依据：示例" in await page.input_value("#reply-text")
    refusing_to_leave(page)


async def test_waiting_for_material_is_one_button_and_stops_the_clock(
    office: Any, address: str, chromium: Browser
) -> None:
    number = office.ticket()
    page = await enter(chromium, address)
    await page.goto(f"{address}/desk/tickets/{number}")
    await page.click("text=认领这张工单")
    await page.fill("#reply-text", "请拍一张户口簿")
    await page.click("text=发送，等对方补材料")
    await page.wait_for_selector("text=时钟停着")
    assert office.load(number).state == "待补材料"
