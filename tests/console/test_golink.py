"""Links from Telegram: for one person, one ticket, once, for ten minutes, and never a sign-in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.db.tables import Staff
from bot.desk import finding, links
from tests.console.conftest import PASSWORD, Browser, Office


@pytest.fixture
def number(office: Office) -> str:
    return office.ticket()


def make(office: Office, number: str, username: str = "li") -> str:
    """A link as the group's button makes it."""
    with Session(office.engine) as session:
        staff = session.exec(select(Staff).where(Staff.username == username)).one()
        ticket = finding.find(session, number)
        secret = office.console.secret
        path = links.make(session, staff, ticket, secret=secret, at=office.clock())
        session.commit()
    return path


def kinds(office: Office, number: str) -> list[tuple[str, str]]:
    return [
        (line.kind, line.actor) for line in office.history(number) if line.kind not in ("opened",)
    ]


async def test_a_link_opens_its_ticket_once(office: Office, li: Browser, number: str) -> None:
    path = make(office, number)
    opened = await li.get(path)
    assert (opened.status_code, opened.headers["location"]) == (303, f"/desk/tickets/{number}")
    again = await li.get(path)
    assert again.status_code == 410
    assert "已经用过或过期" in again.text
    assert kinds(office, number) == [("handed", "staff:li"), ("entered", "staff:li")]


async def test_a_link_asks_for_the_sign_in_and_is_not_spent_by_looking(
    office: Office, stranger: Browser, number: str
) -> None:
    path = make(office, number)
    for _ in range(2):  # a preview of Telegram, then the person
        sent = await stranger.get(path)
        assert (sent.status_code, sent.headers["location"]) == (303, f"/desk/sign-in?next={path}")
    entered = await stranger.sign_in("li", PASSWORD, after=path)
    assert entered.headers["location"] == path
    assert (await stranger.get(path)).headers["location"] == f"/desk/tickets/{number}"


async def test_in_the_hands_of_a_colleague_a_link_opens_nothing_and_that_is_written_down(
    office: Office, li: Browser, wang: Browser, number: str, read: Any
) -> None:
    path = make(office, number)
    refused = await wang.get(path)
    assert refused.status_code == 410
    assert "发给另一位同志" in read(refused)
    assert number not in read(refused)
    assert kinds(office, number)[-1] == ("misused", "staff:wang")
    assert (await li.get(path)).status_code == 303  # it is still good for whom it was made


async def test_a_link_is_over_after_ten_minutes(office: Office, li: Browser, number: str) -> None:
    path = make(office, number)
    office.later = timedelta(minutes=10)
    assert (await li.get(path)).status_code == 410


@pytest.mark.parametrize("token", ["x", "MQ.abc", "MQ", "1"])
async def test_a_forged_link_opens_nothing(
    office: Office, li: Browser, number: str, token: str
) -> None:
    make(office, number)
    page = await li.get(f"/desk/go/{token}")
    assert page.status_code == 410
    assert "链接不对" in page.text
