"""Signing in, staying in, and being let out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.db.tables import Staff, now

WRONG = "登录名或密码不对"


async def test_the_right_password_opens_the_queue(office: Any, stranger: Any, read: Any) -> None:
    response = await stranger.sign_in("li")

    assert response.status_code == 303
    assert response.headers["location"] == "/desk/"
    page = read(await stranger.get("/desk/"))
    assert "李同志 接单员 · 海门区" in page


async def test_a_wrong_password_and_an_unknown_name_are_told_the_same(
    office: Any, stranger: Any
) -> None:
    wrong = await stranger.sign_in("li", "something else")
    unknown = await stranger.sign_in("nobody", "something else")

    assert (wrong.status_code, unknown.status_code) == (401, 401)
    assert WRONG in wrong.text
    assert wrong.text.replace("li", "") == unknown.text.replace("nobody", "").replace("li", "")
    assert (await stranger.get("/desk/")).status_code == 303


async def test_the_name_is_kept_and_escaped_after_a_wrong_password(stranger: Any) -> None:
    page = await stranger.sign_in('"><script>alert(1)</script>', "something else")

    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


async def test_five_wrong_passwords_lock_the_account_for_fifteen_minutes(
    office: Any, stranger: Any
) -> None:
    for _ in range(4):
        assert WRONG in (await stranger.sign_in("li", "wrong")).text
    assert "已锁定" in (await stranger.sign_in("li", "wrong")).text
    assert "已锁定" in (await stranger.sign_in("li")).text

    office.later = timedelta(minutes=14)
    assert (await stranger.sign_in("li")).status_code == 401
    office.later = timedelta(minutes=15, seconds=1)
    assert (await stranger.sign_in("li")).status_code == 303


async def test_a_browser_that_signed_in_before_is_not_locked_out_by_strangers(
    office: Any, browsers: Any
) -> None:
    own, stranger = browsers[0], browsers[1]
    await own.sign_in("li")
    await own.post("/desk/sign-out")
    for _ in range(5):
        await stranger.sign_in("li", "wrong")
    assert (await stranger.sign_in("li")).status_code == 401

    assert (await own.sign_in("li")).status_code == 303


@pytest.mark.parametrize("cookie", ["x", "W10.abc", "WyJhIixbImIiXV0.forged"])
async def test_a_forged_browser_is_a_strange_one(stranger: Any, cookie: str) -> None:
    stranger.http.cookies.set("youjun_desk_device", cookie)
    for _ in range(5):
        page = await stranger.sign_in("li", "wrong")

    assert "在没登录过的设备上已锁定" in page.text


async def test_every_sign_in_is_a_new_session(office: Any, stranger: Any) -> None:
    seen = set()
    for _ in range(2):
        await stranger.sign_in("li")
        seen.add(stranger.http.cookies["youjun_desk"])
        stranger.http.cookies.delete("youjun_desk")

    assert len(seen) == 2


async def test_a_disabled_account_is_refused_and_its_open_session_ends(
    office: Any, stranger: Any, li: Any
) -> None:
    assert (await li.get("/desk/")).status_code == 200

    office.change(Staff, office.account("li").id, disabled_at=now())

    assert (await li.get("/desk/")).status_code == 303
    assert "已停用" in (await stranger.sign_in("li")).text


async def test_signing_out_ends_every_session_of_that_person(
    office: Any, stranger: Any, li: Any
) -> None:
    await stranger.sign_in("li")
    stolen = dict(li.http.cookies)
    office.later = timedelta(minutes=5)

    assert (await li.post("/desk/sign-out")).status_code == 303
    assert "youjun_desk" not in li.http.cookies

    assert (await li.get("/desk/")).status_code == 303
    assert (await stranger.get("/desk/")).status_code == 303
    li.http.cookies.update(stolen)
    assert (await li.get("/desk/")).status_code == 303


async def test_a_session_ends_after_two_idle_hours(office: Any, li: Any) -> None:
    office.later = timedelta(hours=1, minutes=59)
    assert (await li.get("/desk/")).status_code == 200

    office.later += timedelta(hours=2, seconds=1)
    assert (await li.get("/desk/")).status_code == 303


async def test_a_busy_session_ends_after_eight_hours(office: Any, li: Any) -> None:
    for hour in range(1, 8):
        office.later = timedelta(hours=hour)
        assert (await li.get("/desk/")).status_code == 200

    office.later = timedelta(hours=8)
    assert (await li.get("/desk/")).status_code == 303


async def test_a_page_left_open_polls_but_does_not_stay_signed_in(office: Any, li: Any) -> None:
    for minutes in range(0, 120, 30):
        office.later = timedelta(minutes=minutes)
        assert (await li.get("/desk/queue")).status_code == 200

    office.later = timedelta(hours=2, seconds=1)
    ended = await li.get("/desk/queue")

    assert ended.status_code == 286  # htmx stops polling
    assert "登录已过期" in ended.text


async def test_a_raised_epoch_ends_the_session(office: Any, li: Any) -> None:
    office.change(Staff, office.account("li").id, epoch=2)

    assert (await li.get("/desk/")).status_code == 303


@pytest.mark.parametrize("cookie", ["", "x", "eyJzdGFmZiI6MX0.forged", "W10.abc"])
async def test_a_forged_cookie_is_nobody(stranger: Any, cookie: str) -> None:
    stranger.http.cookies.set("youjun_desk", cookie)

    assert (await stranger.get("/desk/")).status_code == 303


async def test_the_cookie_is_hidden_from_scripts_and_other_sites(stranger: Any) -> None:
    response = await stranger.sign_in("li")

    cookie = response.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/desk"))
    assert "Secure" not in cookie


@pytest.mark.parametrize(
    ("after", "opened"),
    [
        ("/desk/tickets/T000001", "/desk/tickets/T000001"),
        ("", "/desk/"),
        ("https://evil.example/", "/desk/"),
        ("//evil.example/desk/", "/desk/"),
        ("/desk//evil.example", "/desk/"),
        ("/desk/\\evil.example", "/desk/"),
        ("/desk/\r\nSet-Cookie: a=b", "/desk/"),
        ("/elsewhere", "/desk/"),
    ],
)
async def test_signing_in_leads_back_to_the_page_but_never_out_of_the_console(
    stranger: Any, after: str, opened: str
) -> None:
    response = await stranger.sign_in("li", after=after)

    assert response.headers["location"] == opened


@pytest.mark.parametrize("token", ["", "0" * 64, "错"])
async def test_a_sign_in_form_from_elsewhere_is_refused(stranger: Any, token: str) -> None:
    await stranger.get("/desk/sign-in")

    response = await stranger.post(
        "/desk/sign-in", token=token, username="li", password="correct horse battery"
    )

    assert response.status_code == 403
    assert "没有执行" in response.text
    assert "youjun_desk" not in set(response.cookies)


async def test_a_sign_in_form_without_its_cookie_is_refused(stranger: Any) -> None:
    await stranger.get("/desk/sign-in")
    stranger.http.cookies.clear()

    response = await stranger.post("/desk/sign-in", username="li", password="correct horse battery")

    assert response.status_code == 403


async def test_somebody_signed_in_is_not_asked_again(li: Any) -> None:
    response = await li.get("/desk/sign-in")

    assert (response.status_code, response.headers["location"]) == (303, "/desk/")
