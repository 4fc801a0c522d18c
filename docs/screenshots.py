"""Draws the pictures of the manuals from the running service: ``make screenshots``.

Starts the service in a folder of its own with the sample desks, lets a made-up person and two
made-up clerks use it in Chromium, and writes ``docs/images/*.png``.
"""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from PIL import Image
from playwright.async_api import Browser, Page, async_playwright, expect

from tests.server import Server, on_a_free_port

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
PASSWORD = "only-for-pictures-2026"  # noqa: S105 - of a service that lives for a minute
PHONE = {"width": 390, "height": 800}
DESK = {"width": 1280, "height": 860}
ANSWERS = ("我本人", "老伴住院三个月，存款快用完了", "今年九月", "海门区", "三星镇", "13900138000")


async def draw(server: Server, browser: Browser) -> None:
    """All pictures, in the order things happen."""
    person = await _page(browser, PHONE)
    await person.goto(server.url)
    await _shoot(person, "chat-start")
    await _say(person, "优待证丢了怎么补办", "依据")
    await _shoot(person, "chat")
    await _say(person, "海门三星镇附近的服务站", "三星镇")
    await _shoot(person, "chat-nearby")
    await _say(person, "菜单", "您想办什么")
    await _say(person, "家里揭不开锅了", "帮您登记")
    await _press(person, "帮我登记")
    for answer in ANSWERS:
        await _answer(person, answer)
    await _shoot(person, "chat-request")
    await _press(person, "没错，提交")
    await _hears(person, "已经提交")
    clerk = await _sign_in(browser, server, "li")
    await _shoot(clerk, "desk-queue")
    await clerk.get_by_role("link", name="T000001").first.click()
    await clerk.get_by_role("button", name="认领").first.click()
    await clerk.get_by_label("写给当事人的话").fill("您好，我是海门服务中心小李，明天上午去看您。")
    await _shoot(clerk, "desk-ticket")
    admin = await _sign_in(browser, server, "zhao")
    await admin.goto(f"{server.url}/desk/switches")
    await _shoot(admin, "desk-switches")


async def _page(browser: Browser, size: dict[str, int]) -> Page:
    context = await browser.new_context(viewport=size, locale="zh-CN")  # type: ignore[arg-type]
    return await context.new_page()


async def _sign_in(browser: Browser, server: Server, username: str) -> Page:
    page = await _page(browser, DESK)
    await page.goto(f"{server.url}/desk/")
    await page.get_by_label("登录名").fill(username)
    await page.get_by_label("密码").fill(PASSWORD)
    await page.get_by_role("button", name="登录").click()
    await page.wait_for_load_state()
    return page


async def _say(page: Page, text: str, answer: str) -> None:
    await page.get_by_label("想问什么").fill(text)
    await page.get_by_role("button", name="发送", exact=True).click()
    await _hears(page, answer)


async def _hears(page: Page, text: str) -> None:
    await expect(page.locator("article.bot").last).to_contain_text(text, timeout=20_000)


async def _press(page: Page, label: str) -> None:
    before = await page.locator("article").count()
    button = page.locator("article").last.get_by_role("button", name=label, exact=True)
    await button.click()
    await expect(page.locator("article")).not_to_have_count(before, timeout=20_000)


async def _answer(page: Page, text: str) -> None:
    """Press the button of that name if the question has one, else type; then wait for more."""
    button = page.locator("article").last.get_by_role("button", name=text, exact=True)
    if await button.count():
        await _press(page, text)
        return
    before = await page.locator("article.bot").count()
    await page.get_by_label("想问什么").fill(text)
    await page.get_by_role("button", name="发送", exact=True).click()
    await expect(page.locator("article.bot")).not_to_have_count(before, timeout=20_000)
    if text == ANSWERS[-1]:
        await _press(page, "同意")


async def _shoot(page: Page, name: str) -> None:
    await page.wait_for_timeout(400)
    picture = Image.open(io.BytesIO(await page.screenshot()))
    small = picture.convert("RGB").quantize(64, dither=Image.Dither.NONE)
    small.save(IMAGES / f"{name}.png", optimize=True)


def _prepare(server: Server) -> None:
    server.run("desk", "import", str(ROOT / "desks.example.yaml"))
    server.run("staff", "password", "li", "--password", PASSWORD)
    server.run(
        "staff", "add", "zhao", "--name", "赵同志", "--role", "admin", "--password", PASSWORD
    )


async def _in_browser(work: Callable[[Browser], Awaitable[None]]) -> None:
    path = os.environ.get("TEST_CHROMIUM") or shutil.which("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        await work(browser)
        await browser.close()


def main() -> None:
    """Everything, from an empty folder to the pictures."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        server = on_a_free_port(Path(folder))
        server.start()
        try:
            _prepare(server)
            asyncio.run(_in_browser(lambda browser: draw(server, browser)))
        finally:
            server.kill()


if __name__ == "__main__":
    main()
