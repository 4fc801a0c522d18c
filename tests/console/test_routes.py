"""Every address of the console, from its route table: who gets in, and with which headers."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from starlette.routing import Mount, Route

import bot.console

OPEN_TO_ALL = {"sign-in", "enter", "code", "code-check", "missing"}


def table() -> list[Any]:
    """(name, method, path) of every route."""
    console = bot.console.Console(
        engine=None,  # type: ignore[arg-type]
        secret="",
        secure_cookies=False,
        clock=None,  # type: ignore[arg-type]
        wake=None,  # type: ignore[arg-type]
        service_title=str,
    )
    (desk,) = bot.console.routes(console)
    assert isinstance(desk, Mount)
    return [
        pytest.param(method, f"/desk{route.path}", id=f"{method} {route.name}")
        for route in desk.routes
        if isinstance(route, Route) and route.name not in OPEN_TO_ALL
        for method in sorted((route.methods or set()) - {"HEAD"})
    ]


ROUTES = table()
TICKETS = [case for case in ROUTES if "{number}" in str(case.values[1])]
FORMS = [case for case in ROUTES if case.values[0] == "POST"]


def address(path: str, number: str) -> str:
    return (
        path.replace("{number}", number)
        .replace("{_done}", "reply")
        .replace("{id:row}", "1")
        .replace("{key}", "0" * 32)
        .replace("{token}", "x")
    )


async def send(browser: Any, method: str, path: str, **fields: Any) -> Any:
    if method == "GET":
        return await browser.get(path)
    return await browser.post(path, **fields)


def test_the_table_holds_every_kind_of_address() -> None:
    assert len(ROUTES) == 50
    assert len(TICKETS) == 18
    assert len(FORMS) == 24


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_a_stranger_gets_nothing(office: Any, stranger: Any, method: str, path: str) -> None:
    number = office.ticket()
    before = (office.load(number), office.history(number))

    response = await send(
        stranger, method, address(path, number), token="0" * 64, text="我是陌生人", version=1
    )

    assert response.status_code in {286, 303, 401}
    if response.status_code == 303:
        assert response.headers["location"].startswith("/desk/sign-in?next=/desk/")
    assert "腿伤复发" not in response.text
    assert "13800138000" not in response.text
    assert (office.load(number), office.history(number)) == before


@pytest.mark.parametrize(("method", "path"), TICKETS)
async def test_a_colleague_of_another_county_learns_not_even_that_the_ticket_exists(
    office: Any, li: Any, wang: Any, method: str, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bot.console")
    number = office.ticket(county="海门区")
    await li.act(number, "claim")
    before = (office.load(number), office.history(number))
    fields = {"text": "我是如东的", "version": before[0].version}

    theirs = await send(wang, method, address(path, number), **fields)
    nobodys = await send(wang, method, address(path, "T999999"), **fields)

    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert theirs.text == nobodys.text
    assert "不归您所在的区县办理" in theirs.text
    assert f"was refused {method} {address(path, number)}" in caplog.text
    assert (office.load(number), office.history(number)) == before


@pytest.mark.parametrize(("method", "path"), TICKETS)
async def test_staff_of_the_city_get_into_every_county(
    office: Any, zhao: Any, method: str, path: str
) -> None:
    number = office.ticket(county="海门区")

    response = await send(zhao, method, address(path, number), text="请尽快办理", version=1)

    if "{key}" in path:  # a ticket of theirs, but no such file
        assert response.status_code == 404
        return
    assert response.status_code in {200, 303, 409}


@pytest.mark.parametrize("token", ["", "0" * 64, "错"])
@pytest.mark.parametrize(("method", "path"), FORMS)
async def test_a_form_from_elsewhere_is_refused(
    office: Any, li: Any, method: str, path: str, token: str
) -> None:
    number = office.ticket()
    before = (office.load(number), office.history(number))

    response = await li.post(address(path, number), token=token, text="你好", version=1)

    assert response.status_code == 403
    assert "这一步没有执行" in response.text
    assert (office.load(number), office.history(number)) == before
    assert (await li.get("/desk/")).status_code == 200  # still signed in


async def test_a_token_of_another_session_is_refused(office: Any, li: Any, zhao: Any) -> None:
    number = office.ticket()

    response = await li.post(f"/desk/tickets/{number}/claim", token=zhao.token)

    assert response.status_code == 403


@pytest.mark.parametrize(
    "path",
    ["/desk/", "/desk/sign-in", "/desk/queue", "/desk/nowhere", "/desk/static/console.css"],
)
async def test_every_answer_keeps_scripts_frames_and_caches_out(li: Any, path: str) -> None:
    response = await li.get(path)

    policy = response.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["x-frame-options"] == "DENY"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "same-origin"
    expected = "no-cache" if "static" in path else "no-store"
    assert response.headers["cache-control"] == expected


async def test_an_address_that_does_not_exist_is_a_page_too(stranger: Any) -> None:
    response = await stranger.get("/desk/nowhere/at/all")

    assert response.status_code == 404
    assert "没有这个页面" in response.text


async def test_a_form_that_is_too_long_is_refused(office: Any, li: Any) -> None:
    number = office.ticket()

    response = await li.act(number, "note", text="长" * 50_000)

    assert response.status_code == 413
    assert "太长了" in response.text


async def test_a_stranger_who_wrote_a_reply_gets_it_back(office: Any, li: Any) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    await li.get(f"/desk/tickets/{number}")
    li.http.cookies.clear()

    response = await li.post(f"/desk/tickets/{number}/reply", text="写了很久的答复", version=2)

    assert response.status_code == 401
    assert "登录已过期" in response.text
    assert "写了很久的答复" in response.text


async def test_a_database_that_is_away_is_admitted_and_the_draft_kept(office: Any, li: Any) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    with office.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE ticketevent RENAME TO elsewhere")

    response = await li.post(f"/desk/tickets/{number}/note", text="写了很久的备注")

    assert response.status_code == 503
    assert "暂时存不上" in response.text
    assert "写了很久的备注" in response.text


WORK = [case for case in TICKETS if case.values[0] == "POST" and "presence" not in str(case.id)]


@pytest.mark.parametrize(("method", "path"), WORK)
async def test_who_only_inspects_changes_nothing(
    office: Any, browsers: Any, li: Any, method: str, path: str
) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    office.staff("an", "安同志", "海门区", role="auditor")
    an = await browsers[0].enter("an")
    assert (await an.get(f"/desk/tickets/{number}")).status_code == 200
    before = (office.load(number), [line.kind for line in office.history(number)])

    response = await send(an, method, address(path, number), text="改一改", version=2)

    assert response.status_code in {403, 409}
    assert "您的角色（审计）不能做这一步" in response.text
    assert office.load(number) == before[0]
    changed = [line.kind for line in office.history(number)][len(before[1]) :]
    assert set(changed) <= {"viewed"}


@pytest.mark.parametrize(("method", "path"), TICKETS)
@pytest.mark.parametrize("role", ["editor", "reviewer"])
async def test_who_edits_knowledge_sees_no_ticket(
    office: Any, browsers: Any, method: str, path: str, role: str
) -> None:
    number = office.ticket(county="")
    office.staff("bian", "编同志", "海门区", role=role)
    bian = await browsers[0].enter("bian")

    response = await send(bian, method, address(path, number), text="看看", version=1)

    assert response.status_code == 404
    assert number not in (await bian.get("/desk/")).text


@pytest.mark.parametrize(
    ("role", "county", "allowed"),
    [
        ("clerk", None, False),
        ("leader", None, False),
        ("editor", None, False),
        ("auditor", "海门区", False),
        ("auditor", None, True),
        ("admin", None, True),
    ],
)
@pytest.mark.parametrize("path", ["/desk/audit", "/desk/audit.csv"])
async def test_only_auditors_of_the_whole_city_read_the_whole_history(
    office: Any, browsers: Any, role: str, county: str | None, allowed: bool, path: str
) -> None:
    office.ticket(details=(("困难", "妻子重病"),))
    office.staff("somebody", "某同志", county, role=role)
    somebody = await browsers[0].enter("somebody")

    response = await somebody.get(path)

    assert response.status_code == (200 if allowed else 403)
    assert "妻子重病" not in response.text
