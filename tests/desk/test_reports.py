"""A month's figures: of the right days, in Nantong time, on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.db.learning import Receipt
from bot.desk import reports, rules
from bot.desk.clock import BEIJING
from bot.desk.suppression import HIDDEN
from tests.desk.conftest import MONDAY, Desks

FIRST = datetime(2026, 11, 1, tzinfo=BEIJING)


def told(desks: Desks, at: datetime, status: str, *, followed: bool = False) -> None:
    desks.session.add(
        Receipt(
            channel="web",
            status=status,
            topic="medical" if status == "answered" else "",
            county="海门区",
            at=at,
            ticket_at=at if followed else None,
        )
    )


def test_questions_count_on_their_day_in_nantong(desks: Desks) -> None:
    for moment in (FIRST, datetime(2026, 11, 30, 23, 59, 59, tzinfo=BEIJING)):
        for number in range(6):
            told(desks, moment, "answered", followed=number == 0)
    for _ in range(5):
        told(desks, FIRST + timedelta(days=1), "unknown")
        told(desks, FIRST - timedelta(seconds=1), "unknown")  # October
        told(desks, FIRST, "answered", followed=True)
    desks.session.commit()

    found = reports.month(desks.session, MONDAY, rules.load(desks.session), None).answers

    by_day = dict(zip(found.days.labels, found.days.shown, strict=True))
    assert (by_day["1日"], by_day["2日"], by_day["30日"]) == ("11", "5", "6")
    assert (found.statuses.total, found.refused) == ("22", "23%")
    assert (found.topics.labels, found.topics.shown) == (("medical",), ("17",))
    assert (found.followed_count, found.followed) == ("7", "41%")
    elsewhere = reports.month(
        desks.session, MONDAY, rules.load(desks.session), frozenset({"如东县"})
    )
    assert elsewhere.answers.statuses.total == "0"


def test_times_are_working_hours_and_small_groups_are_hidden(desks: Desks) -> None:
    for number in range(7):
        ticket = desks.opens(MONDAY, contact=f"web:{number}")
        ticket.answered_at = MONDAY + timedelta(hours=6)  # 9 to 15 o'clock, with two hours of lunch
        ticket.due_at = MONDAY + timedelta(hours=7)
    desks.opens(MONDAY, contact="web:x", service="job-help")
    desks.session.commit()

    whole, one, other = reports.month(desks.session, MONDAY, rules.load(desks.session), None).rows

    assert (whole.opened, whole.answered, whole.on_time, whole.first) == ("8", "7", "100%", "4.0")
    assert (one.service, one.opened, one.first) == ("hardship-aid", HIDDEN, "4.0")
    assert (other.opened, other.answered) == (HIDDEN, "0")
