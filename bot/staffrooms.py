"""Groups of staff, as the database remembers them: what was done there, where topics are."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, update

from bot.channels.staffroom import GroupMessage, Room
from bot.db.engine import is_away, is_crossed
from bot.db.group import StaffGroup, Topic
from bot.db.tables import Message, Status, now
from bot.desk import finding, group, groupoffice, grouptalk, rooms
from bot.desk.effects import Settings
from bot.plaintext import plain

TRY_AGAIN = timedelta(hours=1)
"""After this long we look whether a group has topics by now."""
OLD = timedelta(days=1)
log = logging.getLogger(__name__)


class Staffrooms:
    """Safe to call from many threads and many processes. Satisfies ``Rooms``."""

    def __init__(
        self, engine: Engine, settings: Settings, *, clock: Callable[[], datetime] = now
    ) -> None:
        self.engine, self.settings, self.clock = engine, settings, clock

    def hear(self, said: GroupMessage) -> None:
        """Do what was asked for in a group, all of it or nothing, and answer there.

        What was heard before is ignored. A database that fails raises, and nothing happened.
        """
        if said.moved_to is not None:
            self._moved(said.chat, said.moved_to)
            return
        said = replace(said, text=plain(said.text))
        act = partial(group.act, settings=self.settings, now=self.clock())
        try:
            self._act(said, act)
        except Exception as problem:
            if is_away(problem):
                raise
            if is_crossed(problem):
                self._act(said, act)
                return
            error = secrets.token_hex(3).upper()
            log.exception("error %s in the staff group %s", error, said.chat)
            self._act(said, partial(group.apologise, error=error, settings=self.settings))

    def begin(self) -> None:
        """Write down which group hears of the desks that have none, and drop old news: what waited
        for days, because Telegram was switched off, helps nobody."""
        old = (
            col(Message.channel) == rooms.CHANNEL,
            col(Message.status) == Status.QUEUED,
            col(Message.created_at) < self.clock() - OLD,
        )
        with Session(self.engine) as session:
            rooms.keep_rest(session, self.settings.staff_group)
            values = {"status": Status.FAILED, "error": "放得太久，没有发"}
            session.exec(update(Message).where(*old).values(**values))
            session.commit()

    async def groups(self) -> list[int]:
        """Every group of staff."""
        return await asyncio.to_thread(self._groups)

    def _groups(self) -> list[int]:
        with Session(self.engine) as session:
            found = {chat for _, chat in groupoffice.groups(session)}
            if self.settings.staff_group is not None:
                found.add(rooms.current(session, self.settings.staff_group))
            return sorted(found)

    def commands(self) -> Mapping[str, str]:
        """What can be typed in a group, with what it is for."""
        return grouptalk.COMMANDS

    async def find(self, chat: int, number: str) -> Room:
        """The room of a ticket in a group; of the group itself without ``number``."""
        return await asyncio.to_thread(self._find, chat, number)

    async def keep(self, chat: int, number: str, *, thread: int | None, shown: str) -> None:
        """Remember a ticket's topic and its title."""
        await asyncio.to_thread(self._keep, chat, number, thread, shown)

    async def plain(self, chat: int) -> None:
        """This group has no topics; for an hour we do not try again."""
        await asyncio.to_thread(self._plain, chat)

    async def moved(self, chat: int, to: int) -> None:
        """The group has another number from now on."""
        await asyncio.to_thread(self._moved, chat, to)

    def _act(self, said: GroupMessage, do: Callable[[Session, GroupMessage], None]) -> None:
        with Session(self.engine, expire_on_commit=False) as session:
            if _accept(session, said):
                do(session, said)
                session.commit()

    def _find(self, chat: int, number: str) -> Room:
        with Session(self.engine) as session:
            chat = rooms.current(session, chat)
            known = session.get(StaffGroup, chat)
            until = known.plain_until if known else None
            topics = until is None or until <= self.clock()
            if not number:
                return Room(chat, topics=topics)
            ticket = finding.find(session, number)
            topic = session.get(Topic, (chat, ticket.id)) or Topic(chat=chat, ticket_id=0)
            service = self.settings.title(ticket.service)
            title = rooms.title(ticket, service, left=topic.left)
            return Room(chat, topic.thread, title, topic.shown, topics)

    def _keep(self, chat: int, number: str, thread: int | None, shown: str) -> None:
        with Session(self.engine) as session:
            ticket = finding.find(session, number)
            topic = session.get(Topic, (chat, ticket.id))
            if topic is None:
                topic = Topic(chat=chat, ticket_id=ticket.id or 0)
                session.add(topic)
            topic.thread, topic.shown = thread, shown
            if thread is not None:
                rooms.known(session, chat).plain_until = None
            session.commit()

    def _plain(self, chat: int) -> None:
        with Session(self.engine) as session:
            rooms.known(session, chat).plain_until = self.clock() + TRY_AGAIN
            session.commit()

    def _moved(self, chat: int, to: int) -> None:
        with Session(self.engine) as session:
            if chat != to and rooms.current(session, chat) != to:
                rooms.known(session, chat).moved_to = to
                session.commit()
                log.warning(
                    "the group %s is %s now; we go on there. Please write the new number into "
                    "telegram.staff_group and the organisation file",
                    chat,
                    to,
                )


def _accept(session: Session, said: GroupMessage) -> bool:
    """Note that it was heard, not what was said; False if it was heard before."""
    contact, word = f"{rooms.CHANNEL}:{said.chat}", said.text.partition(" ")[0]
    text = word[:20] if word.startswith("/") else ""
    try:
        with session.begin_nested():
            session.add(
                Message(contact=contact, external_id=said.id, text=text, status=Status.RECEIVED)
            )
    except IntegrityError:
        return False
    return True
