"""The places pages in a real browser: a file is chosen and sent, on a phone, without scripts."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, async_playwright
from sqlalchemy import Engine
from sqlmodel import Session, select
from starlette.responses import Response

from bot.console import access
from bot.db.tables import Staff
from tests import sheets

pytestmark = pytest.mark.xdist_group("chromium")


@pytest.fixture
def engine(sqlite: Engine) -> Engine:
    """One database is enough here."""
    return sqlite


@pytest.fixture
def address(desk: Any) -> Iterator[str]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(desk.app, log_level="warning", ws="none", lifespan="off")
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
        args = ["--no-sandbox", "--disable-gpu", "--no-first-run"]
        browser = await playwright.chromium.launch(executable_path=executable, args=args)
        yield browser
        await browser.close()


def cookie(desk: Any, address: str) -> Any:
    """李同志, signed in."""
    with Session(desk.engine, expire_on_commit=False) as session:
        staff = session.exec(select(Staff).where(Staff.username == "li")).one()
    response = Response()
    access.keep(desk.console, response, access.begin(staff, desk.clock()))
    value = SimpleCookie(response.headers["set-cookie"])[access.COOKIE].value
    return {"name": access.COOKIE, "value": value, "url": f"{address}/desk"}


@pytest.mark.parametrize(("width", "scripts"), [(1440, True), (390, True), (390, False)])
async def test_a_list_is_brought_confirmed_and_checked(
    desk: Any, address: str, chromium: Browser, tmp_path: Path, width: int, scripts: bool
) -> None:
    rows = [row for row in sheets.shops(300) if row["county"] == "海门区"][:8]
    rows[0]["verified_on"] = ""
    rows[1]["note"] = f"{'很长的话' * 100}"
    rows[2]["hours"] = "看情况" + "x" * 200
    path = sheets.write_xlsx(tmp_path / "海门.xlsx", rows)
    context = await chromium.new_context(
        viewport={"width": width, "height": 850}, java_script_enabled=scripts, locale="zh-CN"
    )
    await context.add_cookies([cookie(desk, address)])
    page = await context.new_page()
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text))

    async def fits() -> bool:
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        return not scripts or bool(await page.evaluate(wide))

    await page.goto(f"{address}/desk/places/")
    assert await fits()
    await page.set_input_files("#file", path)
    await page.click("text=上传并预览")
    await page.wait_for_selector("text=营业时间看不懂")
    assert await fits()
    await page.click("text=确认导入")
    await page.wait_for_selector("text=撤销这次导入")
    desk.live.refresh()

    await page.goto(f"{address}/desk/places/work?why=unverified")
    assert await fits()
    shop = page.locator("section.card", has_text=rows[0]["name"])
    await shop.get_by_role("button", name="已核实").click()
    await page.wait_for_selector("text=已记下：核实无误")
    await page.goto(f"{address}/desk/places/promises")
    assert await fits()
    assert problems == []
    await context.close()
