"""What nobody answered comes together, is counted, decided on, and comes back when asked again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, col, func, select

from bot.db import forgetting, schema
from bot.db.learning import Gap, Unanswered
from bot.db.tables import Staff, now
from bot.desk import gaps
from bot.desk.finding import NotYours, Refused
from handlers.effects import NoteGap
from knowledge.base import Knowledge
from tests.person import Person

DOG, CLOTHES = "退役军犬怎么领养", "部队发的旧被装怎么处理"


def asked(engine: Engine, *questions: str, at: datetime | None = None, county: str = "") -> None:
    with Session(engine) as session:
        for question in questions:
            gaps.note(session, NoteGap(question, "unknown", "", county), at=at or now())
        session.commit()


def staff(engine: Engine, role: str, county: str | None) -> Staff:
    with Session(engine, expire_on_commit=False) as session:
        one = Staff(
            username=f"{role}{county}", name=role, password_hash="-", role=role, county=county
        )
        session.add(one)
        session.commit()
        return one


def listed(engine: Engine, who: Staff, **more: Any) -> list[tuple[str, int]]:
    with Session(engine) as session:
        lines, _ = gaps.ranked(session, who, now=now(), **more)
        return [(one.question, one.count) for one in lines]


def test_the_same_questions_make_one_gap_the_most_asked_first(
    engine: Engine, knowledge: Knowledge
) -> None:
    asked(engine, CLOTHES, DOG, "军犬退役后能领养吗", "请问退役军犬怎么领养")
    editor = staff(engine, "editor", None)

    assert gaps.gather(engine, knowledge.library.index) == 4
    assert listed(engine, editor) == [(DOG, 3), (CLOTHES, 1)]
    asked(engine, DOG)
    assert gaps.gather(engine, knowledge.library.index) == 1
    assert gaps.gather(engine, knowledge.library.index) == 0
    assert listed(engine, editor) == [(DOG, 4), (CLOTHES, 1)]


def test_the_same_questions_make_the_same_gaps_wherever_the_batches_end(
    sqlite: Engine, knowledge: Knowledge
) -> None:
    questions = [
        DOG,
        CLOTHES,
        "军犬退役后能领养吗",
        "战友聚会能报销吗",
        "请问部队发的被装怎么处理",
    ] * 2
    asked(sqlite, *questions)
    gaps.gather(sqlite, knowledge.library.index)
    with Session(sqlite) as session:
        at_once = session.exec(select(Unanswered.gap).order_by(col(Unanswered.id))).all()
        session.exec(text("UPDATE unanswered SET gap = NULL"))  # type: ignore[call-overload]
        session.exec(text("DELETE FROM gap"))  # type: ignore[call-overload]
        session.commit()
    while gaps.gather(sqlite, knowledge.library.index, batch=1):
        pass
    with Session(sqlite) as session:
        assert session.exec(select(Unanswered.gap).order_by(col(Unanswered.id))).all() == at_once


def test_a_question_is_stored_without_what_points_to_a_person(engine: Engine) -> None:
    asked(engine, "我叫王建国，电话13800138000，军犬退役后能领养吗")
    with Session(engine) as session:
        question = session.exec(select(Unanswered.question)).one()
    assert "军犬" in question
    assert "王建国" not in question
    assert "8000" not in question
    with engine.connect() as connection:
        assert "军犬" not in str(connection.exec_driver_sql("SELECT * FROM unanswered").all())


def test_an_answer_judged_useless_becomes_a_gap_with_its_question_once(
    person: Person, engine: Engine
) -> None:
    person.says("优待证丢了怎么补办")
    person.presses("没用")
    person.presses("和我知道的不一样")
    person.says("/useless preferential-card-lost-replace wrong")
    with Session(engine) as session:
        one = session.exec(select(Unanswered)).one()
    assert (one.question, one.status) == ("优待证丢了怎么补办", "useless")
    assert one.near == "preferential-card-lost-replace"


def test_a_button_pressed_is_no_question(person: Person, engine: Engine) -> None:
    person.says("/article preferential-card-lost-replace")
    person.says("/useless preferential-card-lost-replace wrong")
    with Session(engine) as session:
        assert session.exec(select(Unanswered)).all() == []


def test_editors_see_their_county_and_what_comes_from_nobody_knows_where(
    sqlite: Engine, knowledge: Knowledge
) -> None:
    asked(sqlite, DOG, county="海门区")
    asked(sqlite, DOG, DOG, CLOTHES, county="如东县")
    asked(sqlite, DOG)
    gaps.gather(sqlite, knowledge.library.index)
    haimen, rudong = staff(sqlite, "editor", "海门区"), staff(sqlite, "editor", "如东县")

    assert listed(sqlite, haimen) == [(DOG, 2)]
    assert listed(sqlite, rudong) == [(DOG, 3), (CLOTHES, 1)]
    assert listed(sqlite, staff(sqlite, "auditor", None)) == []
    with Session(sqlite) as session:
        clothes = session.exec(select(Gap.id).order_by(col(Gap.id).desc())).first() or 0
        with pytest.raises(NotYours):
            gaps.find(session, haimen, clothes)
        assert len(gaps.find(session, rudong, clothes)[1]) == 1


def test_what_was_solved_opens_again_when_asked_again_and_what_is_not_done_stays(
    sqlite: Engine, knowledge: Knowledge
) -> None:
    asked(sqlite, DOG, CLOTHES, at=now() - timedelta(days=2))
    gaps.gather(sqlite, knowledge.library.index)
    editor = staff(sqlite, "editor", None)
    with Session(sqlite) as session:
        dog, clothes = session.exec(select(Gap).order_by(col(Gap.id))).all()
        with pytest.raises(Refused, match="原因"):
            gaps.decide(session, clothes, editor, "wont", " ", at=now())
        gaps.decide(session, dog, editor, "done", "", at=now() - timedelta(days=1))
        gaps.decide(session, clothes, editor, "wont", "不归我们管", at=now() - timedelta(days=1))
        session.commit()
    assert listed(sqlite, editor) == []

    asked(sqlite, DOG, CLOTHES)
    gaps.gather(sqlite, knowledge.library.index)

    assert listed(sqlite, editor) == [(DOG, 2)]
    assert listed(sqlite, editor, state="wont") == [(CLOTHES, 2)]


def test_old_questions_are_deleted_and_gaps_without_any(
    sqlite: Engine, knowledge: Knowledge
) -> None:
    asked(sqlite, DOG, at=now() - timedelta(days=400))
    asked(sqlite, CLOTHES)
    gaps.gather(sqlite, knowledge.library.index)
    age = timedelta(days=365)
    assert forgetting.purge_questions(sqlite, age, dry_run=True) == 1
    assert forgetting.purge_questions(sqlite, age) == 1
    with Session(sqlite) as session:
        assert session.exec(select(Unanswered.question)).all() == [CLOTHES]
        assert session.exec(select(func.count()).select_from(Gap)).one() == 1


def test_questions_noted_before_gaps_were_grouped_are_kept(engine: Engine) -> None:
    schema.downgrade(engine, "0009")
    with engine.begin() as connection:
        row = {"question": CLOTHES, "status": "unknown", "at": now()}
        words = "INSERT INTO gap (question, status, at) VALUES (:question, :status, :at)"
        connection.execute(text(words), row)
    schema.migrate(engine)
    with Session(engine) as session:
        assert session.exec(select(Unanswered.question)).one() == CLOTHES
    schema.downgrade(engine, "0009")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT question FROM gap")).scalar() == CLOTHES
    schema.migrate(engine)
