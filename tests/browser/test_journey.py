"""A person asks and files a request; a clerk signs in and replies; the person sees the reply."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import Server

pytestmark = pytest.mark.xdist_group("browser")
PASSWORD = "wind-over-haohe-31"


async def say(page: Page, text: str) -> None:
    await page.get_by_label("想问什么").fill(text)
    await page.get_by_role("button", name="发送", exact=True).click()


async def press(page: Page, label: str) -> None:
    await page.locator("article").last.get_by_role("button", name=label, exact=True).click()


async def hears(page: Page, text: str) -> None:
    await expect(page.locator("article.bot, article.staff").last).to_contain_text(
        text, timeout=10_000
    )


async def test_a_request_reaches_the_clerk_and_the_reply_the_person(
    server: Server, browser: Browser
) -> None:
    server.run(
        "staff", "add", "li", "--name", "李同志", "--county", "海门区", "--password", PASSWORD
    )
    person = await (await browser.new_context(viewport={"width": 390, "height": 800})).new_page()
    desk = await (await browser.new_context(viewport={"width": 1440, "height": 900})).new_page()

    await person.goto(server.url)
    await say(person, "优待证丢了怎么补办")
    await hears(person, "先向制卡银行挂失")
    await hears(person, "依据（")

    await say(person, "家里揭不开锅了")
    await press(person, "帮我登记")
    await hears(person, "是您本人的事")
    await press(person, "我本人")
    await hears(person, "遇到了什么困难")
    await say(person, "老伴住院<script>alert(1)</script>，钱花光了")
    await hears(person, "什么时候开始")
    server.kill()
    await say(person, "上个月")
    await expect(person.get_by_role("status")).to_contain_text("还没发出去", timeout=10_000)
    server.start()
    await hears(person, "哪个县市区")
    await press(person, "海门区")
    await hears(person, "哪个镇")
    await press(person, "三星镇")
    await hears(person, "电话")
    await say(person, "13900138000")
    await hears(person, "同意提交吗")
    await press(person, "同意")
    await hears(person, "请看一遍")
    await press(person, "没错，提交")
    await hears(person, "已经提交，编号 T000001")

    await desk.goto(f"{server.url}/desk/")
    await desk.get_by_label("登录名").fill("li")
    await desk.get_by_label("密码").fill(PASSWORD)
    await desk.get_by_role("button", name="登录").click()
    await expect(desk.locator("body")).to_contain_text("T000001")
    await expect(desk.locator("body")).not_to_contain_text("13900138000")
    await desk.get_by_role("link", name="T000001").first.click()
    await expect(desk.locator("body")).to_contain_text("13900138000")
    await expect(desk.locator("body")).to_contain_text("老伴住院<script>alert(1)</script>")
    await desk.get_by_role("button", name="认领").first.click()
    await desk.get_by_label("写给当事人的话").fill("您好，我是海门服务中心小李，明天上午去看您。")
    await desk.get_by_role("button", name="发送给当事人").click()

    await expect(person.locator("article.staff").last).to_contain_text(
        "明天上午去看您", timeout=10_000
    )
    await expect(person.locator("article.staff .author").last).to_contain_text("李同志")
    await say(person, "好的谢谢小李")
    await hears(person, "已转给办理 T000001")
    await desk.reload()
    await expect(desk.locator("body")).to_contain_text("好的谢谢小李")


async def test_the_page_comes_back_after_a_reload_and_works_without_scripts(
    server: Server, browser: Browser
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(server.url)
    await say(page, "残疾军人坐火车半价吗")
    await expect(page.locator("article.bot").last).to_contain_text("减收50%")
    await page.goto(server.url)
    await expect(page.locator("article.bot").last).to_contain_text("减收50%")
    await press(page, "有用")
    await expect(page.locator("article.bot").last).to_contain_text("记下了")


async def test_a_location_from_the_browser_finds_places(server: Server, browser: Browser) -> None:
    context = await browser.new_context(
        geolocation={"latitude": 31.95, "longitude": 120.89}, permissions=["geolocation"]
    )
    page = await context.new_page()
    await page.goto(server.url)
    await page.get_by_role("button", name="发送位置", exact=True).click()
    await page.get_by_role("button", name="同意，发送位置").click()
    await hears(page, "您想找什么")
    await press(page, "景区")
    await hears(page, "狼山风景名胜区")
    await press(page, "看第 1 个")
    await hears(page, "狼山风景名胜区")
    to_the_map = "https://uri.amap.com/search?keyword=%E7%8B%BC%E5%B1%B1"
    await expect(page.locator(f'article.bot a[href^="{to_the_map}"]').first).to_be_visible()


async def test_nothing_breaks_at_double_zoom_on_a_small_phone(
    server: Server, browser: Browser
) -> None:
    page = await (await browser.new_context(viewport={"width": 195, "height": 400})).new_page()
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    await page.goto(server.url)
    await say(page, "南通坐公交免费吗")
    await hears(page, "2023年7月1日起")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 200
    assert problems == []
