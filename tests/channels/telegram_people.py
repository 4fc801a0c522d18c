"""People on Telegram: what they type, press and share, as updates of the Bot API."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.channels.telegram_emulator import Emulator

Json = dict[str, Any]
BOT: Json = {"id": 123456, "is_bot": True, "first_name": "优军", "username": "youjun_test_bot"}


class Person:
    """One account. Every method returns the id of the update it caused."""

    def __init__(self, emulator: Emulator, id: int) -> None:
        self.emulator, self.id = emulator, id
        self.user: Json = {"id": id, "is_bot": False, "first_name": f"第{id}位"}

    def sends(self, *, chat: int | None = None, **content: Any) -> int:
        """A message with any content, ``text=…`` or ``photo=[…]``; ``chat`` is a group."""
        message = self.emulator.message(chat or self.id, {"from": self.user, **content})
        return self.emulator.push({"message": message})

    def says_in_topic(
        self, text: str, chat: int, thread: int, *, answering: Json | None = None
    ) -> int:
        """Something typed in a topic. Telegram makes it the answer to the note that the topic was
        made, unless it answers something else."""
        where = {"message_thread_id": thread, "is_topic_message": True}
        made = {"forum_topic_created": {"name": "?", "icon_color": 7322096}}
        note = {**self.emulator.message(chat, {**where, **made}), "from": BOT}
        return self.sends(chat=chat, text=text, reply_to_message=answering or note, **where)

    def says(self, text: str, *, chat: int | None = None) -> int:
        if not text.startswith("/"):
            return self.sends(chat=chat, text=text)
        command = {"type": "bot_command", "offset": 0, "length": len(text.split()[0])}
        return self.sends(chat=chat, text=text, entities=[command])

    def edits(self, text: str, *, after: int = 5) -> int:
        """Change a message that was sent ``after`` seconds before."""
        message = self.emulator.message(self.id, {"from": self.user, "text": text})
        edited = {**message, "edit_date": message["date"] + after}
        return self.emulator.push({"edited_message": edited})

    def sends_photo(self, data: bytes, *, album: str | None = None, caption: str = "") -> int:
        """A photo, in two sizes as Telegram makes them."""
        small, large = self._upload(b"small"), self._upload(data)
        sizes = [{**small, "width": 90, "height": 90}, {**large, "width": 800, "height": 800}]
        extras = {"media_group_id": album, "caption": caption}
        return self.sends(photo=sizes, **{key: one for key, one in extras.items() if one})

    def sends_paper(self, data: bytes, name: str = "证明.pdf") -> int:
        return self.sends(document={**self._upload(data), "file_name": name})

    def speaks(self, data: bytes, *, seconds: int = 3) -> int:
        return self.sends(voice={**self._upload(data), "duration": seconds})

    def _upload(self, data: bytes) -> Json:
        id = secrets.token_hex(6)
        self.emulator.files[id] = data
        return {"file_id": id, "file_unique_id": f"u{id}", "file_size": len(data)}

    def presses(self, label: str, *, chat: int | None = None) -> int:
        """Press a button of the bot, the latest with this label."""
        for message in reversed(self.emulator.sent_to(chat or self.id)):
            for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                for button in row:
                    if button["text"] == label and "callback_data" in button:
                        return self.calls_back(button["callback_data"], message)
        raise AssertionError(f"no button {label!r} in {self.emulator.sent_to(chat or self.id)}")

    def calls_back(self, data: str, message: Json) -> int:
        query = {
            "id": secrets.token_hex(8),
            "from": self.user,
            "message": message,
            "chat_instance": "1",
            "data": data,
        }
        return self.emulator.push({"callback_query": query})

    def sends_location(self, latitude: float, longitude: float) -> int:
        return self.sends(location={"latitude": latitude, "longitude": longitude})

    def shares_contact(self, phone: str, *, owner: int | None = None) -> int:
        """Share a card: one's own, or that of ``owner``."""
        card = {"phone_number": phone, "first_name": "名片", "user_id": owner or self.id}
        return self.sends(contact=card)

    def blocks(self) -> int:
        self.emulator.refuse(self.id, 403, "Forbidden: bot was blocked by the user")
        return self._changes("member", "kicked")

    def unblocks(self) -> int:
        del self.emulator.refusing[self.id]
        return self._changes("kicked", "member")

    def _changes(self, before: str, after: str) -> int:
        bot = {"id": 123456, "is_bot": True, "first_name": "优军"}
        change = {
            "chat": self.emulator.chats[self.id],
            "from": self.user,
            "date": 1_795_000_000,
            "old_chat_member": _member(bot, before),
            "new_chat_member": _member(bot, after),
        }
        return self.emulator.push({"my_chat_member": change})


def _member(user: Json, status: str) -> Json:
    return {"user": user, "status": status} | ({"until_date": 0} if status == "kicked" else {})
