"""Topics of groups, as a Bot API server keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from tests.channels.telegram_faults import Refused

if TYPE_CHECKING:
    from tests.channels.telegram_emulator import Emulator

Json = dict[str, Any]


@dataclass
class Topic:
    """One topic."""

    chat: int
    thread: int
    name: str
    closed: bool = False


class Forum:
    """The topics of every group."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.topics: list[Topic] = []
        self.rights = True
        """Whether the bot may manage topics."""
        self._threads = count(501)

    def names(self, chat: int) -> list[str]:
        """What the topics of a group are called, oldest first."""
        return [one.name for one in self.topics if one.chat == chat]

    def thread(self, chat: int, word: str) -> int:
        """The number of the topic with a word in its name, the latest."""
        return next(t.thread for t in reversed(self.topics) if t.chat == chat and word in t.name)

    def delete(self, chat: int, thread: int) -> None:
        """An administrator deletes a topic."""
        self.topics = [one for one in self.topics if (one.chat, one.thread) != (chat, thread)]

    def close(self, chat: int, thread: int) -> None:
        """An administrator closes a topic."""
        self._find(chat, thread, "closed").closed = True

    def answer(self, method: str, given: Json) -> Any:
        if method not in ("createForumTopic", "editForumTopic", "reopenForumTopic"):
            raise Refused(404, "Not Found: method not found")
        chat = int(given["chat_id"])
        if chat in self.emulator.refusing:
            raise self.emulator.refusing[chat]
        if not self.emulator.chats[chat].get("is_forum"):
            raise Refused(400, "Bad Request: the chat is not a forum")
        if not self.rights:
            raise Refused(400, "Bad Request: not enough rights to create a topic")
        if method == "createForumTopic":
            return self._create(chat, given["name"])
        topic = self._find(chat, int(given["message_thread_id"]), "Bad Request: TOPIC_ID_INVALID")
        if method == "reopenForumTopic":
            topic.closed = False
        elif topic.name == given["name"]:
            raise Refused(400, "Bad Request: TOPIC_NOT_MODIFIED")
        else:
            topic.name = given["name"]
        return True

    def place(self, chat: int, given: Json) -> Json:
        """The fields of a message that say in which topic it is."""
        if "message_thread_id" not in given:
            return {}
        thread = int(given["message_thread_id"])
        topic = self._find(chat, thread, "Bad Request: message thread not found")
        if topic.closed:
            raise Refused(400, "Bad Request: TOPIC_CLOSED")
        return {"message_thread_id": thread, "is_topic_message": True}

    def _create(self, chat: int, name: str) -> Json:
        topic = Topic(chat, next(self._threads), name)
        self.topics.append(topic)
        return {"message_thread_id": topic.thread, "name": name, "icon_color": 7322096}

    def _find(self, chat: int, thread: int, problem: str) -> Topic:
        for topic in self.topics:
            if (topic.chat, topic.thread) == (chat, thread):
                return topic
        raise Refused(400, problem)
