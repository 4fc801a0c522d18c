"""Answer receipts: what came of each question, and a code under an answer to find it again.

The code is the row's number, scrambled, with a check character: a slip of the pen is noticed, and
nothing else need be stored. Neither the person nor their words are kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, SQLModel

from bot.db.engine import insert_new, insert_numbered
from bot.db.learning import Receipt
from bot.db.tables import Conversation
from handlers.messages import Reply, Update
from handlers.turn import Turn
from knowledge.library import Library

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0 and O, 1, I and L; their number is prime."""
_BASE = len(ALPHABET)
_SHORTEST, _LONGEST = 5, 8
_STEP, _SHIFT = 7_654_321, 567_890
"""No multiple of the base: multiplying by the first scrambles."""
_ANSWERS = frozenset({"answered", "expired"})
_COUNTED = _ANSWERS | {"unclear", "unknown", "elsewhere"}
_WITHIN = timedelta(hours=24)
_WAITING = "receipts to write"
_RECEIPTS = SQLModel.metadata.tables["receipt"]
_WORDINGS = SQLModel.metadata.tables["wording"]
_QUOTED = re.compile(r"回执(?:码|号|编号)?[ :：为是]{0,3}([0-9A-Za-z]{5,8})(?![0-9A-Za-z])")


@dataclass(frozen=True)
class _Waiting:
    row: dict[str, Any]
    text: str
    """Of the answer; empty if there was none."""
    replies: list[Reply]
    conversation: Conversation
    asked: str | None
    """Id of the update, if somebody typed it."""


def keep(
    session: Session,
    update: Update,
    turn: Turn,
    conversation: Conversation,
    *,
    library: Library,
    at: datetime,
) -> None:
    """Note what came of a question; :func:`write` stores it."""
    status = "offered" if turn.status == "handoff" and turn.offered else turn.status
    if not turn.replies or status not in (*_COUNTED, "offered"):
        return
    county = str(conversation.memory.get("region") or "")[:20]
    row = {"at": at, "channel": update.contact.channel, "status": status, "county": county}
    text = turn.replies[-1].text if status in _ANSWERS else ""
    typed = update.label is None and not update.text.startswith("/")
    one = _Waiting(
        row | _origin(library, turn.article) | {"wording": _digest(text) if text else None},
        text,
        turn.replies,
        conversation,
        update.id if typed else None,
    )
    session.info.setdefault(_WAITING, []).append(one)


def write(session: Session) -> None:
    """Store what was noted, all at once: this is done for every question. Answers get their codes
    as last line."""
    waiting: list[_Waiting] = session.info.pop(_WAITING, [])
    if not waiting:
        return
    database = session.connection()  # the session would write conversations now, and once more
    words = {one.row["wording"]: one.text for one in waiting if one.text}
    if words:  # in their order, so that of two who store the same, one waits
        texts = [{"digest": digest, "text": text} for digest, text in sorted(words.items())]
        database.execute(insert_new(database, _WORDINGS), texts)
    numbers = insert_numbered(database, _RECEIPTS, [one.row for one in waiting])
    for one, number in zip(waiting, numbers, strict=True):
        if one.text:
            last = one.replies[-1]
            one.replies[-1] = replace(last, text=f"{one.text}\n回执 {code(number)}")
            told = {"receipt": number, "asked": one.asked}
            one.conversation.memory = one.conversation.memory | told


def _origin(library: Library, id: str | None) -> dict[str, Any]:
    """Which version of which article it was."""
    article = library.articles.get(id or "")
    return {
        "topic": article.topic if article else "",
        "article": article.id if article else "",
        "version": library.versions[article.id] if article else "",
        "assured_on": article.assured_on if article else None,
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def of(session: Session, number: int | None) -> Receipt | None:
    """The receipt with this number, if it is still kept."""
    return session.get(Receipt, number) if number else None


def note_ticket(session: Session, contact: str, *, at: datetime) -> Receipt | None:
    """The answer after which somebody opens a ticket, within a day; noted for the reports."""
    conversation = session.get(Conversation, contact)
    receipt = of(session, conversation.memory.get("receipt")) if conversation else None
    if receipt is None or at - receipt.at > _WITHIN:
        return None
    receipt.ticket_at = receipt.ticket_at or at
    return receipt


def code(number: int) -> str:
    """The code of a receipt: ``K7M2Q``. Five characters for the first 923,521, then more."""
    digits, rest = _SHORTEST - 1, number - 1
    while rest >= _BASE**digits:
        rest -= _BASE**digits
        digits += 1
    mixed = (rest * _STEP + _SHIFT) % _BASE**digits
    places = [mixed // _BASE**place % _BASE for place in reversed(range(digits))]
    return "".join(ALPHABET[place] for place in (*places, _check(places)))


def number(code: str) -> int | None:
    """The receipt a code stands for, however it is written; None if it cannot be right."""
    plain = re.sub(r"[\s-]", "", code).upper().removeprefix("回执")
    if not _SHORTEST <= len(plain) <= _LONGEST or not set(plain) <= set(ALPHABET):
        return None
    places = [ALPHABET.index(one) for one in plain]
    *places, check = places
    if _check(places) != check:
        return None
    digits = len(places)
    mixed = 0
    for place in places:
        mixed = mixed * _BASE + place
    rest: int = (mixed - _SHIFT) * pow(_STEP, -1, _BASE**digits) % _BASE**digits
    shorter: int = sum(_BASE**fewer for fewer in range(_SHORTEST - 1, digits))
    return rest + 1 + shorter


def quoted(text: str) -> Iterator[int]:
    """The receipts somebody names in what they write (回执 K7M2Q)."""
    for found in _QUOTED.finditer(text):
        if one := number(found[1]):
            yield one


def _check(places: list[int]) -> int:
    """Finds every wrong and every two exchanged characters: weights differ, the base is prime."""
    return (7 + sum(weight * place for weight, place in enumerate(places, start=2))) % _BASE
