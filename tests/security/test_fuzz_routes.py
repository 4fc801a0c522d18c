"""Odd requests to every address, made from the route tables: no error page, no wait, no growth.

``FUZZ=20 pytest tests/security -k fuzz`` (or ``make fuzz``) tries twenty times as much.
"""

from __future__ import annotations

import gc
import hashlib
import hmac
import json
import os
import random
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response

from bot.channels.webchat_people import People
from tests.security.house import TOKEN, House, staff_of, table

pytestmark = [  # Starlette leaves the file of a part that never ends to the garbage collector
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:Unclosed file:ResourceWarning"),
]
TIMES = int(os.environ.get("FUZZ", "1"))
ROUNDS = 2 * TIMES
"""Requests to one address by one visitor."""
SLOWEST, LONGEST_WAIT = 2.0, 15.0
"""Seconds of work, and of waiting too: machines that test are busy with other things."""
NEVER_ENDS = {"/desk/events"}
ODD = [
    "",
    " ",
    "0",
    "-1",
    "9" * 18,
    "9" * 5000,
    "1e309",
    "NaN",
    "²",
    "٣",
    "a" * 10_000,
    "长" * 4_001,
    "\0",
    "\x1b[31m",
    "\r\nSet-Cookie: a=b",
    "\u202e\u2066倒着\u2069",
    "\u200b\ufeff\u00ad",
    "👨‍👩‍👧‍👦🏳️‍🌈",
    "e\u0301" * 300,
    "'; DROP TABLE ticket; --",
    "{{7*7}}${7*7}%s%n",
    "<script>alert(1)</script>",
    "../../../../etc/passwd",
    "..%2f..%2fetc/passwd",
    "%00",
    "%ff%fe",
    "T000001",
    "海门三星镇附近的商户",
    "/menu",
    "优待证" * 500,
    "？。！，" * 200,
]
FIELDS = ["text", "token", "version", "id", "q", "page", "month", "county", "view", "name", "to"]
FIELDS += [
    "after",
    "find",
    "code",
    "username",
    "password",
    "next",
    "desk",
    "staff",
    "until",
    "seen",
]
FIELDS += ["title", "state", "reason", "found", "ticket", "point", "label", "offer", "new", "again"]


def visitor(house: House, who: str) -> tuple[str, str]:
    """Cookie and form token of nobody, of somebody new in the web chat, of staff."""
    if who == "nobody":
        return "", ""
    if who != "person":
        return house.session(staff_of(house, *who.split()))
    people, response = People("web", house.console.secret, secure=False), Response()
    contact = people.new()
    scope = {"type": "http", "headers": [], "path": "/", "query_string": b""}
    people.remember(response, Request(scope), contact)
    return response.headers["set-cookie"].partition(";")[0], people.token(contact)


def path_of(dice: random.Random, path: str, number: str) -> str:
    """The address with odd things, or good ones, for its parameters."""
    parts = []
    for part in path.split("/"):
        if "{" not in part:
            parts.append(part)
        elif dice.random() < 0.5:
            parts.append(number if "number}" in part else "1")
        else:
            parts.append(quote(dice.choice(ODD)[:2000], safe=dice.choice(["", "%"])))
    return "/".join(parts) or "/"


def body_of(dice: random.Random, token: str) -> tuple[bytes, str]:
    """What a browser, a script or a villain might post, and what they call it."""
    fields = {dice.choice(FIELDS): dice.choice(ODD) for _ in range(dice.randrange(6))}
    if dice.random() < 0.8:
        fields["token"] = token
    match dice.randrange(7):
        case 0 | 1 | 2:
            return urlencode(fields).encode(), "application/x-www-form-urlencoded"
        case 3:
            deep = "[" * 20_000 if dice.random() < 0.3 else json.dumps(fields)
            return deep.encode(), "application/json"
        case 4:
            point: dict[str, Any] = {"latitude": dice.choice([float("nan"), 1e308, "x", 32, None])}
            value: dict[str, Any] = {"token": token, "point": point | {"longitude": 121}}
            value |= {"text": dice.choice([None, 1, [], {}, "\ud800", "你好"])}
            return json.dumps(value).encode(), "application/json"
        case 5:
            edge = b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
            named = b'; filename="../../%s"' % dice.choice([b"a.xlsx", b"a.pdf", b"\x00"])
            data = dice.choice([b"%PDF-1.4", b"PK\x03\x04", b"\xff\xd8\xff", b"", b"a,b\n=1+1,2"])
            parts = edge % (b"token", b"", token.encode()) + edge % (b"file", named, data)
            return parts + dice.choice([b"--x--\r\n", b""]), "multipart/form-data; boundary=x"
        case _:
            size = dice.choice([0, 1, 300, 200_000])
            return dice.randbytes(size), dice.choice(["", "text/xml", "\x80", "a" * 1000])


def headers_of(dice: random.Random, cookie: str) -> dict[str, str | bytes]:
    """Now and then odd cookies, languages, lengths and addresses."""
    found: dict[str, str | bytes] = {"cookie": cookie} if cookie else {}
    if dice.random() < 0.3:
        found["cookie"] = dice.choice(
            [b"a" * 9000, b"youjun_desk=\xff\xfe", b"=;;=", b"youjun_desk=."]
        )
    name = dice.choice(
        ["accept", "x-forwarded-for", "range", "if-none-match", "hx-request", "origin"]
    )
    if dice.random() < 0.5:
        found[name] = dice.choice([b"*/*;q=x", b"\xff", b"bytes=9-1,-0", b"application/json", b""])
    if dice.random() < 0.2:
        found["x-telegram-bot-api-secret-token"] = dice.choice([b"\xff", b"wrong"])
    return found


@pytest.mark.parametrize("who", ["nobody", "person", "clerk own", "admin city"])
async def test_odd_requests_are_answered_in_time_and_never_with_an_error(
    house: House, who: str
) -> None:
    dice = random.Random(f"{who} {TIMES}")  # noqa: S311 - a test that can be repeated
    number = house.ticket()
    routes = [one for one in table(list(house.web.routes)) if one[1] not in NEVER_ENDS]
    async with house.browser() as http:
        for _ in range(ROUNDS):
            for method, path in dice.sample(routes, len(routes)):
                cookie, token = visitor(house, who)
                await once(http, dice, method, path_of(dice, path, number), cookie, token)


async def once(
    http: httpx.AsyncClient, dice: random.Random, method: str, path: str, cookie: str, token: str
) -> None:
    content, kind = body_of(dice, token) if method == "POST" else (b"", "")
    method = dice.choice([method] * 9 + ["HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "ODD"])
    query = {dice.choice(FIELDS): dice.choice(ODD)[:3000] for _ in range(dice.randrange(3))}
    headers = headers_of(dice, cookie)
    if kind:
        headers["content-type"] = kind.encode("latin-1")
    url = f"{path}?{urlencode(query)}"
    started, worked = time.monotonic(), time.process_time()
    try:
        response = await http.request(method, url, content=content, headers=headers)
    except httpx.InvalidURL:
        return
    spent, worked = time.monotonic() - started, time.process_time() - worked
    said = f"{method} {url[:200]} {headers} {content[:300]!r} → {response.status_code}"
    assert response.status_code < 500 or response.status_code in {501, 503}, said
    assert worked < SLOWEST, f"{worked:.1f} s of work: {said}"
    assert spent < LONGEST_WAIT, f"{spent:.1f} s: {said}"
    assert len(response.content) < 3_000_000, said


async def test_odd_updates_with_the_right_word_are_dealt_with(house: House) -> None:
    dice = random.Random(TIMES)  # noqa: S311
    secret = hmac.digest(house.app.secret.encode(), TOKEN.encode(), "sha256").hex()
    headers = {"x-telegram-bot-api-secret-token": secret}
    assert house.app.telegram is not None
    house.app.telegram._intake.receive = house.app.receive
    async with house.browser() as http:
        for number in range(40 * TIMES):
            raw = spoiled(dice, update(number, dice.choice(ODD)))
            content = json.dumps(raw).encode()
            response = await http.post("/telegram", content=content, headers=headers)
            # 503: comes again, and is set aside after a few tries
            assert response.status_code in (200, 400, 503), content[:500]


async def test_odd_xml_with_the_right_signature_is_dealt_with(house: House) -> None:
    dice = random.Random(TIMES)  # noqa: S311
    at = str(int(time.time()))
    signature = hashlib.sha1("".join(sorted(["wechat-word", at, "n"])).encode()).hexdigest()  # noqa: S324
    query = urlencode({"signature": signature, "timestamp": at, "nonce": "n"})
    async with house.browser() as http:
        for number in range(40 * TIMES):
            content = xml(dice, number)
            response = await http.post(f"/wechat?{query}", content=content)
            assert response.status_code in (200, 400, 403, 413), content[:500]


def update(number: int, text: str) -> dict[str, Any]:
    """A private message on Telegram with something of everything."""
    person = {"id": 5 + number % 9, "is_bot": False, "first_name": text[:64] or "王"}
    message = {"message_id": number, "date": 1, "chat": person | {"type": "private"}}
    message |= {
        "from": person,
        "text": text,
        "entities": [{"type": "bold", "offset": 0, "length": 9}],
    }
    message["location"] = {"latitude": 32.0, "longitude": 121.0}
    return {"update_id": number, dice_kind(number): message}


def dice_kind(number: int) -> str:
    return ("message", "message", "edited_message", "channel_post")[number % 4]


def spoiled(dice: random.Random, value: Any) -> Any:
    """The same with a few things missing or of another kind."""
    if dice.random() < 0.06:
        return dice.choice([None, [], {}, "x", -1, 2**70, 1.5, True, dice.choice(ODD)])
    if isinstance(value, dict):
        return {key: spoiled(dice, one) for key, one in value.items() if dice.random() > 0.03}
    return value


def xml(dice: random.Random, number: int) -> bytes:
    """A WeChat message, good, odd or hostile."""
    kind = dice.choice(["text", "event", "location", "image", "voice", "", "\u202e"])
    text = dice.choice(ODD).replace("]]>", "").replace("\0", "").replace("\x1b", "")
    fields = {
        "FromUserName": f"o{number % 9}",
        "MsgType": kind,
        "MsgId": str(number),
        "Content": text,
    }
    fields |= {"Event": dice.choice(["subscribe", "CLICK", ""]), "EventKey": text[:200]}
    fields |= {"Location_X": dice.choice(["32", "NaN", "x", "1e400"]), "Location_Y": "121"}
    kept = {key: value for key, value in fields.items() if dice.random() > 0.1}
    inside = "".join(f"<{key}><![CDATA[{value}]]></{key}>" for key, value in kept.items())
    body = f"<xml>{inside}</xml>".encode()
    match dice.randrange(6):
        case 0:
            entity = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
            return entity + body
        case 1:
            return body[: dice.randrange(len(body))]
        case 2:
            return b"<a>" * 30_000
    return body


async def test_memory_does_not_grow_with_odd_requests(house: House) -> None:
    async def rounds(count: int) -> None:
        dice = random.Random(1)  # noqa: S311
        async with house.browser() as http:
            for _ in range(count):
                for method, path in routes:
                    await once(http, dice, method, path_of(dice, path, number), "", "")

    routes = [one for one in table(list(house.web.routes)) if one[1] not in NEVER_ENDS]
    number = house.ticket()
    await rounds(2)
    before = resident()
    await rounds(2 * TIMES)
    assert resident() - before < 24 * 2**20


def resident() -> int:
    """Bytes of memory this process holds."""
    gc.collect()
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")
