"""One update in, one transaction out."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as OutOfConnections
from sqlmodel import Session, col, select

import handlers
from bot.db import outbox
from bot.db.tables import Conversation, Message, Status, now
from bot.desk import effects as desk
from bot.desk import group
from bot.privacy import mask
from handlers.closing import Closing
from handlers.messages import Reply, Update
from handlers.turn import Situation, Turn
from knowledge.base import Knowledge

IDLE = timedelta(hours=12)
"""After this long, an open question is shown again before anything answers it."""
log = logging.getLogger(__name__)
STAFF_CHANNEL = "telegram-staff"
"""A button pressed in the staff group: the contact is a member of staff, not a veteran."""


class Service:
    """Answers updates. Safe to call from many threads and many processes at once."""

    def __init__(
        self,
        engine: Engine,
        knowledge: Knowledge,
        *,
        desk_settings: desk.Settings | None = None,
        clock: Callable[[], datetime] = now,
    ) -> None:
        self.engine = engine
        self.knowledge = knowledge
        self.settings = desk_settings or desk.Settings()
        self.clock = clock
        self.closings: Mapping[str, Closing] = {}
        """By channel, what is switched off there; replaced as a whole."""
        self.observe: Callable[[Turn], None] = lambda _turn: None
        """Hears of every turn, for counting."""

    def receive(self, update: Update) -> None:
        """Answer an update: its state, tickets and replies are stored together or not at all.

        An update that was stored before is ignored. A handler that raises costs the person one
        polite line; a database that fails raises, and nothing happened.
        """
        try:
            self._answer(update, self._respond)
        except (OperationalError, InterfaceError, OutOfConnections):
            raise  # the database is away: nothing happened, and the platform will repeat it
        except Exception:
            error = secrets.token_hex(3).upper()
            log.exception("error %s while answering on %s", error, update.contact.channel)
            self._answer(update, partial(_apologise, error))

    def _answer(
        self, update: Update, respond: Callable[[Session, Conversation, Update], list[Reply]]
    ) -> None:
        with Session(self.engine, expire_on_commit=False) as session:
            if not _accept(session, update):
                return
            if update.contact.channel == STAFF_CHANNEL:
                group.act(session, update, self.settings.staff_group)
                session.commit()
                return
            conversation = _lock(session, str(update.contact))
            replies = respond(session, conversation, update)
            conversation.blocked_at, conversation.updated_at = None, self.clock()
            outbox.put(session, update.contact, replies, ticket=conversation.held)
            session.commit()

    def _respond(self, session: Session, conversation: Conversation, update: Update) -> list[Reply]:
        """What the handlers say; ``conversation`` is changed accordingly."""
        perform = partial(
            desk.perform, session, update.contact, settings=self.settings, now=self.clock()
        )
        at = Situation(
            now=self.clock(),
            knowledge=self.knowledge,
            perform=perform,
            flow=conversation.flow,
            record=conversation.record,
            memory=conversation.memory,
            held=conversation.held,
            idle=self.clock() - conversation.updated_at > IDLE,
            closing=self.closings.get(update.contact.channel, Closing()),
        )
        turn = handlers.respond(update, at)
        self.observe(turn)
        _save(conversation, turn)
        return turn.replies


def _save(conversation: Conversation, turn: Turn) -> None:
    if turn.release:
        conversation.held = None
    if not turn.resume:
        conversation.flow, conversation.record = turn.flow, turn.record if turn.flow else {}
    if turn.memory:
        merged = conversation.memory | turn.memory
        conversation.memory = {key: value for key, value in merged.items() if value is not None}


def _accept(session: Session, update: Update) -> bool:
    """Store the update; False if it was stored before, which is how webhooks retry."""
    try:
        with session.begin_nested():
            session.add(
                Message(
                    contact=str(update.contact),
                    external_id=update.id,
                    text=mask(_said(update)),
                    extras={"label": update.label} if update.label else {},
                    status=Status.RECEIVED,
                )
            )
    except IntegrityError:
        return False
    return True


def _said(update: Update) -> str:
    """What the transcript shows for an update."""
    if update.point:
        return "［发送了位置］"
    if update.phone:
        return f"［发送了电话］{update.phone}"
    return f"［{update.unsupported}］" if update.unsupported else update.text


def _lock(session: Session, contact: str) -> Conversation:
    """Fetch the conversation and hold it until commit, so that turns queue up."""
    query = select(Conversation).where(col(Conversation.contact) == contact).with_for_update()
    while (found := session.exec(query).first()) is None:
        try:
            with session.begin_nested():
                session.add(Conversation(contact=contact))
        except IntegrityError:  # another turn created it first
            continue
    return found


def _apologise(
    error: str, _session: Session, _conversation: Conversation, update: Update
) -> list[Reply]:
    return handlers.apologise(update, error)
