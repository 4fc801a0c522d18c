"""Accounts: making them, closing them, guessing their passwords."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlmodel import Session, select

from bot.db.desk import Attempts
from bot.db.tables import Staff, now
from bot.desk import passwords, throttle
from bot.desk import staff as accounts
from bot.desk.passwords import WeakPassword
from bot.desk.staff import Origin, SignInRefused
from bot.desk.tickets import Refused

GOOD = "correct horse battery"


def test_a_password_is_stored_as_an_argon2id_hash(office: Any) -> None:
    with Session(office.engine) as session:
        stored = accounts.add(session, "new", "新同志", GOOD).password_hash

    assert stored.startswith("$argon2id$")
    assert GOOD not in stored


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("elevenchars", "至少 12 个字符"),
        ("a       b c", "至少 12 个字符"),
        ("new.member12", "不能和登录名一样"),
        ("New.Member12 ", "不能和登录名一样"),
        ("123456789012", "不能只有数字"),
        ("138001380001", "不能只有数字"),
        ("1949-10-01 1921", "不能只有数字"),
        ("Nantong@2024", "太容易猜到"),
        ("woaini1314520", "太容易猜到"),
        ("lixiaohua1990", "太容易猜到"),
        ("zhang19850101", "太容易猜到"),
        ("P@ssw0rd1234", "太容易猜到"),
        ("1qaz2wsx3edc", "太容易猜到"),
        ("new.member12!", "太容易猜到"),
        ("x" * 129, "最多 128 个字符"),
        ("QwertyUiopAs", "太容易猜到"),
        ("aaaaaaaaaaaa", "太容易猜到"),
        ("abababababab", "太容易猜到"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason(
    office: Any, password: str, reason: str
) -> None:
    with Session(office.engine) as session, pytest.raises(WeakPassword, match=reason):
        accounts.add(session, "new.member12", "新同志", password)


@pytest.mark.parametrize("username", ["", "x", "a b", "a/b", "x" * 33, "<b>"])
def test_a_name_that_cannot_be_typed_reliably_is_refused(office: Any, username: str) -> None:
    with Session(office.engine) as session, pytest.raises(Refused, match="登录名"):
        accounts.add(session, username, "新同志", GOOD)


def test_a_name_or_telegram_account_is_given_once(office: Any) -> None:
    office.staff("chen", "陈同志", telegram_id=42)

    with Session(office.engine) as session:
        with pytest.raises(Refused, match="已经有人用了"):
            accounts.add(session, " Chen ", "陈同志", GOOD)
        with pytest.raises(Refused, match="已绑定"):
            accounts.add(session, "chen2", "陈同志", GOOD, telegram_id=42)


def test_capitals_and_spaces_around_the_name_do_not_matter(office: Any) -> None:
    with Session(office.engine) as session:
        assert accounts.authenticate(session, " Li ", GOOD, now()).name == "李同志"


def test_disabling_ends_sessions_and_keeps_the_first_moment(office: Any) -> None:
    with Session(office.engine) as session:
        accounts.disable(session, "li")
        session.commit()
    first = office.account("li")
    with Session(office.engine) as session:
        accounts.disable(session, "li")
        session.commit()

    assert first.epoch == 2
    assert office.account("li").disabled_at == first.disabled_at


def test_disabling_nobody_says_so(office: Any) -> None:
    with Session(office.engine) as session, pytest.raises(Refused, match="没有登录名为 nobody"):
        accounts.disable(session, "nobody")


def test_a_disabled_account_is_named_only_to_who_knows_its_password(office: Any) -> None:
    office.change(Staff, office.account("li").id, disabled_at=now())

    with Session(office.engine) as session:
        with pytest.raises(SignInRefused, match="登录名或密码不对"):
            accounts.authenticate(session, "li", "a guess", now())
        with pytest.raises(SignInRefused, match="已停用"):
            accounts.authenticate(session, "li", GOOD, now())


def test_the_right_password_clears_earlier_failures(office: Any) -> None:
    with Session(office.engine) as session:
        for _ in range(4):
            with pytest.raises(SignInRefused, match="登录名或密码不对"):
                accounts.authenticate(session, "li", "wrong", now())
        accounts.authenticate(session, "li", GOOD, now())
        with pytest.raises(SignInRefused, match="登录名或密码不对"):
            accounts.authenticate(session, "li", "wrong", now())
        for _ in range(3):
            with pytest.raises(SignInRefused, match="登录名或密码不对"):
                accounts.authenticate(session, "li", "wrong", now())
        with pytest.raises(SignInRefused, match="锁定"):
            accounts.authenticate(session, "li", "wrong", now())


def test_the_lock_names_its_end_in_nantong_time(office: Any) -> None:
    moment = now().replace(hour=16, minute=0, second=0, microsecond=0)  # midnight in Nantong
    with Session(office.engine) as session:
        for _ in range(4):
            with pytest.raises(SignInRefused):
                accounts.authenticate(session, "li", "wrong", moment)
        with pytest.raises(SignInRefused, match="00:15 后可以再试"):
            accounts.authenticate(session, "li", "wrong", moment)
        with pytest.raises(SignInRefused, match="00:15 后可以再试"):
            accounts.authenticate(session, "li", GOOD, moment + timedelta(minutes=14))


def test_guessing_in_parallel_gives_no_more_than_five_tries(office_on_both: Any) -> None:
    def guess(_number: int) -> str:
        with Session(office_on_both.engine) as session:
            try:
                accounts.authenticate(session, "li", "wrong", now())
            except SignInRefused as refusal:
                return str(refusal)
        return "in"

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(guess, range(16)))

    assert sum("不对" in words for words in told) == 4
    assert sum("锁定" in words for words in told) == 12


@pytest.mark.parametrize("good", ["correct horse battery", "军马 电池 订书钉 十一", "kZ8#qmw1!xTT"])
def test_a_good_password_is_taken(good: str) -> None:
    passwords.check(good, "new.member1", "新同志")


def test_strangers_who_guess_lock_out_strangers_only(office: Any) -> None:
    known = Origin("her own browser", "office")
    with Session(office.engine) as session:
        for number in range(5):
            with pytest.raises(SignInRefused):
                accounts.authenticate(session, "li", "wrong", now(), Origin("", f"net {number}"))
        with pytest.raises(SignInRefused, match="平时登录用的设备不受影响"):
            accounts.authenticate(session, "li", GOOD, now(), Origin("", "another net"))

        assert accounts.authenticate(session, "li", GOOD, now(), known).name == "李同志"


def test_a_known_browser_gets_five_tries_of_its_own(office: Any) -> None:
    known = Origin("her own browser", "office")
    with Session(office.engine) as session:
        for _ in range(5):
            with pytest.raises(SignInRefused):
                accounts.authenticate(session, "li", "wrong", now(), known)
        with pytest.raises(SignInRefused, match="在这台设备上已锁定"):
            accounts.authenticate(session, "li", GOOD, now(), known)

        assert accounts.authenticate(session, "li", GOOD, now()).name == "李同志"


def test_a_network_that_guesses_at_many_accounts_must_wait_and_others_need_not(
    office: Any,
) -> None:
    with Session(office.engine) as session:
        for _ in range(accounts.OF_A_NETWORK):
            throttle.count(session, throttle.Meter("network", "bad net", 30), now())
        with pytest.raises(SignInRefused, match="锁定"):
            accounts.authenticate(session, "li", GOOD, now(), Origin("", "bad net"))

        assert accounts.authenticate(session, "li", GOOD, now(), Origin("", "good net"))


def test_a_whole_office_may_sign_in_from_new_browsers_on_one_morning(office: Any) -> None:
    """What was right does not count against a network; what others guessed there still does."""
    behind_one_address = Origin("", "office")
    meter = throttle.Meter("network", "office", accounts.OF_A_NETWORK)
    with Session(office.engine) as session:
        for _ in range(accounts.OF_A_NETWORK - 1):
            throttle.count(session, meter, now())
        for _ in range(3):  # the last guess but one is theirs each time, and given back
            assert accounts.authenticate(session, "li", GOOD, now(), behind_one_address)
        with pytest.raises(SignInRefused, match="锁定"):
            accounts.authenticate(session, "li", "wrong", now(), behind_one_address)
        with pytest.raises(SignInRefused, match="锁定"):
            accounts.authenticate(session, "li", GOOD, now(), behind_one_address)


def test_an_unknown_name_locks_like_a_known_one_so_that_nobody_learns_which_exist(
    office: Any,
) -> None:
    def told(username: str) -> list[str]:
        said = []
        with Session(office.engine) as session:
            for _ in range(6):
                try:
                    accounts.authenticate(session, username, "wrong", moment)
                except SignInRefused as refusal:
                    said.append(str(refusal))
        return said

    moment = now()
    assert told("li") == told("nobody")


def test_counts_are_forgotten_after_a_day(office: Any) -> None:
    with Session(office.engine) as session:
        for name, at in (("a", now()), ("b", now() + timedelta(hours=25))):
            throttle.count(session, throttle.Meter("account", name, 5), at)
        kept = session.exec(select(Attempts)).all()

    assert [one.key for one in kept] == [throttle.Meter("account", "b", 5).key]


def test_an_old_hash_is_renewed_at_sign_in(office: Any) -> None:
    old = PasswordHasher(time_cost=1, memory_cost=1024).hash(GOOD)
    office.change(Staff, office.account("li").id, password_hash=old)

    with Session(office.engine) as session:
        accounts.authenticate(session, "li", GOOD, now())

    assert not PasswordHasher().check_needs_rehash(office.account("li").password_hash)


def test_an_unknown_name_costs_as_much_work_as_a_known_one() -> None:
    assert not PasswordHasher().check_needs_rehash(accounts._NOBODY)


async def test_a_file_is_saved_never_shown_and_the_fetching_is_noted(
    office: Any, li: Any, wang: Any, tmp_path: Any
) -> None:
    from bot.channels.files import File
    from bot.desk.attachments import Store
    from handlers.messages import Contact

    store = Store(office.engine, tmp_path / "files", clock=office.clock)
    object.__setattr__(office.console, "files", store)
    number = office.ticket()
    store.receive(File("u1", Contact("telegram", "3527065"), "证明.pdf", b"%PDF-1.7 x"))

    page = await li.get(f"/desk/tickets/{number}")
    path = re.search(r'href="(/desk/tickets/\w+/files/\w+)"', page.text)
    assert path
    answer = await li.get(path[1])

    assert answer.content == b"%PDF-1.7 x"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment;")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert office.history(number)[-1].kind == "fetched"
    assert (await wang.get(path[1])).status_code == 404
