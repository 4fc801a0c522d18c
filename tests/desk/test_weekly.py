"""The week in a few lines, told once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.db.desk import Notice
from bot.db.learning import Receipt
from bot.db.tables import Feedback, Staff
from bot.desk import gaps, weekly
from bot.desk.clock import BEIJING
from bot.desk.finding import Refused
from handlers.effects import NoteGap
from knowledge.base import Knowledge
from tests.desk.conftest import MONDAY, Desks

WEEK = "2026-W48"


def test_a_week_counts_what_happened_in_it(desks: Desks, knowledge: Knowledge) -> None:
    session, late = desks.session, MONDAY + timedelta(days=6, hours=14)
    desks.opens(MONDAY)
    desks.opens(late, contact="terminal:chen", county="如东县", town="")
    desks.opens(MONDAY - timedelta(days=1), contact="terminal:zhu")
    for status, followed in (("answered", None), ("answered", late), ("unknown", None)):
        session.add(Receipt(channel="web", status=status, at=late, ticket_at=followed))
    session.add(Receipt(channel="web", status="answered", at=MONDAY - timedelta(hours=10)))
    session.add(Feedback(article="rural-veteran-60", useful=False, at=MONDAY))
    for question in ("退役军犬怎么领养", "退役军犬怎么领养", "部队发的旧被装怎么处理"):
        gaps.note(session, NoteGap(question, "unknown"), at=MONDAY)
    session.commit()
    gaps.gather(session.get_bind(), knowledge.library.index)

    found = weekly.of(session, WEEK, None)
    told = weekly.text(found, knowledge.library.entry_title)

    assert (found.opened, found.waiting) == (2, 3)
    assert (found.asked, found.told, found.unknown, found.followed) == (3, 2, 1, 1)
    assert (found.gaps[0].question, found.gaps[0].count) == ("退役军犬怎么领养", 2)
    assert "没答上 1 次（33%）" in told
    assert knowledge.library.articles["rural-veteran-60"].title in told
    assert weekly.of(session, WEEK, frozenset({"海门区"})).opened == 1


@pytest.mark.parametrize("week", ["", "2026", "2026-W60", "上周"])
def test_what_is_no_week_is_refused(week: str) -> None:
    with pytest.raises(Refused, match="2026-W47"):
        weekly.monday(week)


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        (datetime(2026, 11, 23, 7, 59, tzinfo=BEIJING), False),
        (datetime(2026, 11, 23, 8, 1, tzinfo=BEIJING), True),
        (datetime(2026, 11, 24, 9, 0, tzinfo=BEIJING), False),
    ],
)
def test_staff_are_told_on_monday_morning(sqlite: Engine, moment: datetime, told: bool) -> None:
    with Session(sqlite) as session:
        for role in ("leader", "editor", "clerk"):
            session.add(Staff(username=role, name=role, password_hash="-", role=role))
        session.commit()
    assert weekly.announce(sqlite, moment) == (2 if told else 0)


def test_of_several_processes_one_tells(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Staff(username="hua", name="华组长", password_hash="-", role="leader"))
        session.commit()
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: weekly.announce(engine, MONDAY), range(4)))
    with Session(engine) as session:
        assert len(session.exec(select(Notice)).all()) == 1
    assert sum(told) == 1
