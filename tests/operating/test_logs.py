"""The log: lines of one update carry one number; nothing personal and no key gets in."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from bot.operating import logs

TOKEN = "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0"


@pytest.fixture(params=[logs.Text("%(correlation)s %(message)s"), logs.Json()])
def stream(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What a logger of both formats writes."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(request.param)
    handler.addFilter(logs._tie)
    logger = logging.getLogger("bot")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield out
    logger.removeHandler(handler)
    logger.setLevel(before)


@pytest.mark.parametrize(
    "secret",
    [
        "320601195001011234",
        "13800138000",
        "6222021234567890123",
        TOKEN,
        f"https://api.telegram.org/bot{TOKEN}/getMe",
        "postgresql+psycopg://youjun:geheim@db/youjun",
    ],
)
def test_personal_numbers_and_keys_are_taken_out_of_messages_and_traces(
    stream: io.StringIO, secret: str
) -> None:
    log = logging.getLogger("bot.test")
    log.warning("said %s", secret)
    try:
        raise ValueError(secret)
    except ValueError:
        log.exception("failed")
    written = stream.getvalue()
    for part in (secret, TOKEN, "geheim"):
        assert part not in written
    assert "ValueError" in written


async def test_everything_about_one_update_carries_one_number(stream: io.StringIO) -> None:
    log = logging.getLogger("bot.test")
    with logs.correlated() as number:
        await asyncio.to_thread(log.warning, "in a thread")
        log.warning("outside")
    log.warning("later")
    tied = [number in line for line in stream.getvalue().splitlines()]
    assert tied == [True, True, False]


def test_requests_are_logged_without_their_query(stream: io.StringIO) -> None:
    async def fails(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("", 503)

    web = Starlette(routes=[Route("/desk/", fails)])
    TestClient(logs.Correlate(web)).get("/desk/?phone=13800138000")
    written = stream.getvalue()
    assert "GET /desk/ 503" in written
    assert "phone" not in written


def test_json_lines_are_json() -> None:
    record = logging.LogRecord("bot", logging.INFO, "", 0, "一行\n两行 %s", ("好",), None)
    line = json.loads(logs.Json().format(record))
    assert line["message"] == "一行\n两行 好"
    assert line["level"] == "INFO"


def test_what_somebody_said_cannot_look_like_a_line_of_ours(stream: io.StringIO) -> None:
    logging.getLogger("bot.test").warning("said %s", "x\r\n2026-01-01 staff 1 signed in")
    [line] = stream.getvalue().splitlines()
    assert "signed in" in line
