"""One-time codes beside the password: set up, used once, lost, demanded."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlmodel import Session

from bot.db.tables import Staff
from bot.desk import secondfactor
from bot.desk.finding import Refused
from bot.desk.staff import SignInRefused

PASSWORD = "correct horse battery"


def shown(secret: str, at: datetime) -> str:
    """What a phone shows: RFC 6238, as any authenticator does it."""
    totp = TOTP(base64.b32decode(secret.replace(" ", "")), 6, SHA1(), 30)  # noqa: S303
    return totp.generate(int(at.timestamp())).decode()


async def enrol(office: Any, browser: Any) -> tuple[str, list[str]]:
    """Set up codes through the pages; the secret and the recovery codes."""
    await browser.get("/desk/account")
    page = await browser.post("/desk/account/codes", password=PASSWORD)
    assert "data:image/svg+xml" in page.text
    secret = re.search(r"<code>([A-Z2-7 ]{39})</code>", page.text)
    offer = re.search(r'name="offer" value="([^"]+)"', page.text)
    assert secret
    assert offer
    page = await browser.post(
        "/desk/account/codes/confirm", offer=offer[1], code=shown(secret[1], office.clock())
    )
    assert page.status_code == 200, page.text
    return secret[1], re.findall(r"<li><code>([0-9a-f]{10})</code>", page.text)


async def test_codes_are_those_of_the_standard() -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()  # RFC 6238, appendix B
    for second, code in ((59, "287082"), (1111111109, "081804"), (2000000000, "279037")):
        at = datetime.fromtimestamp(second, UTC)
        assert secondfactor._step_of(secret, code, at) == second // 30


async def test_after_the_password_comes_the_code_and_none_works_twice(
    office: Any, li: Any, stranger: Any
) -> None:
    secret, _ = await enrol(office, li)
    assert (await li.get("/desk/")).status_code == 200  # this browser stays in
    office.later = timedelta(minutes=1)

    first = await stranger.sign_in("li")
    assert first.headers["location"] == "/desk/sign-in/code?next=/desk/"
    assert (await stranger.get("/desk/")).status_code == 303  # half in is not in
    await stranger.get("/desk/sign-in/code")
    code = shown(secret, office.clock())
    wrong = await stranger.post("/desk/sign-in/code", code="000000")
    right = await stranger.post("/desk/sign-in/code", code=f"{code[:3]} {code[3:]}")

    assert (wrong.status_code, right.status_code) == (401, 303)
    assert (await stranger.get("/desk/")).status_code == 200
    stranger.http.cookies.clear()
    await stranger.sign_in("li")
    await stranger.get("/desk/sign-in/code")
    again = await stranger.post("/desk/sign-in/code", code=code)
    assert again.status_code == 401
    assert "已经用过" in again.text


async def test_a_recovery_code_lets_in_once(office: Any, li: Any, stranger: Any) -> None:
    _, recovery = await enrol(office, li)
    assert len(set(recovery)) == 8
    for expected in (303, 401):
        stranger.http.cookies.clear()
        await stranger.sign_in("li")
        await stranger.get("/desk/sign-in/code")
        answer = await stranger.post("/desk/sign-in/code", code=recovery[0])
        assert answer.status_code == expected

    assert len(office.account("li").recovery or []) == 7
    assert recovery[1] not in str(office.account("li").recovery)


async def test_guessing_codes_ends_after_five(office: Any, li: Any, stranger: Any) -> None:
    secret, _ = await enrol(office, li)
    office.later = timedelta(minutes=2)
    await stranger.sign_in("li")
    await stranger.get("/desk/sign-in/code")
    for _ in range(5):
        await stranger.post("/desk/sign-in/code", code="123456")

    locked = await stranger.post("/desk/sign-in/code", code=shown(secret, office.clock()))

    assert locked.status_code == 401
    assert "输错太多次" in locked.text


async def test_who_waits_too_long_starts_with_the_password_again(
    office: Any, li: Any, stranger: Any
) -> None:
    secret, _ = await enrol(office, li)
    await stranger.sign_in("li")
    await stranger.get("/desk/sign-in/code")
    office.later = timedelta(minutes=5)

    late = await stranger.post("/desk/sign-in/code", code=shown(secret, office.clock()))

    assert late.headers["location"] == "/desk/sign-in"
    assert (await stranger.get("/desk/")).status_code == 303


async def test_the_second_step_cannot_be_taken_first(stranger: Any) -> None:
    page = await stranger.get("/desk/sign-in/code")

    assert page.headers["location"] == "/desk/sign-in"


async def test_setting_up_ends_sign_ins_elsewhere_and_is_noted(
    office: Any, li: Any, stranger: Any
) -> None:
    await stranger.sign_in("li")
    await enrol(office, li)

    assert (await stranger.get("/desk/")).status_code == 303


async def test_a_secret_of_somebody_elses_choosing_is_refused(office: Any, li: Any) -> None:
    page = await li.post("/desk/account/codes/confirm", offer="W10.forged", code="123456")

    assert "页面已过期" in page.text
    assert office.account("li").totp_secret is None


async def test_nothing_changes_without_the_present_password(office: Any, li: Any) -> None:
    await enrol(office, li)
    before = office.account("li")

    off = await li.post("/desk/account/codes/off", password="a guess too many")
    new = "quite another phrase 7"
    changed = await li.post(
        "/desk/account/password", password="a guess too many", new=new, again=new
    )

    assert (off.status_code, changed.status_code) == (409, 409)
    after = office.account("li")
    assert (after.totp_secret, after.password_hash) == (before.totp_secret, before.password_hash)


async def test_one_changes_ones_own_password_and_stays_in(
    office: Any, li: Any, stranger: Any
) -> None:
    await stranger.sign_in("li")
    new = "quite another phrase 7"
    weak = await li.post(
        "/desk/account/password", password=PASSWORD, new="lixiaohua1990", again="lixiaohua1990"
    )
    assert "太容易猜到" in weak.text

    done = await li.post("/desk/account/password", password=PASSWORD, new=new, again=new)

    assert done.status_code == 303
    assert (await li.get("/desk/")).status_code == 200
    assert (await stranger.get("/desk/")).status_code == 303
    assert (await stranger.sign_in("li")).status_code == 401
    assert (await stranger.sign_in("li", new)).status_code == 303
    assert "您的账号：密码已更换" in (await li.get("/desk/notices")).text
    await li.get("/desk/account")
    await li.post("/desk/account/codes/off", password=new)
    assert "您的账号：动态验证码已停用" in (await li.get("/desk/notices")).text


async def test_a_role_that_must_use_codes_gets_nowhere_without(office: Any, browsers: Any) -> None:
    object.__setattr__(office.console, "second_factor", frozenset({"admin"}))
    office.staff("zhao", "赵主任", None, role="admin")
    zhao = await browsers[0].enter("zhao")
    number = office.ticket()

    for path in ("/desk/", f"/desk/tickets/{number}", "/desk/switches"):
        assert (await zhao.get(path)).headers["location"] == "/desk/account"
    await zhao.get("/desk/account")
    assert (await zhao.post(f"/desk/tickets/{number}/claim")).status_code == 403
    assert (await zhao.get("/desk/queue")).status_code == 286
    assert (await zhao.get("/desk/events")).status_code == 401
    await enrol(office, zhao)
    assert (await zhao.get("/desk/")).status_code == 200
    refused = await zhao.post("/desk/account/codes/off", password=PASSWORD)
    assert refused.status_code == 409


async def test_a_role_that_need_not_is_not_asked(office: Any, li: Any) -> None:
    object.__setattr__(office.console, "second_factor", frozenset({"admin"}))

    assert (await li.get("/desk/")).status_code == 200


def test_a_lost_phone_is_reset_by_the_operator(office: Any) -> None:
    secret = secondfactor.new_secret()
    with Session(office.engine) as session:
        staff = session.get_one(Staff, office.account("li").id)
        now = office.clock()
        secondfactor.enrol(session, staff, secret, shown(secret, now), now)
        session.commit()
        with pytest.raises(SignInRefused):
            secondfactor.check(session, staff, "000000", now)
        secondfactor.remove(session, staff, "system", now)
        session.commit()

    assert office.account("li").totp_secret is None
    assert office.account("li").epoch == 3


def test_a_wrong_code_sets_nothing_up(office: Any) -> None:
    secret, at = secondfactor.new_secret(), office.clock()
    with Session(office.engine) as session:
        staff = session.get_one(Staff, office.account("li").id)
        with pytest.raises(Refused, match="6 位数字不对"):
            secondfactor.enrol(session, staff, secret, "00000", at)


def test_the_secret_is_not_readable_in_the_database(office: Any) -> None:
    secret = secondfactor.new_secret()
    office.change(Staff, office.account("li").id, totp_secret=secret)
    with office.engine.connect() as connection:
        row = connection.exec_driver_sql("SELECT totp_secret FROM staff").scalar_one()

    assert secret not in row
