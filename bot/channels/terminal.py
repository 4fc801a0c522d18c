"""The terminal: a conversation for trying things out and for people who like it plain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from bot.channels.base import Limits
from handlers.messages import Choice, Contact, Reply, Update

NAME = "terminal"
LIMITS = Limits(choices=99)


class Terminal:
    """Turns lines into updates and replies into lines; choices are numbered."""

    def __init__(self, address: str, prefix: str) -> None:
        """``prefix`` makes update ids unique across runs."""
        self.contact = Contact(NAME, address)
        self._ids = (f"{prefix}-{number}" for number in count())
        self._offered: tuple[Choice, ...] = ()

    def read(self, line: str) -> Update:
        """What the person typed; the number of a choice stands for the choice."""
        said = line.strip()
        if said.isdecimal() and 0 < int(said) <= len(self._offered):
            choice = self._offered[int(said) - 1]
            return Update(next(self._ids), self.contact, choice.value, label=choice.label)
        return Update(next(self._ids), self.contact, said)

    def show(self, replies: Iterable[Reply], write: Callable[[str], None]) -> None:
        """Write replies; the numbers count through all choices on the screen."""
        offered: list[Choice] = []
        for reply in replies:
            if reply.author:
                write(f"【{reply.author}】")
            write(reply.text)
            for link in reply.links:
                write(f"  {link.label}：{link.url}")
            for choice in reply.choices:
                offered.append(choice)
                write(f"  {len(offered)}. {choice.label}")
            write("")
        if offered:
            self._offered = tuple(offered)
