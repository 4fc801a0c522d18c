"""The console in a real browser: what only scripts, styles and widths can break."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, ConsoleMessage, Dialog, Page, async_playwright
from sqlmodel import Session

from bot.db.learning import Gap, Unanswered

PASSWORD = "correct horse battery"
ARGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
pytestmark = pytest.mark.xdist_group("chromium")


@pytest.fixture
def address(office: Any) -> Iterator[str]:
    """The console served on a free port."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(office.app, log_level="warning", ws="none", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    executable = os.environ.get("YOUJUN_TEST_CHROMIUM") or shutil.which("chromium")
    if executable is None:
        pytest.skip("Chromium is missing")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable, args=list(ARGS))
        yield browser
        await browser.close()


async def enter(browser: Browser, address: str, *, width: int = 1440, scripts: bool = True) -> Page:
    """A page of its own, signed in as 李同志."""
    context = await browser.new_context(
        viewport={"width": width, "height": 850}, java_script_enabled=scripts, locale="zh-CN"
    )
    page = await context.new_page()
    if scripts:
        await page.clock.install()
    await page.goto(f"{address}/desk/")
    await page.fill("#username", "li")
    await page.fill("#password", PASSWORD)
    await page.click("text=登录 >> nth=-1")
    await page.wait_for_selector(".who")
    return page


def refusing_to_leave(page: Page) -> list[str]:
    """Say no to every question the page asks; returns the kinds of question."""
    asked: list[str] = []

    async def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        await dialog.dismiss()

    page.on("dialog", stay)
    return asked


@pytest.mark.parametrize("width", [390, 1440])
async def test_no_page_is_wider_than_its_screen_or_breaks_its_own_policy(
    office: Any, address: str, chromium: Browser, width: int
) -> None:
    problems: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        problems.append(message.text)

    number = office.ticket(details=(("困难", "x" * 300),), town="很长的镇名" * 8)
    page = await enter(chromium, address, width=width)
    page.on("console", heard)
    with Session(office.engine) as session:
        session.add(Gap(id=1))
        session.flush()
        session.add(Unanswered(gap=1, question="军犬怎么领养" + "x" * 190, status="unknown"))
        session.commit()
    pages = ("", f"tickets/{number}", "gaps", "gaps/1", "digest", "receipts", "notices", "canned")
    for path in (f"/desk/{page}" for page in pages):
        await page.goto(address + path)
        await page.clock.fast_forward(16_000)
        wider = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not await page.evaluate(wider), path
    assert problems == []


async def test_a_password_may_be_looked_at_and_is_hidden_again(
    office: Any, address: str, chromium: Browser
) -> None:
    page = await (await chromium.new_context(locale="zh-CN")).new_page()
    await page.goto(f"{address}/desk/sign-in")
    kind = "document.getElementById('password').type"
    await page.fill("#password", PASSWORD)
    assert await page.evaluate(kind) == "password"
    await page.click("text=显示密码")
    assert await page.evaluate(kind) == "text"
    await page.click("text=隐藏密码")
    assert await page.evaluate(kind) == "password"


async def test_the_queue_shows_new_tickets_by_itself(
    office: Any, address: str, chromium: Browser
) -> None:
    page = await enter(chromium, address)
    assert (await page.title()).startswith("(0)")

    number = office.ticket()
    await page.clock.fast_forward(16_000)

    await page.wait_for_selector(f"text={number}")
    assert (await page.title()).startswith("(1)")
    assert await page.inner_text("#count-unclaimed") == "1"


async def test_a_reply_being_written_survives_new_messages_and_a_note_and_can_be_sent(
    office: Any, address: str, chromium: Browser
) -> None:
    number = office.ticket()
    page = await enter(chromium, address)
    await page.goto(f"{address}/desk/tickets/{number}")
    await page.click("text=认领这张工单")
    await page.fill("#reply-text", "写了一半的答复")

    await page.fill("#note-text", "打过电话了")
    await page.click("text=保存备注")
    await page.wait_for_selector(".noted >> text=打过电话了")
    assert await page.input_value("#note-text") == ""
    assert await page.input_value("#reply-text") == "写了一半的答复"

    office.say("顺便问一句", contact="telegram:3527065")
    await page.clock.fast_forward(11_000)
    await page.wait_for_selector("#conversation >> text=顺便问一句")
    assert await page.input_value("#reply-text") == "写了一半的答复"

    asked = refusing_to_leave(page)
    await page.click("text=发送给当事人")
    await page.wait_for_selector(".said.staff >> text=写了一半的答复")
    assert asked == []
    assert office.sent()[-1].text == "写了一半的答复"


async def test_what_the_person_adds_is_pointed_out_before_the_reply_is_refused(
    office: Any, address: str, chromium: Browser
) -> None:
    number = office.ticket()
    page = await enter(chromium, address)
    await page.goto(f"{address}/desk/tickets/{number}")
    await page.click("text=认领这张工单")
    await page.fill("#reply-text", "请带发票")

    office.say("发票丢了", number=number)
    await page.clock.fast_forward(11_000)
    await page.wait_for_selector("#changed >> text=这张工单有了新内容")
    await page.click("text=发送给当事人")

    await page.wait_for_selector("text=请先看一遍，再发送")
    assert await page.input_value("#reply-text") == "请带发票"


async def test_leaving_with_an_unsent_reply_asks_first(
    office: Any, address: str, chromium: Browser
) -> None:
    number = office.ticket()
    page = await enter(chromium, address)
    await page.goto(f"{address}/desk/tickets/{number}")
    await page.click("text=认领这张工单")
    await page.locator("#reply-text").press_sequentially("没写完")

    asked = refusing_to_leave(page)
    await page.locator(".back a").click(no_wait_after=True)

    assert asked == ["beforeunload"]
    assert await page.input_value("#reply-text") == "没写完"


async def test_everything_works_without_scripts(
    office: Any, address: str, chromium: Browser
) -> None:
    number = office.ticket()
    page = await enter(chromium, address, width=390, scripts=False)

    await page.click(f"text={number}")
    await page.click("text=认领这张工单")
    await page.fill("#note-text", "没有脚本也能记")
    await page.click("text=保存备注")
    await page.fill("#reply-text", "没有脚本也能答")
    await page.click("text=发送给当事人")
    await page.click("text=办结这张工单")
    await page.click("text=确认办结")
    await page.click("text=重开工单")

    kinds = [event.kind for event in office.history(number) if event.kind != "viewed"]
    assert kinds == ["opened", "claimed", "noted", "replied", "resolved", "reopened"]
