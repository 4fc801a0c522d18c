"""The groups of staff on Telegram: who may speak there, about which tickets, and the answer.

Every wish is answered with ✓, or with ✗ and the reason. Nobody but staff learns anything, and
nothing about a ticket is said in the group of another county.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from bot.channels.staffroom import GroupMessage
from bot.db.group import Topic
from bot.db.tables import Staff, Ticket
from bot.desk import groupdoing, grouptalk, rooms
from bot.desk.effects import Settings
from bot.desk.finding import Refused
from bot.desk.groupoffice import Answer, Doing, office_of

_STRANGER = (
    "这个 Telegram 账号还没有绑定工作人员，不能办理。请管理员在人员名单的“Telegram账号”里填上编号"
)
_NAMELESS = "请不要用匿名身份（或频道）发言：不知道您是谁，不能办理"
_UNREADABLE = "这里只认文字。照片、语音、文件请到工作台发"
_NOT_SENT = (
    "这条没有发给当事人，也没有记下。记备注：行首打 //；"
    "回复当事人：先看 /help；只和同事商量，请到“General”里说"
)


def act(session: Session, said: GroupMessage, settings: Settings, now: datetime) -> None:
    """Do what a member of a group asks for and say how it went; the caller commits.

    Groups that belong to no desk are not answered.
    """
    chat = rooms.current(session, said.chat)
    office = office_of(session, chat, settings)
    if office is None:
        return
    topic = _ticket_of(session, chat, said.thread)
    wish = grouptalk.read(said, topic.number if topic else "")
    if wish is None or (topic is None and not said.readable):
        return
    try:
        number = topic.number if topic else ""
        answer = _answer(said, wish, Doing(session, chat, number, office, settings, now))
    except Refused as refusal:
        answer = Answer(f"✗ {_named(wish.number)}{refusal}")
    rooms.say(session, chat, answer.text, ticket=topic, choices=answer.choices)


def apologise(session: Session, said: GroupMessage, error: str, settings: Settings) -> None:
    """Something broke: say that nothing was done."""
    chat = rooms.current(session, said.chat)
    if office_of(session, chat, settings) is not None:
        topic = _ticket_of(session, chat, said.thread)
        rooms.say(
            session, chat, f"✗ 程序出错，没有办成（错误号 {error}）。请到工作台办理", ticket=topic
        )


def _answer(said: GroupMessage, wish: grouptalk.Wish, doing: Doing) -> Answer:
    session = doing.session
    if said.sender is None:
        raise Refused(_NAMELESS)
    staff = session.exec(select(Staff).where(Staff.telegram_id == said.sender)).first()
    if staff is None or staff.disabled_at is not None:
        raise Refused(f"{_STRANGER} {said.sender}")
    if not said.readable:
        raise Refused(_UNREADABLE)
    if wish.what == "chat":
        raise Refused(_NOT_SENT)
    here = _is_read_here(session, doing.chat, said)
    with session.begin_nested(), rooms.speaking(session, doing.chat, wish.number if here else ""):
        return groupdoing.do(doing, staff, wish)


def _is_read_here(session: Session, chat: int, said: GroupMessage) -> bool:
    """Whether the answer appears where the ticket's own news would: one line is enough."""
    return said.thread is not None or not rooms.has_topics(session, chat)


def _named(number: str) -> str:
    return f"{number}：" if number else ""


def _ticket_of(session: Session, chat: int, thread: int | None) -> Ticket | None:
    """The ticket whose topic it is."""
    if thread is None:
        return None
    query = select(Ticket).join(Topic, col(Topic.ticket_id) == col(Ticket.id))
    return session.exec(query.where(Topic.chat == chat, Topic.thread == thread)).first()
