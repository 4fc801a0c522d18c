"""How many messages we may still send a person on our own, where a platform counts them.

WeChat: 5 in the 48 hours after a message, 3 in the minute after a menu click, a scan or a new
follower – https://developers.weixin.qq.com/doc/subscription/guide/product/kf/intro.md
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from sqlalchemy import ColumnElement, Engine, func, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, select

from bot.db.tables import Allowance, now
from handlers.messages import Contact

_GRANTS = {"message": (5, timedelta(hours=48)), "action": (3, timedelta(minutes=1))}
_COUNTED = frozenset({"wechat"})
"""Channels whose platform counts."""
_BEIJING = timezone(timedelta(hours=8))


class Allowances:
    """The counters, as a channel uses them from the event loop."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime] = now) -> None:
        self.engine = engine
        self.clock = clock

    async def grant(self, contact: Contact, kind: str) -> None:
        """The person did something: the counter of that kind starts anew."""
        await asyncio.to_thread(self._in_session, grant, contact, kind)

    async def spend(self, contact: Contact, count: int) -> str | None:
        """Take ``count`` messages; the kind they were taken from, None if there are not enough."""
        with_kind = await asyncio.to_thread(self._in_session, spend, contact, count)
        return str(with_kind) if with_kind else None

    async def refund(self, contact: Contact, kind: str, count: int) -> None:
        """Give back what was not sent."""
        await asyncio.to_thread(self._in_session, refund, contact, (kind, count))

    async def exhaust(self, contact: Contact) -> None:
        """The platform says that nothing is left."""
        await asyncio.to_thread(self._in_session, forget, contact)

    def _in_session(
        self, act: Callable[..., object], contact: Contact, argument: object = None
    ) -> object:
        with Session(self.engine) as session:
            found = act(session, contact, argument, self.clock())
            session.commit()
            return found


def reachability(session: Session, contact: Contact, at: datetime) -> str | None:
    """What staff should know before they write: ``还可发 3 条``; None where nobody counts."""
    if contact.channel not in _COUNTED:
        return None
    query = select(func.sum(Allowance.remaining), func.max(Allowance.until)).where(
        *_open(contact, at)
    )
    remaining, until = session.exec(query).one()
    if not remaining:
        return "微信暂时不让我们主动发消息：您写的答复会等对方再发消息（比如“查进度”）时送到；急事请打电话"
    until = (until if until.tzinfo else until.replace(tzinfo=at.tzinfo)).astimezone(_BEIJING)
    return f"微信还可发 {remaining} 条（{until.month}月{until.day}日 {until:%H:%M} 前；对方再发消息后重新计数）"


def grant(session: Session, contact: Contact, kind: str, at: datetime) -> None:
    """Start the counter of ``kind`` anew; a second copy of the update may do so at once."""
    count, time = _GRANTS[kind]
    key = {"contact": str(contact), "kind": kind}
    anew = update(Allowance).filter_by(**key).values(remaining=count, until=at + time)
    if session.exec(anew).rowcount:
        return
    try:
        with session.begin_nested():
            session.add(Allowance(**key, remaining=count, until=at + time))
    except IntegrityError:
        session.exec(anew)


def spend(session: Session, contact: Contact, count: int, at: datetime) -> str | None:
    """Take ``count`` from one counter, the one that ends first; its kind, or None."""
    query = select(Allowance.kind).where(*_open(contact, at)).order_by(col(Allowance.until))
    for kind in session.exec(query).all():
        enough = (col(Allowance.kind) == kind, col(Allowance.remaining) >= count)
        taken = session.exec(
            update(Allowance)
            .where(*_open(contact, at), *enough)
            .values(remaining=Allowance.remaining - count)
        )
        if taken.rowcount:
            return kind
    return None


def refund(session: Session, contact: Contact, what: tuple[str, int], at: datetime) -> None:
    """Put back what ``spend`` took, unless the person has started the counter anew since."""
    kind, count = what
    most = _GRANTS[kind][0]
    session.exec(
        update(Allowance)
        .where(
            *_open(contact, at),
            col(Allowance.kind) == kind,
            col(Allowance.remaining) + count <= most,
        )
        .values(remaining=Allowance.remaining + count)
    )


def forget(session: Session, contact: Contact, _: object = None, _at: object = None) -> None:
    """Drop the counters of a person."""
    session.exec(delete(Allowance).where(col(Allowance.contact) == str(contact)))


def _open(contact: Contact, at: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Allowance.contact) == str(contact),
        col(Allowance.until) > at,
        col(Allowance.remaining) > 0,
    )
