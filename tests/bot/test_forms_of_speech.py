"""Changed, spoken and late messages, old buttons and links from posters, through the service."""

from __future__ import annotations

from itertools import count

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.db import outbox
from bot.db.tables import TicketEvent
from bot.service import Service
from handlers.messages import Contact, Reply, Update
from knowledge.base import Knowledge

WANG = Contact("telegram", "7")


class Talk:
    """One person's messages and what came back."""

    def __init__(self, engine: Engine, knowledge: Knowledge) -> None:
        self.service = Service(engine, knowledge)
        self._ids = count(1)

    def says(self, text: str, **fields: object) -> list[Reply]:
        update = Update(str(next(self._ids)), WANG, text, **fields)  # type: ignore[arg-type]
        self.service.receive(update)
        with Session(self.service.engine) as session:
            return outbox.take(session, WANG)

    def hears(self, text: str, **fields: object) -> str:
        return "\n".join(reply.text for reply in self.says(text, **fields))


@pytest.fixture
def talk(sqlite: Engine, knowledge: Knowledge) -> Talk:
    return Talk(sqlite, knowledge)


def test_a_slip_mended_at_once_is_asked_anew(talk: Talk) -> None:
    talk.says("残疾军人坐公交车")
    assert "减收50%" in talk.hears("残疾军人坐火车半价吗", edited_after=20.0)


def test_a_message_changed_much_later_is_left_as_it_is(talk: Talk) -> None:
    said = talk.hears("残疾军人坐火车半价吗", edited_after=61.0)
    assert "减收50%" not in said
    assert "直接再发一条" in said


def test_a_change_does_not_answer_the_next_question_of_a_form(talk: Talk) -> None:
    talk.says("/request other-help")
    assert "什么时候开始" in talk.hears("邻居占了我家的地")
    assert "返回上一步" in talk.hears("邻居占了我家的宅基地", edited_after=10.0)
    assert "哪个县市区" in talk.hears("去年")  # the form stands where it stood


def test_danger_is_heard_in_a_changed_and_in_a_spoken_message(talk: Talk) -> None:
    assert "12356" in talk.hears("我不想活了", edited_after=3600.0)
    said = talk.hears("我不想活了", spoken=True)
    assert "120" in said
    assert "听到的是" not in said


def test_staff_who_hold_the_conversation_see_what_was_changed_or_spoken(
    talk: Talk, sqlite: Engine
) -> None:
    talk.says("我不想活了")
    talk.says("我在三星镇", edited_after=100.0)
    talk.says("快来", spoken=True)
    with Session(sqlite) as session:
        told = [event.text for event in session.exec(select(TicketEvent)).all()]
    assert "［改为］我在三星镇" in told
    assert "［语音］快来" in told


def test_what_was_heard_is_shown_before_the_answer(talk: Talk) -> None:
    said = talk.hears("残疾军人坐火车半价吗", spoken=True)
    assert said.startswith("听到的是：“残疾军人坐火车半价吗”")
    assert "减收50%" in said


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("/start article-rural-veteran-60", "60"),
        ("/start service-hardship-aid", "困难"),
        ("/start service-no-such-thing", "登记"),
        ("/start article-no-such-thing", "已经更新"),
        ("/start nonsense", "我是自动答复"),
    ],
)
def test_a_link_from_a_poster_leads_there_or_says_so(talk: Talk, typed: str, words: str) -> None:
    assert words in talk.hears(typed)


@pytest.mark.parametrize(
    "value", ["county=海门区", "agree=yes", "/article gone", "/request gone", "/rate T9 good"]
)
def test_an_old_button_is_answered_politely_and_changes_nothing(talk: Talk, value: str) -> None:
    [reply] = talk.says(value, label="海门区")
    assert reply.text
    assert reply.choices
