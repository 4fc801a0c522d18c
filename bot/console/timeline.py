"""What was said and what was done about one ticket, as its page shows it."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, select

from bot.console.moments import shown
from bot.db.tables import Message, Staff, Status, TicketEvent
from bot.desk.words import KINDS
from handlers.channelnames import called
from handlers.messages import Contact


@dataclass(frozen=True)
class Said:
    """One message of the conversation."""

    side: str
    """``person``, ``bot`` or ``staff``."""
    author: str
    at: str
    text: str
    delivery: str
    """``sent``, ``queued``, ``failed`` or nothing, for what the person said."""
    fate: str
    """The delivery in words."""


@dataclass(frozen=True)
class Done:
    """One line of the history; the same thing done in a row is one line."""

    at: str
    actor: str
    what: str
    moved: str
    """State before and after, where it changed."""
    text: str
    times: int = 1


def conversation(
    messages: Sequence[Message], *, pulled: Container[str], now: datetime
) -> tuple[Said, ...]:
    """The messages in the order given; ``pulled`` names the channels where the person has to open
    a page for them. Where they came by several channels, each says by which."""
    several = len({message.contact for message in messages}) > 1
    found = []
    for message in messages:
        channel = Contact.parse(message.contact).channel
        said = _said(message, pulled=channel in pulled, now=now)
        found.append(
            replace(said, author=f"{said.author}（{called(channel)}）") if several else said
        )
    return tuple(found)


def history(
    events: Sequence[TicketEvent], *, names: Mapping[str, str], now: datetime
) -> tuple[Done, ...]:
    """Everything that was done, oldest first. Notes' words are not repeated here."""
    lines: list[Done] = []
    for event in events:
        line = _done(event, names, now)
        if lines and event.kind == "viewed" and _same(lines[-1], line):
            lines[-1] = replace(line, times=lines[-1].times + 1)
        else:
            lines.append(line)
    return tuple(lines)


def notes(
    events: Sequence[TicketEvent], *, names: Mapping[str, str], now: datetime
) -> tuple[Done, ...]:
    """What colleagues wrote for each other, oldest first."""
    found = [event for event in events if event.kind == "noted"]
    return tuple(replace(_done(event, names, now), text=event.text) for event in found)


def names(db: Session) -> dict[str, str]:
    """Actor → who that is."""
    staff = db.exec(select(Staff.username, Staff.name)).all()
    known = {f"staff:{username}": name for username, name in staff}
    return known | {"person": "当事人", "system": "系统"}


def _said(message: Message, *, pulled: bool, now: datetime) -> Said:
    author = str(message.extras.get("author", ""))
    received = message.status == Status.RECEIVED
    return Said(
        side="person" if received else "staff" if author else "bot",
        author="当事人" if received else author or "自动答复",
        at=shown(message.created_at, now),
        text=str(message.extras.get("label") or message.text),
        delivery="" if received else message.status,
        fate="" if received else _fate(message, pulled=pulled, now=now),
    )


def _fate(message: Message, *, pulled: bool, now: datetime) -> str:
    if message.status == Status.SENT:
        return f"已送达 {shown(message.sent_at, now)}" if message.sent_at else "已送达"
    if message.status == Status.FAILED:
        return f"发送失败：{message.error or '原因不明'}"
    if pulled:
        return "待发送：对方打开网页时送达"
    return f"待发送：第 {message.attempts} 次没成功，会再试" if message.error else "待发送"


def _done(event: TicketEvent, names: Mapping[str, str], now: datetime) -> Done:
    changed = event.before != event.after and event.after
    return Done(
        at=shown(event.at, now),
        actor=names.get(event.actor, event.actor.removeprefix("staff:")),
        what=KINDS.get(event.kind, event.kind),
        moved=f"{event.before} → {event.after}".removeprefix(" → ") if changed else "",
        text="" if event.kind == "noted" else event.text,
    )


def _same(one: Done, other: Done) -> bool:
    return (one.actor, one.what) == (other.actor, other.what)
