"""What the desk says in its groups on Telegram: in the topic of a ticket, or to all.

Telegram's servers are abroad: nothing personal goes there – number, kind, region, state only.
A message to ``telegram-staff:<group>/<number>`` goes into the ticket's topic, to
``telegram-staff:<group>`` to everybody; the channel makes, renames and finds topics.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlmodel import Session, SQLModel, col, select

from bot.db import outbox
from bot.db.engine import insert_new
from bot.db.group import StaffGroup, Topic
from bot.db.tables import Desk, Staff, Ticket, TicketEvent
from bot.desk.words import KINDS
from handlers.messages import Choice, Contact, Reply

CHANNEL = "telegram-staff"
_SPEAKING = "room somebody speaks in"
_TOLD = frozenset(
    {
        "claimed", "assigned", "begun", "replied", "asked", "noted", "added", "attached",
        "resolved", "reopened", "withdrawn", "objected", "raised", "rated", "transferred",
        "returned", "climbed", "merged", "absorbed", "forgotten",
    }
)  # fmt: skip
"""What colleagues in the group want to know; of the words nothing is told."""
_LEAVING = frozenset({"transferred", "climbed", "raised"})


def post(session: Session, ticket: Ticket, head: str, title: str, fallback: int | None) -> None:
    """Say something about a ticket in the group of its desk, else in ``fallback``, with buttons."""
    chat = chat_of(session, ticket, fallback)
    if chat is None:
        return
    enter(session, ticket, chat)
    text = f"{head} {ticket.number}\n类别：{title}\n区县：{ticket.county or '未知'}"
    say(session, chat, text, ticket=ticket, choices=buttons(ticket))


def say(
    session: Session,
    chat: int,
    text: str,
    *,
    ticket: Ticket | None = None,
    choices: tuple[Choice, ...] = (),
) -> None:
    """Say something to a group, or in the topic that ``ticket`` has there."""
    address = f"{chat}/{ticket.number}" if ticket else str(chat)
    outbox.put(session, Contact(CHANNEL, address), [Reply(text, choices=choices)])


def follow(session: Session, ticket: Ticket, line: TicketEvent) -> None:
    """Tell a ticket's topics what was done, but not the one in which it was said."""
    if line.kind not in _TOLD:
        return
    for chat in _hearing(session, ticket):
        if session.info.get(_SPEAKING) != (chat, ticket.number):
            say(session, chat, _told(session, ticket, line), ticket=ticket)


def follow_move(session: Session, ticket: Ticket) -> None:
    """A ticket has come to another desk: its group hears of it now, with buttons, no other."""
    chat = chat_of(session, ticket, None)
    for topic in session.exec(select(Topic).where(Topic.ticket_id == ticket.id)).all():
        topic.left = topic.chat != chat
    if chat is not None:
        enter(session, ticket, chat)
        words = f"转来工单 {ticket.number}，等待认领\n区县：{ticket.county or '未知'}"
        say(session, chat, words, ticket=ticket, choices=buttons(ticket))


def undelivered(session: Session, number: str) -> None:
    """What was sent to the person of a ticket will not arrive."""
    ticket = session.exec(select(Ticket).where(Ticket.number == number)).first()
    if ticket is None:
        return
    words = f"✗ {number} 有一条消息没有送到当事人，请到工作台看原因，或打电话。"
    for chat in _hearing(session, ticket):
        say(session, chat, words, ticket=ticket)


@contextmanager
def speaking(session: Session, chat: int, number: str) -> Iterator[None]:
    """Meanwhile ``follow`` leaves out the topic where the answer will be read anyway."""
    session.info[_SPEAKING] = (chat, number)
    try:
        yield
    finally:
        del session.info[_SPEAKING]


def chat_of(session: Session, ticket: Ticket, fallback: int | None) -> int | None:
    """The group that hears of a ticket: its desk's, else the one for the rest; None if none."""
    desk = session.get(Desk, ticket.desk) if ticket.desk else None
    found = desk.telegram_group if desk and desk.telegram_group else fallback or rest(session)
    return None if found is None else current(session, found)


def rest(session: Session) -> int | None:
    """The group for desks that have none."""
    return session.exec(select(StaffGroup.chat).where(col(StaffGroup.rest).is_(True))).first()


def keep_rest(session: Session, chat: int | None) -> None:
    """From now on this group hears of the desks that have none; the caller commits."""
    for one in session.exec(select(StaffGroup).where(col(StaffGroup.rest).is_(True))).all():
        one.rest = False
    if chat is not None:
        known(session, chat).rest = True


def known(session: Session, chat: int) -> StaffGroup:
    """What we know of a group, to be changed."""
    _insert(session, StaffGroup(chat=chat))
    return session.exec(select(StaffGroup).where(StaffGroup.chat == chat)).one()


def current(session: Session, chat: int) -> int:
    """The number a group has now."""
    while (found := session.get(StaffGroup, chat)) and found.moved_to:
        chat = found.moved_to
    return chat


def has_topics(session: Session, chat: int) -> bool:
    """Whether tickets have topics in a group, as far as we know."""
    found = session.get(StaffGroup, chat)
    return found is None or found.plain_until is None


def title(ticket: Ticket, service: str, *, left: bool = False) -> str:
    """What a topic is called: state, number, kind, town; ``left`` where it has gone elsewhere."""
    state = "已转出" if left else ticket.state
    where = ticket.town or ticket.county or "地区未填"
    urgent = "‼️" if ticket.priority == "crisis" else ""
    return f"{urgent}[{state}] {ticket.number} {service} {where}"[:128]


def buttons(ticket: Ticket) -> tuple[Choice, ...]:
    """What can be done with a ticket by one touch."""
    claim = () if ticket.owner else (("/claim", "接单"),)
    rest = (
        ("/assign", "转派"), ("/note", "备注"), ("/ask", "待补材料"), ("/close?", "办结"),
        ("/console", "打开控制台"),
    )  # fmt: skip
    return tuple(Choice(f"{what} {ticket.number}", label) for what, label in (*claim, *rest))


def enter(session: Session, ticket: Ticket, chat: int) -> None:
    """Note that the ticket has a topic in the group; the channel makes it."""
    topic = session.get(Topic, (chat, ticket.id))
    if topic is None:
        _insert(session, Topic(chat=chat, ticket_id=ticket.id or 0))
    elif topic.left:
        topic.left = False


def _insert(session: Session, row: SQLModel) -> None:
    """Add a row unless another process has it there already."""
    session.flush()
    table = SQLModel.metadata.tables[type(row).__name__.lower()]
    session.execute(insert_new(session.get_bind(), table), [row.model_dump()])


def _hearing(session: Session, ticket: Ticket) -> Sequence[int]:
    """The groups that hear of a ticket."""
    query = select(Topic.chat).where(Topic.ticket_id == ticket.id, col(Topic.left).is_(False))
    return session.exec(query.order_by(col(Topic.chat))).all()


def _told(session: Session, ticket: Ticket, line: TicketEvent) -> str:
    who = _who(session, line.actor)
    to = f"：{line.after}" if line.kind in (*_LEAVING, "assigned", "rated") else ""
    return f"{ticket.number} {who}{KINDS[line.kind]}{to}（{ticket.state}）"


def _who(session: Session, actor: str) -> str:
    if not actor.startswith("staff:"):
        return {"person": "当事人"}.get(actor, "自动")
    username = actor.removeprefix("staff:")
    name = session.exec(select(Staff.name).where(Staff.username == username)).first()
    return f"{name or username} "
