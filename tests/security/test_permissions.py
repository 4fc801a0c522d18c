"""Every address of the service and who may use it. An address that is not in this table fails."""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import Session

from bot.db.desk import Canned
from bot.db.tables import now
from bot.desk.roles import ROLES
from tests.security.house import AUTHOR, PLACES, House, address, staff_of, table

ANYBODY, COOKIE, WORD = "anybody", "a cookie of theirs", "a secret word or signature"
ALL = "clerk leader editor reviewer auditor admin"
SEE, WORK, LEAD = "clerk leader auditor admin", "clerk leader admin", "leader admin"
WRITE, REVIEW = "clerk leader editor reviewer admin", "leader reviewer admin"
REPORT, PLACE = "leader reviewer auditor admin", "clerk leader editor admin"
DIGEST = "clerk leader editor reviewer auditor admin"
HERE, CITY = "@county", "@city"
"""Within the ticket's county or the whole city; with the whole city only."""

MAY: dict[str, str] = {
    "GET /healthz": ANYBODY,
    "GET /readyz": ANYBODY,
    "GET /metrics": WORD,
    "GET /": ANYBODY,
    "GET /chat/demo": ANYBODY,
    "GET /chat/embed": ANYBODY,
    "GET /chat/messages": COOKIE,
    "POST /chat/messages": COOKIE,
    "POST /chat/files": COOKIE,
    "GET /chat/print/{id}": COOKIE,
    "GET /chat/mine": COOKIE,
    "GET /chat/mine.json": COOKIE,
    "GET /chat/static/{static}": ANYBODY,
    "GET /chat/map/{name}.svg": ANYBODY,
    "GET /place/{id}": ANYBODY,
    "GET /wechat": WORD,
    "POST /wechat": WORD,
    "POST /telegram": WORD,
    "GET /desk/static/{static}": ANYBODY,
    "GET /desk/sign-in": ANYBODY,
    "POST /desk/sign-in": WORD,
    "GET /desk/sign-in/code": ANYBODY,
    "POST /desk/sign-in/code": WORD,
    "POST /desk/sign-out": ALL,
    "GET /desk/": ALL,
    "GET /desk/queue": ALL,
    "GET /desk/events": ALL,
    "GET /desk/{path:path}": ANYBODY,
    "GET /desk/gaps": WRITE,
    "GET /desk/gaps/{id:row}": WRITE,
    "POST /desk/gaps/{id:row}/state": WRITE,
    "GET /desk/gaps/{id:row}/draft": WRITE,
    "GET /desk/tickets/{number}/draft": WORK + HERE,
    "GET /desk/tickets/{number}": SEE + HERE,
    "GET /desk/tickets/{number}/conversation": SEE + HERE,
    "POST /desk/tickets/{number}/presence": SEE + HERE,
    "GET /desk/tickets/{number}/articles": SEE + HERE,
    "GET /desk/tickets/{number}/files/{key}": SEE + HERE,
    "GET /desk/tickets/{number}/{_done}": SEE + HERE,
    "POST /desk/tickets/{number}/claim": WORK + HERE,
    "POST /desk/tickets/{number}/reply": WORK + HERE,
    "POST /desk/tickets/{number}/note": WORK + HERE,
    "POST /desk/tickets/{number}/ask": WORK + HERE,
    "POST /desk/tickets/{number}/begin": WORK + HERE,
    "POST /desk/tickets/{number}/transfer": WORK + HERE,
    "POST /desk/tickets/{number}/give-back": WORK + HERE,
    "POST /desk/tickets/{number}/assign": LEAD + HERE,
    "POST /desk/tickets/{number}/merge": WORK + HERE,
    "POST /desk/tickets/{number}/resolve": WORK + HERE,
    "POST /desk/tickets/{number}/reopen": WORK + HERE,
    "GET /desk/go/{token}": ALL,
    "GET /desk/places/": PLACE,
    "POST /desk/places/imports": PLACE,
    "GET /desk/places/template.xlsx": PLACE,
    "GET /desk/places/export.csv": PLACE,
    "GET /desk/places/imports/{number:row}": PLACE,
    "GET /desk/places/imports/{number:row}/faults.csv": PLACE,
    "POST /desk/places/imports/{number:row}/apply": PLACE,
    "POST /desk/places/imports/{number:row}/drop": PLACE,
    "POST /desk/places/imports/{number:row}/revert": PLACE,
    "GET /desk/places/work": PLACE,
    "POST /desk/places/work/{place}": PLACE,
    "GET /desk/places/promises": PLACE,
    "GET /desk/places/promises.csv": PLACE,
    "GET /desk/places/coverage": PLACE,
    "GET /desk/places/coverage.csv": PLACE,
    "GET /desk/places/coverage.html": PLACE,
    "GET /desk/places/{path:path}": ANYBODY,
    "GET /desk/notices": ALL,
    "POST /desk/notices/seen": ALL,
    "POST /desk/away": ALL,
    "GET /desk/canned": WRITE,
    "POST /desk/canned": WRITE,
    "POST /desk/canned/{id:row}/approve": REVIEW + HERE,
    "POST /desk/canned/{id:row}/retire": REVIEW + HERE,
    "GET /desk/audit": "auditor admin" + CITY,
    "GET /desk/audit.csv": "auditor admin" + CITY,
    "GET /desk/report": REPORT,
    "GET /desk/report.csv": REPORT,
    "GET /desk/digest": DIGEST,
    "GET /desk/receipts": ALL,
    "GET /desk/explain": WRITE,
    "GET /desk/switches": "admin" + CITY,
    "POST /desk/switches": "admin" + CITY,
    "GET /desk/account": ALL,
    "POST /desk/account/password": ALL,
    "POST /desk/account/codes": ALL,
    "POST /desk/account/codes/confirm": ALL,
    "POST /desk/account/codes/off": ALL,
    "GET /desk/rules": WRITE,
    "GET /desk/rules/{id}": WRITE,
}
"""Method and path → who: roles, with where they must hold."""

REFUSALS = ("您的角色（", "不归您所在的区县办理", "只有组长", "只有作者", "只有编辑")
EVENTS = "GET /desk/events"  # never ends; its door is tested for strangers, its inside elsewhere
FORM = {"text": "你好", "version": "0", "staff": "1"}
STAFF = [one for one, who in MAY.items() if who not in (ANYBODY, COOKIE, WORD)]


def test_every_address_says_who_may_use_it(house: House) -> None:
    found = {f"{method} {path}" for method, path in table(list(house.web.routes))}

    assert found - set(MAY) == set(), "a new address: say in MAY who may use it"
    assert set(MAY) - found == set(), "no such address any more"


def expected(who: str, role: str, where: str) -> bool:
    names, _, scope = who.partition("@")
    near = {"": ("own", "other", "city"), "county": ("own", "city"), "city": ("city",)}[scope]
    return role in names.split() and where in near


async def ask(
    house: House, one: str, number: str, cookie: str, key: str = "0" * 32, **fields: Any
) -> Any:
    method, _, path = one.partition(" ")
    path = address(path, number, key)
    async with house.browser(cookie) as http:
        if method == "GET":
            return await http.get(path)
        return await http.post(path, data=fields)


def renew_sentence(house: House) -> None:
    """A canned reply of 海门区, number 1, written by somebody who may not approve it."""
    with Session(house.app.engine) as db:
        db.merge(Canned(id=1, title="t", text="x", county="海门区", author=AUTHOR, at=now()))
        db.commit()


@pytest.mark.parametrize("one", [one for one in STAFF if one != EVENTS])
async def test_each_role_gets_what_it_may_and_nothing_else(house: House, one: str) -> None:
    number = house.ticket()
    key = house.file() if "{key}" in one else "x"
    for role in ROLES:
        for where in PLACES:
            renew_sentence(house)
            cookie, token = house.session(staff_of(house, role, where))
            response = await ask(house, one, number, cookie, key=key, token=token, **FORM)
            refused = any(words in response.text for words in REFUSALS)
            told = f"{role} {where}: {response.status_code}"
            assert refused is not expected(MAY[one], role, where), told
            assert not refused or response.status_code in (403, 404, 409), told
            assert refused or response.status_code not in (401, 405), told
            assert response.status_code < 500, told


@pytest.mark.parametrize("one", STAFF)
async def test_a_stranger_gets_into_nothing_of_the_desks(house: House, one: str) -> None:
    number = house.ticket()

    response = await ask(house, one, number, "", token="0" * 64, text="你好")

    assert response.status_code in {286, 303, 401}
    assert response.headers.get("location", "/desk/sign-in").startswith("/desk/sign-in")
    assert "腿伤复发" not in response.text


@pytest.mark.parametrize("one", [one for one, who in MAY.items() if who == WORD])
async def test_without_the_word_the_door_stays_shut(house: House, one: str) -> None:
    method, _, path = one.partition(" ")
    async with house.browser() as http:
        response = await http.request(method, path, content=b"x")
        wrong = await http.request(
            method,
            f"{path}?signature=0&timestamp=1&nonce=1&echostr=hello",
            headers={
                "authorization": "Bearer wrong",
                "x-telegram-bot-api-secret-token": "wrong",
            },
        )

    assert {response.status_code, wrong.status_code} <= {400, 401, 403, 303}
    assert "hello" not in wrong.text


@pytest.mark.parametrize("one", [one for one, who in MAY.items() if who == COOKIE])
async def test_a_persons_pages_need_the_persons_cookie(house: House, one: str) -> None:
    response = await ask(house, one, "", "youjun_chat=forged", text="你好")

    assert response.status_code in {401, 404}


@pytest.mark.parametrize("one", [one for one, who in MAY.items() if who == ANYBODY])
async def test_what_is_open_to_anybody_carries_nothing_of_anybody(house: House, one: str) -> None:
    house.ticket()

    response = await ask(house, one, "T000001", "")

    assert response.status_code in {200, 303, 404, 503}
    assert "腿伤复发" not in response.text
    assert "13800138000" not in response.text


@pytest.mark.parametrize(
    "path",
    ["/", "/healthz", "/readyz", "/metrics", "/chat/static/chat.js", "/desk/static/console.js",
     "/nowhere", "/chat/messages", "/desk/sign-in"],
)  # fmt: skip
async def test_every_answer_says_what_a_browser_may_make_of_it(house: House, path: str) -> None:
    async with house.browser() as browser:
        headers = (await browser.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "default-src 'none'" in headers["content-security-policy"]
    as_file = headers.get("content-disposition", "").startswith("attachment")
    assert as_file == headers["content-type"].startswith("application/json")
