"""Links the channels of one person: a code from one typed in another, and both sides say yes."""

from __future__ import annotations

import hashlib
import logging
import secrets
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, delete, func, select

from bot import linked
from bot.db import outbox
from bot.db.linking import LinkGuess, LinkRequest
from bot.db.tables import Conversation, State, Ticket
from bot.desk import history
from handlers import effects, linking
from handlers.channelnames import called
from handlers.messages import Contact, Reply

LASTS = timedelta(minutes=10)
"""From the code to its use, and again from its use to the last yes."""
MOST = 6
"""Channels of one person."""
_WRONG, _WINDOW = 5, timedelta(minutes=30)
"""Wrong codes of one contact, and how long they count."""
_WRONG_ALL, _WINDOW_ALL = 200, timedelta(minutes=10)
"""Of everybody: whoever guesses from many addresses stops linking for a while, not more."""
_LASTING = ("region", "profile")
"""What one channel learns from the other; the rest of the memory belongs to a conversation."""
log = logging.getLogger(__name__)


def perform(
    session: Session, contact: Contact, effect: object, *, secret: str, now: datetime
) -> Any:
    """Carry out an effect about linking. Raises TypeError for any other."""
    match effect:
        case effects.OfferLink():
            return _offer(session, contact, secret, now)
        case effects.UseLinkCode():
            return _use(session, contact, _digest(effect.code, secret), now)
        case effects.AnswerLink():
            return _answer(session, contact, now, agree=effect.agree)
        case effects.ListLinks():
            return _others(session, str(contact))
        case effects.Unlink():
            return unlink(session, contact, everything=effect.everything, at=now)
    raise TypeError(f"no one performs {effect!r}")


def unlink(session: Session, contact: Contact, *, everything: bool, at: datetime) -> list[str]:
    """Part ``contact`` from the others, or all from each other; the channels it was linked to.

    The others are told. What lies in tickets stays where each was opened.
    """
    key = str(contact)
    group = linked.contacts(session, key)
    others = [one for one in group if one != key]
    alone = group if everything or len(others) == 1 else [key]
    _note(session, group, f"取消关联：{called(contact.channel)}", at)
    for one in alone:
        conversation = session.get(Conversation, one)
        if conversation is not None:
            conversation.person = None
            _let_go(session, conversation)
    for one in others:
        _tell(session, one, linking.unlinked(contact.channel))
    return [Contact.parse(one).channel for one in others]


def forget(session: Session, keys: list[str]) -> None:
    """Drop everything about linking of a person who asked to be forgotten."""
    for request in (LinkRequest.contact, LinkRequest.claimant):
        session.exec(delete(LinkRequest).where(col(request).in_(keys)))
    session.exec(delete(LinkGuess).where(col(LinkGuess.contact).in_(keys)))


def _offer(session: Session, contact: Contact, secret: str, at: datetime) -> dict[str, Any]:
    """A fresh code, unless somebody waits for an answer to a former one."""
    key, others = str(contact), _others(session, str(contact))
    session.exec(delete(LinkRequest).where(col(LinkRequest.expires_at) <= at))
    if (request := _claimed(session, key)) and not request.agreed_at:
        return {"asks": "claimant", "channel": _channel(request.contact), "linked": others}
    if (request := session.get(LinkRequest, key)) and request.claimant:
        if request.agreed_at:
            return {"asks": "owner", "channel": _channel(request.claimant), "linked": others}
        return {"asks": "wait", "channel": _channel(request.claimant), "linked": others}
    code = _unused(session, secret)
    session.exec(delete(LinkRequest).where(col(LinkRequest.contact) == key))
    session.add(LinkRequest(contact=key, digest=_digest(code, secret), expires_at=at + LASTS))
    return {"code": code, "minutes": LASTS.seconds // 60, "linked": others}


def _use(session: Session, contact: Contact, digest: str, at: datetime) -> dict[str, str]:
    key = str(contact)
    if _too_many(session, key, at):
        return {"outcome": "slow"}
    query = select(LinkRequest).where(LinkRequest.digest == digest, LinkRequest.expires_at > at)
    request = session.exec(query.with_for_update()).first()
    if request is None:
        session.exec(delete(LinkGuess).where(col(LinkGuess.at) < at - timedelta(days=1)))
        session.add(LinkGuess(contact=key, at=at))
        return {"outcome": "wrong"}
    channel = _channel(request.contact)
    if request.contact == key:
        return {"outcome": "own", "channel": channel}
    mine = linked.contacts(session, key)
    if request.contact in mine:
        return {"outcome": "already", "channel": channel}
    if len(mine) + len(linked.contacts(session, request.contact)) > MOST:
        return {"outcome": "full", "channel": channel}
    session.exec(delete(LinkRequest).where(col(LinkRequest.claimant) == key))
    request.digest, request.claimant, request.expires_at = None, key, at + LASTS
    return {"outcome": "found", "channel": channel}


def _answer(session: Session, contact: Contact, at: datetime, *, agree: bool) -> dict[str, str]:
    """What ``contact`` says to the question put to it: first who typed the code, then who got it."""
    key = str(contact)
    request = _claimed(session, key)
    if request is None or request.agreed_at is not None:
        own = session.get(LinkRequest, key)
        request = own if own and own.claimant and own.agreed_at else None
    if request is None or request.claimant is None or request.expires_at <= at:
        return {"outcome": "nothing"}
    other = request.claimant if request.contact == key else request.contact
    channel = _channel(other)
    if not agree:
        session.delete(request)
        _tell(session, other, linking.refused(contact.channel))
        return {"outcome": "refused", "channel": channel}
    if request.contact != key:
        request.agreed_at, request.expires_at = at, at + LASTS
        _tell(session, other, linking.owner_question(contact.channel))
        return {"outcome": "agreed", "channel": channel}
    session.delete(request)
    _link(session, key, other, at)
    _tell(session, other, linking.done(contact.channel))
    return {"outcome": "linked", "channel": channel}


def _link(session: Session, key: str, other: str, at: datetime) -> None:
    """Make one person of two contacts and of all that were linked to either.

    What we remember: each keeps its own; what one lacks it learns from the other.
    """
    group = sorted({*linked.contacts(session, key), *linked.contacts(session, other)})
    person = secrets.token_hex(16)
    found = [one for one in (session.get(Conversation, key) for key in group) if one is not None]
    known: dict[str, Any] = {}
    for conversation in sorted(found, key=lambda one: (one.contact != key, one.contact != other)):
        known = {k: v for k, v in conversation.memory.items() if k in _LASTING} | known
    for conversation in found:
        conversation.person, conversation.memory = person, known | conversation.memory
    session.flush()
    _note(session, group, f"关联：{'、'.join(called(_channel(one)) for one in group)}", at)
    for one in group:
        if one not in (key, other):
            _tell(session, one, linking.done(_channel(other)))


def _let_go(session: Session, conversation: Conversation) -> None:
    """Staff of a ticket that is no longer theirs do not hold the conversation any more."""
    if conversation.held is None:
        return
    query = select(Ticket.contact).where(Ticket.number == conversation.held)
    if session.exec(query).first() != conversation.contact:
        conversation.held = None


def _note(session: Session, group: list[str], words: str, at: datetime) -> None:
    """Staff see in the history of what is open who can read the answers from now on."""
    query = select(Ticket).where(
        col(Ticket.contact).in_(group), col(Ticket.state) != State.RESOLVED
    )
    for ticket in session.exec(query.order_by(col(Ticket.id))).all():
        history.note(session, ticket, "person", "linked", text=words, at=at)


def _too_many(session: Session, key: str, at: datetime) -> bool:
    count = select(func.count()).select_from(LinkGuess)
    own = count.where(LinkGuess.contact == key, LinkGuess.at > at - _WINDOW)
    if session.exec(own).one() >= _WRONG:
        return True
    if session.exec(count.where(LinkGuess.at > at - _WINDOW_ALL)).one() < _WRONG_ALL:
        return False
    log.warning("more than %s wrong link codes in %s: no code is taken", _WRONG_ALL, _WINDOW_ALL)
    return True


def _claimed(session: Session, key: str) -> LinkRequest | None:
    return session.exec(select(LinkRequest).where(LinkRequest.claimant == key)).first()


def _unused(session: Session, secret: str) -> str:
    while True:
        code = f"{secrets.randbelow(10**8):08d}"
        taken = select(LinkRequest.contact).where(LinkRequest.digest == _digest(code, secret))
        if session.exec(taken).first() is None:
            return code


def _digest(code: str, secret: str) -> str:
    return hashlib.blake2b(code.encode(), key=secret.encode()[:64], person=b"link").hexdigest()


def _others(session: Session, key: str) -> list[str]:
    return [_channel(one) for one in linked.contacts(session, key) if one != key]


def _channel(key: str) -> str:
    return Contact.parse(key).channel


def _tell(session: Session, key: str, reply: Reply) -> None:
    outbox.put(session, Contact.parse(key), [reply])
