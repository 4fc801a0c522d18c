"""The HTTP client below python-telegram-bot: proxies, uploads, time-outs, silence in the log."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator

import pytest
import telegram
from aiohttp import web
from telegram.error import BadRequest, NetworkError, TelegramError

from bot.channels.telegram_request import AiohttpRequest

MESSAGE = {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}}


class Server:
    """Answers everything, as itself or as somebody's proxy."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.form: dict[str, object] = {}
        self.answer: tuple[int, str] = (200, '{"ok":true,"result":true}')

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(f"{request.host}{request.path}")
        for name, value in (await request.post()).items():
            file = isinstance(value, web.FileField)
            self.form[name] = (value.filename, value.file.read()) if file else value
        status, text = self.answer
        return web.Response(status=status, text=text, headers={"Location": "http://127.0.0.1:9/"})


@pytest.fixture
async def server() -> Server:
    return Server()


@pytest.fixture
async def url(server: Server) -> AsyncIterator[str]:
    runner = web.ServerRunner(web.Server(server.handle))  # type: ignore[arg-type]
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("way", ["setting", "environment"])
async def test_a_proxy_is_used(
    way: str, server: Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if way == "environment":
        monkeypatch.setenv("http_proxy", url)
    async with AiohttpRequest(1, proxy=url if way == "setting" else None) as request:
        assert await request.post("http://api.example.org/bot1:a/getMe") is True
    assert server.asked == ["api.example.org/bot1:a/getMe"]


async def test_hosts_the_environment_excepts_are_asked_directly(
    server: Server, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    async with AiohttpRequest(1) as request:
        assert await request.post(f"{url}/bot1:a/getMe") is True


async def test_a_file_goes_up_whole(server: Server, url: str) -> None:
    server.answer = (200, json.dumps({"ok": True, "result": MESSAGE}))
    async with AiohttpRequest(2) as request:
        bot = telegram.Bot("1:a", f"{url}/bot", request=request)
        await bot.send_document(7, b"%PDF-1", filename="证明.pdf", caption="见附件")
    assert server.form["document"] == ("证明.pdf", b"%PDF-1")
    assert server.form["caption"] == "见附件"


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((200, '{"ok":true,"result":[{"text":"我的身份证'), TelegramError),
        ((502, "<html>Bad Gateway</html>"), NetworkError),
        ((302, ""), NetworkError),
        ((413, "too large"), NetworkError),
        ((400, '{"ok":false,"description":"Bad Request: chat not found"}'), BadRequest),
    ],
)
async def test_trouble_has_its_name_and_the_log_holds_nobodys_words(
    answer: tuple[int, str],
    problem: type[Exception],
    server: Server,
    url: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer = answer
    async with AiohttpRequest(1) as request:
        with pytest.raises(problem) as caught:
            await request.post(f"{url}/bot1:a/sendMessage")
    assert type(caught.value) is problem
    assert "身份证" not in caplog.text


async def test_before_it_is_opened_and_after_it_was_closed_it_says_so(url: str) -> None:
    request = AiohttpRequest(1)
    for _ in range(2):
        with pytest.raises(NetworkError, match="not initialized"):
            await request.post(f"{url}/bot1:a/getMe")
        await request.initialize()
        await request.shutdown()
