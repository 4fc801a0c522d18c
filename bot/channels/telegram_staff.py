"""The groups of staff on Telegram: a topic for each ticket where the group has topics.

An address is ``<group>`` or ``<group>/<number of a ticket>``. Topics are made when something is to
be said in them, renamed when their ticket has changed, and made again when somebody deleted them.
https://core.telegram.org/bots/api#createforumtopic
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, TypeAlias

import telegram
from telegram import BotCommand, BotCommandScopeChat
from telegram.error import BadRequest, ChatMigrated, Forbidden, TelegramError

from bot.channels.base import Limits, Receive, Undeliverable
from bot.channels.staffroom import Room, Rooms
from bot.channels.telegram_errors import in_words, of_delivery
from bot.channels.telegram_render import DATA_BYTES, LONGEST
from bot.channels.telegram_send import Sender
from handlers.messages import Reply

Carry: TypeAlias = Callable[[Coroutine[Any, Any, None]], Awaitable[None]]
_GONE = ("thread not found", "topic_deleted", "topic_id_invalid")
_CLOSED = "topic_closed"
_PLAIN = ("not a forum", "not enough rights", "chat_admin_required", "need administrator rights")
log = logging.getLogger(__name__)


class StaffSide:
    """The same bot, seen from the groups of staff. Satisfies ``Channel``."""

    def __init__(self, bot: telegram.Bot, sender: Sender, carry: Carry, rooms: Rooms) -> None:
        """``carry`` does work to its end."""
        self.name = "telegram-staff"
        self.limits = Limits(text=LONGEST, choices=100, choice_bytes=DATA_BYTES)
        self._bot, self._sender = bot, sender
        self._carry, self._rooms = carry, rooms
        self._offered: set[int] = set()

    @property
    def lanes(self) -> int:
        """As many as to everybody: it is the same bot."""
        return self._sender.lanes

    async def run(self, receive: Receive) -> None:
        """Show staff their commands; updates come in where everybody's do."""
        for chat in await self._rooms.groups():
            await self._carry(self._offer(chat))

    async def send(self, address: str, reply: Reply) -> None:
        """Say something in a group, or in the topic of a ticket; raises as the Telegram channel."""
        chat, _, number = address.partition("/")
        await self._carry(self._say(int(chat), number, reply))

    async def _say(self, chat: int, number: str, reply: Reply) -> None:
        room = await self._rooms.find(chat, number)
        try:
            await self._put(room, number, reply)
        except Undeliverable as problem:
            log.error(
                "the staff group %s did not get a message: %s. Check the group's number in the "
                "organisation file or telegram.staff_group, and that the bot is a member",
                room.chat,
                problem,
            )
            raise

    async def _put(self, room: Room, number: str, reply: Reply) -> None:
        await self._offer(room.chat)
        room = await self._ready(room, number)
        try:
            await self._sender.send(room.chat, reply, thread=room.thread)
        except Undeliverable as problem:
            if room.thread is None:
                raise
            room = await self._mended(room, number, problem)
            await self._sender.send(room.chat, reply, thread=room.thread)
        if (moved := self._sender.where(room.chat)) != room.chat:
            await self._rooms.moved(room.chat, moved)

    async def _ready(self, room: Room, number: str) -> Room:
        """The room with its topic there, called what it should be called."""
        if not number:
            return room
        if room.thread is None:
            return await self._make(room, number) if room.topics else room
        if room.shown == room.title:
            return room
        try:
            await self._bot.edit_forum_topic(room.chat, room.thread, name=room.title)
        except BadRequest as problem:
            if _says(problem, *_GONE):
                return await self._make(room, number)
            if not _says(problem, "not_modified"):
                log.warning("a topic in %s keeps its old title: %s", room.chat, problem)
        except TelegramError as problem:
            raise of_delivery(problem) from problem
        await self._rooms.keep(room.chat, number, thread=room.thread, shown=room.title)
        return room

    async def _mended(self, room: Room, number: str, problem: Undeliverable) -> Room:
        """The room, when its topic was deleted or closed meanwhile. Raises ``problem`` else."""
        said = problem.__cause__ or problem
        if _says(said, _CLOSED):
            await self._bot.reopen_forum_topic(room.chat, room.thread or 0)
            return room
        if _says(said, *_GONE):
            return await self._make(room, number)
        raise problem

    async def _make(self, room: Room, number: str) -> Room:
        """A new topic; where none can be made, the group itself."""
        try:
            made = await self._bot.create_forum_topic(room.chat, room.title)
        except ChatMigrated as moved:
            await self._rooms.moved(room.chat, moved.new_chat_id)
            return await self._make(replace(room, chat=moved.new_chat_id), number)
        except (BadRequest, Forbidden) as problem:
            if not _says(problem, *_PLAIN):
                raise of_delivery(problem) from problem
            return await self._without_topics(room, number, problem)
        except TelegramError as problem:
            raise of_delivery(problem) from problem
        thread = made.message_thread_id
        await self._rooms.keep(room.chat, number, thread=thread, shown=room.title)
        return replace(room, thread=thread)

    async def _without_topics(self, room: Room, number: str, problem: TelegramError) -> Room:
        log.warning(
            "no topics in the group %s (%s): tickets are told in the group itself. To have a topic "
            "for each, turn on Topics in the group's settings and make the bot an administrator "
            "with the right to manage topics; we try again within an hour",
            room.chat,
            problem,
        )
        await self._rooms.keep(room.chat, number, thread=None, shown="")
        await self._rooms.plain(room.chat)
        return replace(room, thread=None)

    async def _offer(self, chat: int) -> None:
        """Show the group's members what they can type, once in the life of this process."""
        if chat in self._offered:
            return
        self._offered.add(chat)
        commands = [BotCommand(name, words) for name, words in self._rooms.commands().items()]
        try:
            await self._bot.set_my_commands(commands, scope=BotCommandScopeChat(chat))
        except TelegramError as problem:
            words = in_words(problem, secret=self._bot.token)
            log.warning("the group %s does not show our commands: %s", chat, words)


def _says(problem: BaseException, *words: str) -> bool:
    said = str(problem).casefold()
    return any(word in said for word in words)
