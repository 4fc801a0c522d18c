"""The chat page as people use it: keyboard, small phones, poor networks, weak eyes, no script."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import Engine

from knowledge.base import Knowledge
from tests.browser.chat import Chat, another_site, hears, say, serve

pytestmark = pytest.mark.xdist_group("browser")
AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SHOTS = os.environ.get("TEST_SCREENSHOTS")
QUESTION = "南通坐公交免费吗"


@pytest.fixture
def chat(sqlite: Engine, knowledge: Knowledge) -> Iterator[Chat]:
    with serve(sqlite, knowledge) as chat:
        yield chat


async def open_page(
    browser: Browser, url: str, *, width: int = 390, script: str = "", **options: Any
) -> Page:
    context = await browser.new_context(viewport={"width": width, "height": 740}, **options)
    await context.add_init_script(script)
    page = await context.new_page()
    await page.goto(url)
    return page


async def shoot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


async def faults(page: Page) -> list[str]:
    """What axe-core objects to, run as WCAG 2.2 AA and best practice."""
    await page.evaluate(AXE)
    found = await page.evaluate("rules => axe.run({runOnly: rules})", RULES)
    return [
        f"{one['id']}: {node['html']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


async def too_small(page: Page, side: int) -> list[str]:
    """Visible controls that a thumb would miss."""
    found: list[str] = await page.evaluate(
        """side => [...document.querySelectorAll("a, button, summary, textarea, input")]
        .map(node => [node, node.getBoundingClientRect()])
        .filter(([node, box]) => box.width > 1 && box.right > 0 && (box.height < side || box.width < side))
        .map(([node, box]) => `${node.outerHTML} ${box.width} x ${box.height}`)""",
        side,
    )
    return found


async def wide(page: Page) -> int:
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))


async def test_the_keyboard_alone_is_enough(chat: Chat, browser: Browser) -> None:
    page = await open_page(browser, chat.url)
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="跳到打字框")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="发送", exact=True)).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await page.keyboard.type(QUESTION)
    await page.keyboard.press("Enter")
    await hears(page, "2023年7月1日起")
    for _ in range(40):
        await page.keyboard.press("Shift+Tab")
        if await page.evaluate("document.activeElement.textContent") == "有用":
            break
    await page.keyboard.press("Enter")
    await hears(page, "记下了")


async def test_an_answer_shows_its_parts_and_folds_its_sources(
    chat: Chat, browser: Browser
) -> None:
    page = await open_page(browser, chat.url)
    await say(page, QUESTION)
    await hears(page, "2023年7月1日起")
    answer = page.locator("article.bot").last
    await expect(answer.locator("ol li")).to_have_count(1)
    await expect(answer).to_contain_text("适用：南通市 · 核对于")
    source = answer.get_by_text("南通日报")
    await expect(source).to_be_hidden()
    await answer.get_by_text("依据（").click()
    await expect(source).to_be_visible()


@pytest.mark.parametrize(
    ("width", "size", "theme"),
    [
        (320, "normal", "light"),
        (390, "normal", "light"),
        (1440, "normal", "light"),
        (320, "large", "light"),
        (390, "large", "dark"),
        (390, "normal", "dark"),
        (390, "normal", "contrast"),
        (320, "large", "contrast"),
    ],
)
async def test_every_look_is_readable_and_easy_to_hit(
    chat: Chat, browser: Browser, width: int, size: str, theme: str
) -> None:
    page = await open_page(browser, f"{chat.url}/?size={size}&theme={theme}", width=width)
    name = f"{width}-{size}-{theme}"
    await shoot(page, f"{name}-start")
    await say(page, QUESTION)
    await hears(page, "2023年7月1日起")
    await expect(page.get_by_text("已送达")).to_be_visible()
    await shoot(page, f"{name}-answer")
    for summary in await page.locator("summary").all():
        await summary.click()
    assert await wide(page) <= 0
    assert await too_small(page, 60 if size == "large" else 44) == []
    letters = await page.locator("article.bot .said").last.evaluate(
        "e => getComputedStyle(e).fontSize"
    )
    assert letters == ("30px" if size == "large" else "18px")
    assert await faults(page) == []
    await page.locator("#more .locate").click()
    await shoot(page, f"{name}-consent")
    assert await wide(page) <= 0
    assert await too_small(page, 60 if size == "large" else 44) == []
    assert await faults(page) == []
    for number in ("110", "120", "12356"):
        await expect(page.get_by_role("link", name=number)).to_be_in_viewport()


async def test_the_look_is_chosen_by_a_tap_and_stays(chat: Chat, browser: Browser) -> None:
    page = await open_page(browser, chat.url)
    await page.get_by_role("button", name="大字").click()
    assert await page.evaluate("getComputedStyle(document.body).fontSize") == "30px"
    await page.get_by_text("颜色").click()
    async with page.expect_response("**/?size=large&theme=contrast"):
        await page.get_by_role("button", name="高对比").click()
    await page.reload()
    await expect(page.locator("html")).to_have_class(re.compile("large contrast"))
    await page.get_by_role("button", name="标准字").click()
    assert await page.evaluate("getComputedStyle(document.body).fontSize") == "18px"


async def test_two_tabs_agree(chat: Chat, browser: Browser) -> None:
    first = await open_page(browser, chat.url)
    second = await first.context.new_page()
    await second.goto(chat.url)
    await say(first, QUESTION)
    await hears(second, "2023年7月1日起")
    await say(second, "优待证丢了怎么补办")
    await hears(first, "挂失")
    said = "Array.from(document.querySelectorAll('article'), e => e.dataset.id)"
    assert await first.evaluate(said) == await second.evaluate(said)


async def test_words_written_offline_survive_a_reload_and_arrive_once(
    chat: Chat, browser: Browser
) -> None:
    page = await open_page(browser, chat.url)
    await say(page, "你好")
    await expect(page.get_by_text("已送达")).to_have_count(1)
    await page.route("**/chat/messages*", lambda route: route.abort())
    await say(page, QUESTION)
    await expect(page.get_by_role("status")).to_contain_text("还没发出去")
    await expect(page.locator(".pending")).to_contain_text("会自动重发")
    await page.reload()
    await expect(page.locator(".pending")).to_contain_text(QUESTION)
    await page.unroute("**/chat/messages*")
    await hears(page, "2023年7月1日起")
    await expect(page.locator(".pending")).to_have_count(0)
    assert [update.text for update in chat.taken] == ["你好", QUESTION]


async def test_an_answer_lost_on_the_way_does_not_double_the_question(
    chat: Chat, browser: Browser
) -> None:
    page = await open_page(browser, chat.url)
    lost: list[int] = []

    async def lose_the_first(route: Any) -> None:
        if route.request.method != "POST" or lost:
            return await route.continue_()
        lost.append((await route.fetch()).status)
        await route.abort()

    await page.route("**/chat/messages*", lose_the_first)
    await say(page, QUESTION)
    await hears(page, "2023年7月1日起")
    await expect(page.get_by_role("status")).to_be_empty()
    assert lost == [200]
    assert len({update.id for update in chat.taken}) == 1
    assert len(chat.taken) == 2
    await expect(page.locator("article.person")).to_have_count(1)
    await expect(page.locator("article.bot")).to_have_count(2)


async def test_the_page_says_when_words_are_under_way(chat: Chat, browser: Browser) -> None:
    page = await open_page(browser, chat.url)
    arrive = asyncio.Event()

    async def hold(route: Any) -> None:
        await arrive.wait()
        await route.continue_()

    await page.route("**/chat/messages", hold)
    await say(page, QUESTION)
    await expect(page.locator(".pending .mark")).to_have_text("正在发送…")
    await expect(page.get_by_text("正在找答案…")).to_be_visible()
    arrive.set()
    await hears(page, "2023年7月1日起")
    await expect(page.locator("article.person .mark")).to_contain_text("已送达")
    await expect(page.get_by_text("正在找答案…")).to_be_hidden()


async def test_without_scripts_everything_has_a_plain_way(chat: Chat, browser: Browser) -> None:
    page = await open_page(browser, chat.url, java_script_enabled=False)
    await say(page, QUESTION)
    await hears(page, "2023年7月1日起")
    await expect(page.get_by_role("button", name="朗读")).to_have_count(0)
    await page.get_by_role("button", name="大字").click()
    await expect(page.locator("html")).to_have_class(re.compile("large"))
    await say(page, "长" * 3999 + "\n长")
    await page.locator("#files summary").click()
    await page.locator("#chosen").set_input_files(
        {"name": "a.txt", "mimeType": "text/plain", "buffer": b"words"}
    )
    await page.get_by_role("button", name="发送照片").click()
    await expect(page.locator("main")).to_contain_text("只能发照片")
    await page.get_by_role("link", name="回到对话").click()
    await expect(page.locator("#log")).to_be_visible()


async def test_a_refused_plain_message_is_given_back(chat: Chat, browser: Browser) -> None:
    page = await open_page(browser, chat.url, java_script_enabled=False)
    words = "第一次<b>写</b>的话"
    await page.get_by_label("想问什么").fill(words)
    await page.locator("#say [name=token]").evaluate("e => e.value = 'wrong'")
    await page.get_by_role("button", name="发送", exact=True).click()
    await expect(page.locator("main")).to_contain_text("页面已过期")
    await expect(page.get_by_label("您写的话还在这里")).to_have_value(words)
    await page.get_by_role("button", name="再发一次").click()
    await expect(page.locator("article.person").last).to_contain_text(words)


async def test_an_answer_prints_alone_with_its_sources(chat: Chat, browser: Browser) -> None:
    page = await open_page(browser, chat.url)
    await say(page, QUESTION)
    await hears(page, "2023年7月1日起")
    async with page.context.expect_page() as opened:
        await page.get_by_role("link", name="打印这条").last.click()
    paper = await opened.value
    await paper.emulate_media(media="print")
    await expect(paper.get_by_text("南通日报")).to_be_visible()
    await expect(paper.get_by_role("button")).to_have_count(0)
    await expect(paper.get_by_role("link")).to_have_count(0)
    assert await faults(paper) == []
    if SHOTS:
        await paper.screenshot(path=Path(SHOTS) / "print.png", full_page=True)
        await paper.emulate_media(media="screen")
        await shoot(paper, "print-screen")
        await page.emulate_media(media="print")
        await page.screenshot(path=Path(SHOTS) / "print-chat.png", full_page=True)


async def test_a_location_is_sent_only_after_consent(chat: Chat, browser: Browser) -> None:
    page = await open_page(
        browser, chat.url,
        geolocation={"latitude": 31.95, "longitude": 120.89}, permissions=["geolocation"],
    )  # fmt: skip
    await page.get_by_role("button", name="发送位置", exact=True).click()
    await expect(page.get_by_role("button", name="同意，发送位置")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#consent")).to_be_hidden()
    assert chat.taken == []
    await page.get_by_role("button", name="发送位置", exact=True).click()
    await page.get_by_role("button", name="同意，发送位置").click()
    await hears(page, "您想找什么")
    assert chat.taken[0].point is not None


async def test_a_photo_reaches_the_store_and_the_words_come_back(
    chat: Chat, browser: Browser
) -> None:
    page = await open_page(browser, chat.url)
    await page.locator("#files summary").click()
    chosen = page.locator("#chosen")
    await chosen.set_input_files(
        {"name": "a.exe", "mimeType": "application/pdf", "buffer": b"MZ" * 99}
    )
    await page.get_by_role("button", name="发送照片").click()
    await expect(page.get_by_role("status")).to_contain_text("只能发照片")
    # The opened form takes room: what then lies half below it is not a small target.
    await page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert await faults(page) == []
    photo = b"\xff\xd8\xff" + b"0" * 2_000_000
    await chosen.set_input_files({"name": "证.jpg", "mimeType": "image/jpeg", "buffer": photo})
    await page.get_by_role("button", name="发送照片").click()
    await hears(page, "照片已收到")
    (kept,) = chat.kept.files
    assert (kept.name, kept.data) == ("证.jpg", photo)


async def test_pictures_links_and_staff_are_shown_and_nothing_runs(
    chat: Chat, browser: Browser
) -> None:
    page = await open_page(browser, chat.url)
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    await say(page, "你好")
    await hears(page, "您好")
    chat.tell(
        "<img src=x onerror=alert(1)>\n明天来。",
        author='李同志"><script>alert(2)</script>',
        pictures=[["/chat/map/a.svg", "地图：您和三个地方"], ["https://e.example/x.svg", "外面"]],
        links=[["javascript:alert(3)", "坏"], ["https://uri.amap.com/", "看地图"]],
    )
    await hears(page, "<img src=x onerror=alert(1)>")
    staff = page.locator("article.staff")
    await expect(staff.get_by_role("img")).to_have_count(1)
    assert await staff.get_by_role("img", name="地图：您和三个地方").evaluate("e => e.naturalWidth")
    await expect(staff.locator("a[href]")).to_have_count(1)
    await expect(page.locator("article script")).to_have_count(0)
    assert problems == []
    assert await faults(page) == []
    await shoot(page, "staff-and-map")


async def test_who_comes_back_to_the_page_does_not_wait_for_what_is_new(
    chat: Chat, browser: Browser
) -> None:
    script = (
        "window.away = true;Object.defineProperty(document, 'hidden', { get: () => window.away });"
    )
    page = await open_page(browser, chat.url, script=script)
    await say(page, "你好")
    await hears(page, "您好")
    await page.evaluate(
        "window.away = false; document.dispatchEvent(new Event('visibilitychange'))"
    )
    await page.wait_for_timeout(1500)
    chat.tell("明天来。")
    await expect(page.get_by_text("明天来。")).to_be_visible(timeout=8_000)


async def test_reading_aloud_is_offered_where_the_browser_speaks(
    chat: Chat, browser: Browser
) -> None:
    script = "window.spoken = []; speechSynthesis.speak = (one) => window.spoken.push(one.text);"
    page = await open_page(browser, chat.url, script=script)
    await say(page, QUESTION)
    await hears(page, "2023年7月1日起")
    await page.get_by_role("button", name="朗读").last.click()
    spoken = await page.evaluate("window.spoken")
    assert "2023年7月1日起" in spoken[0]
    assert "南通日报" not in spoken[0]
    await page.get_by_role("button", name="停止").click()
    await expect(page.get_by_role("button", name="停止")).to_have_count(0)


async def test_what_is_spoken_can_be_read_before_it_is_sent(chat: Chat, browser: Browser) -> None:
    script = """window.SpeechRecognition = window.webkitSpeechRecognition = function () {
          this.start = () => { this.onresult({results: [[{transcript: "优待证丢了"}]]}); this.onend(); };
        };"""
    page = await open_page(browser, chat.url, script=script)
    await page.get_by_role("button", name="说话").click()
    await expect(page.get_by_label("想问什么")).to_have_value("优待证丢了")
    assert chat.taken == []


async def test_a_browser_that_can_neither_speak_nor_store_still_chats(
    chat: Chat, browser: Browser
) -> None:
    script = """delete window.webkitSpeechRecognition; delete window.SpeechRecognition;
        Object.defineProperty(window, "speechSynthesis", {value: undefined});
        for (const kind of ["localStorage", "sessionStorage"])
          Object.defineProperty(window, kind, {get() { throw new DOMException("no"); }});"""
    page = await open_page(browser, chat.url, script=script)
    await say(page, QUESTION)
    await hears(page, "2023年7月1日起")
    await expect(page.get_by_role("button", name="朗读")).to_have_count(0)
    await expect(page.get_by_role("button", name="说话")).to_have_count(0)


async def test_another_site_embeds_the_chat_by_one_tag(
    sqlite: Engine, knowledge: Knowledge, browser: Browser
) -> None:
    tag = '<!doctype html><p>别的网站</p><script src="CHAT/chat/static/embed.js" defer></script>'
    chats: list[Chat] = []
    with (
        another_site_of(chats, tag) as site,
        serve(sqlite, knowledge, secure_cookies=True, embed_origins=[site]) as chat,
    ):
        chats.append(chat)
        page = await open_page(browser, site)
        await page.get_by_role("button", name="通通优军 问政策").click()
        frame = page.frame_locator("iframe")
        await say(frame, QUESTION)
        await expect(frame.locator("article.bot").last).to_contain_text("2023年7月1日起")
        await shoot(page, "embedded")
        await page.reload()
        await page.get_by_role("button", name="通通优军 问政策").click()
        await expect(frame.locator("article.bot").last).to_contain_text("2023年7月1日起")
        demo = await open_page(browser, f"{chat.url}/chat/demo", width=1440)
        await demo.get_by_role("button", name="通通优军 问政策").click()
        await expect(demo.frame_locator("iframe").locator("#log")).to_be_visible()
        await shoot(demo, "demo")


async def test_a_site_that_is_not_named_cannot_frame_us(
    sqlite: Engine, knowledge: Knowledge, browser: Browser
) -> None:
    chats: list[Chat] = []
    html = '<iframe src="CHAT/chat/embed"></iframe><iframe src="CHAT/"></iframe>'
    with (
        another_site_of(chats, html) as site,
        serve(sqlite, knowledge, embed_origins=["https://bureau.example"]) as chat,
    ):
        chats.append(chat)
        page = await open_page(browser, site)
        for frame in page.frames[1:]:
            assert await frame.locator("#log").count() == 0
        assert len(page.frames) == 3


def another_site_of(chats: list[Chat], html: str) -> Any:
    return another_site(lambda: html.replace("CHAT", chats[0].url))
