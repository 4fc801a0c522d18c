"""Updates in, one transaction out."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Engine
from sqlmodel import Session

import handlers
from bot import receipts
from bot.db import inbox, outbox
from bot.db.engine import Undo, is_away, is_crossed, is_full
from bot.db.tables import Conversation, now
from bot.desk import effects as desk
from bot.desk import gaps
from bot.operating.logs import correlated, number_of
from bot.plaintext import plain_update
from handlers.closing import Closing
from handlers.effects import NoteGap
from handlers.messages import Reply, Update
from handlers.turn import Situation, Turn
from knowledge.base import Knowledge

IDLE = timedelta(hours=12)
"""After this long, an open question is shown again before anything answers it."""
log = logging.getLogger(__name__)
Respond: TypeAlias = Callable[[Session, Conversation, Update], list[Reply]]


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
        self.full = False
        """Whether the last update was refused because the database's disk has no room."""
        self.observe: Callable[[Turn], None] = lambda _turn: None
        """Hears of every turn, for counting."""

    def receive(self, update: Update) -> None:
        """Answer one update; raises what ``receive_all`` reports."""
        [problem] = self.receive_all([update])
        if problem is not None:
            raise problem

    def receive_all(self, updates: Sequence[Update]) -> list[Exception | None]:
        """Answer updates of different people, all in one transaction; one outcome for each.

        None: its state, tickets and replies are stored, together (or were before, then it is
        ignored). An error: nothing happened, and the platform should repeat it. A handler that
        raises costs that person one polite line and the others nothing.
        """
        try:
            self._answer(updates, self._respond)
        except Exception as problem:
            self.full = is_full(problem)
            if is_away(problem):
                return [problem] * len(updates)
            if len(updates) > 1:  # whatever it was, it shall not hurt the others
                return [one for update in updates for one in self.receive_all([update])]
            return [self._once_more(updates[0], problem)]
        self.full = False
        return [None] * len(updates)

    def _once_more(self, update: Update, problem: Exception) -> Exception | None:
        """Answer again what crossed somebody's way, and apologise for what cannot be answered."""
        respond = self._respond if is_crossed(problem) else partial(_apologise, problem)
        try:
            self._answer([update], respond)
        except Exception as again:
            return again
        return None

    def _answer(self, updates: Sequence[Update], respond: Respond) -> None:
        updates = [plain_update(one) for one in updates]
        with Session(self.engine, expire_on_commit=False) as session:
            conversations = inbox.hold(session, {str(one.contact) for one in updates})
            said = []
            for update in inbox.accept(session, updates):
                conversation = conversations[str(update.contact)]
                replies = respond(session, conversation, update)
                conversation.updated_at = self.clock()
                if conversation.blocked_at:
                    conversation.blocked_at = None
                said.append((update.contact, replies, conversation.held))
            receipts.write(session)
            gaps.write(session)
            rows = [
                row for to, replies, held in said for row in outbox.rows(to, replies, ticket=held)
            ]
            outbox.put_rows(session, rows)
            session.commit()

    def _respond(self, session: Session, conversation: Conversation, update: Update) -> list[Reply]:
        """What the handlers say, or an apology; ``conversation`` is changed accordingly."""
        undo = Undo(session)
        try:
            turn = self._turn(session, conversation, update, undo)
            undo.forget()
        except Exception as problem:
            if is_away(problem) or is_crossed(problem):
                raise
            undo.all()
            return _apologise(problem, session, conversation, update)
        self.observe(turn)
        _save(conversation, turn)
        return turn.replies

    def _turn(
        self, session: Session, conversation: Conversation, update: Update, undo: Undo
    ) -> Turn:
        """What the handlers make of an update; what they want done is done."""
        moment, noted = self.clock(), list[NoteGap]()

        def perform(effect: object) -> Any:
            if isinstance(effect, NoteGap):  # nobody reads it before the commit
                return noted.append(effect)
            undo.from_here()
            return desk.perform(
                session, update.contact, effect, settings=self.settings, now=self.clock()
            )

        at = Situation(
            now=moment,
            knowledge=self.knowledge,
            perform=perform,
            flow=conversation.flow,
            record=conversation.record,
            memory=conversation.memory,
            held=conversation.held,
            idle=moment - conversation.updated_at > IDLE,
            closing=self.closings.get(update.contact.channel, Closing()),
        )
        with correlated(number_of(update.contact, update.id)):
            turn = handlers.respond(update, at)
        gaps.keep(session, noted, at=moment)
        library = self.knowledge.library
        receipts.keep(session, update, turn, conversation, library=library, at=moment)
        return turn


def _save(conversation: Conversation, turn: Turn) -> None:
    if turn.release:
        conversation.held = None
    record = turn.record if turn.flow else {}
    if not turn.resume and (conversation.flow, conversation.record) != (turn.flow, record):
        conversation.flow, conversation.record = turn.flow, record
    if turn.memory:
        merged = conversation.memory | turn.memory
        conversation.memory = {key: value for key, value in merged.items() if value is not None}


def _apologise(
    problem: Exception, _session: Session, _conversation: Conversation, update: Update
) -> list[Reply]:
    error = secrets.token_hex(3).upper()
    with correlated(number_of(update.contact, update.id)):
        log.error("error %s while answering on %s", error, update.contact.channel, exc_info=problem)
    return handlers.apologise(update, error)
