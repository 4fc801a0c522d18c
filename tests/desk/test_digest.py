"""The morning digest on both databases: whichever process comes first, it is posted once."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.db import outbox
from bot.db.tables import Message, Status
from bot.desk import digest, effects
from bot.desk.clock import BEIJING
from bot.staffrooms import Staffrooms
from handlers.messages import Contact, Reply

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=BEIJING)


def test_of_three_processes_one_posts_the_digest(engine: Engine) -> None:
    gate, posted = threading.Barrier(3), []

    def look() -> None:
        gate.wait()
        posted.append(digest.post_due(engine, NINE, -100))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(posted) == [0, 0, 1]
    with Session(engine) as session:
        said = outbox.take(session, Contact("telegram-staff", "-100"))
    assert [one.text.splitlines()[0] for one in said] == ["11月23日早报：在办 0 件"]


def test_news_that_waited_for_days_is_not_sent_any_more(sqlite: Engine) -> None:
    with Session(sqlite) as session:
        outbox.put(session, Contact("telegram-staff", "-100"), [Reply("旧闻")])
        outbox.put(session, Contact("telegram", "7"), [Reply("给当事人的话")])
        session.commit()
        made = session.exec(select(Message.created_at)).first()
    assert made is not None
    Staffrooms(sqlite, effects.Settings(), clock=lambda: made + timedelta(days=2)).begin()
    with Session(sqlite) as session:
        waiting = select(Message.text).where(Message.status == Status.QUEUED)
        assert session.exec(waiting).all() == ["给当事人的话"]
