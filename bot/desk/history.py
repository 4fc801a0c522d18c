"""The history: one line for everything that happens, chained when the transaction commits.

What happens to a ticket is also told in its topic on Telegram, in words without anything personal.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.orm import Session as AnySession
from sqlmodel import Session, col, select

from bot.db.desk import ChainHead
from bot.db.tables import Ticket, TicketEvent, now
from bot.desk import rooms

START = "0" * 64
"""What the first link hangs on."""
_HEAD = 1
_FLAG = "unchained history"


def note(
    session: Session,
    ticket: Ticket | None,
    actor: str,
    kind: str,
    *,
    text: str = "",
    before: str = "",
    after: str = "",
    at: datetime | None = None,
) -> TicketEvent:
    """Write one line; it is chained to the one before when the transaction commits."""
    line = TicketEvent(
        ticket_id=ticket.id if ticket else None,
        at=at or now(),
        actor=actor,
        kind=kind,
        text=text,
        before=before,
        after=after,
    )
    session.add(line)
    session.info[_FLAG] = True
    if ticket is not None:
        rooms.follow(session, ticket, line)
    return line


def erase(line: TicketEvent) -> None:
    """Take the words out of a line, at a person's wish; the chain holds their digest only."""
    line.text, line.salt = "", ""


@event.listens_for(AnySession, "before_commit")
def _seal(session: AnySession) -> None:
    # As the last thing before the commit: the head's row is the queue all writers pass, and
    # taken last nobody waits for anything while they hold it.
    if session.in_nested_transaction() or not session.info.pop(_FLAG, False):
        return
    session.flush()
    head = _head(session)
    fresh = select(TicketEvent).where(col(TicketEvent.seq).is_(None))
    for line in session.scalars(fresh.order_by(col(TicketEvent.id))).all():
        line.salt = secrets.token_hex(16)
        line.digest = digest(line)
        line.seq = head.seq + 1
        line.link = link(line, head.link)
        head.seq, head.link = line.seq, line.link
    session.flush()


def _head(session: AnySession) -> ChainHead:
    query = select(ChainHead).where(ChainHead.id == _HEAD)
    found = session.scalars(query.with_for_update().execution_options(populate_existing=True))
    if head := found.first():
        return head
    head = ChainHead(id=_HEAD, seq=0, link=START)
    session.add(head)
    session.flush()
    return head


def digest(line: TicketEvent) -> str:
    """What stands for the words of a line; without the salt nobody can guess them from it."""
    return hashlib.sha256(f"{line.salt}\0{line.text}".encode()).hexdigest()


def link(line: TicketEvent, previous: str) -> str:
    """Of a line and everything before it. Moments count in whole milliseconds."""
    what = [
        previous,
        line.seq,
        line.ticket_id,
        round(line.at.timestamp() * 1000),
        line.actor,
        line.kind,
        line.before,
        line.after,
        line.digest,
    ]
    return hashlib.sha256(json.dumps(what, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Broken:
    """Where the history is not what was written."""

    seq: int | None
    why: str


@dataclass(frozen=True)
class Checked:
    """What a check of the whole history found."""

    lines: int
    link: str
    """Of the last line: written down elsewhere, it proves the history up to here."""
    problems: tuple[Broken, ...]


def head(session: Session) -> tuple[int, str]:
    """How many lines there are, and the link of the last."""
    found = session.get(ChainHead, _HEAD)
    return (found.seq, found.link) if found else (0, START)


def verify(session: Session, *, expected: tuple[int, str] | None = None) -> Checked:
    """Walk the whole chain. ``expected`` is a line number and link noted earlier."""
    problems: list[Broken] = []
    previous, count = START, 0
    for line in _lines(session):
        count += 1
        problems += _problems(line, previous, count)
        if expected and line.seq == expected[0] and line.link != expected[1]:
            problems.append(Broken(line.seq, "和当时抄下的校验码不一致，之前的记录被改写过"))
        previous, count = line.link, line.seq or count
    problems += _end_problems(session, count, previous, expected)
    return Checked(count, previous, tuple(problems))


def _lines(session: Session) -> Iterator[TicketEvent]:
    query = select(TicketEvent).where(col(TicketEvent.seq).is_not(None))
    yield from session.exec(query.order_by(col(TicketEvent.seq)).execution_options(yield_per=1000))


def _problems(line: TicketEvent, previous: str, count: int) -> Iterator[Broken]:
    if line.seq != count:
        yield Broken(line.seq, f"第 {count} 条起缺了记录")
    if line.salt and digest(line) != line.digest:
        yield Broken(line.seq, "文字被改过")
    if not line.salt and line.text:
        yield Broken(line.seq, "已删除的文字又出现了")
    if link(line, previous) != line.link:
        yield Broken(line.seq, "记录被改过，或前面少了记录")


def _end_problems(
    session: Session, count: int, last: str, expected: tuple[int, str] | None
) -> Iterator[Broken]:
    head = session.get(ChainHead, _HEAD)
    if (head.seq, head.link) != (count, last) if head else count:
        yield Broken(count, "最后的记录被删掉了")
    if expected and expected[0] > count:
        yield Broken(count, f"抄下的第 {expected[0]} 条不见了")
    loose = session.exec(
        select(TicketEvent.id).where(col(TicketEvent.seq).is_(None)).limit(1)
    ).first()
    if loose is not None:
        yield Broken(None, f"编号 {loose} 的记录没有经过程序写入")
