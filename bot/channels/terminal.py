"""The terminal: a conversation for trying things out and for people who like it plain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import count

from bot.channels.base import Limits
from bot.channels.numbering import chosen
from handlers.messages import Choice, Contact, Reply, Update

NAME = "terminal"
LIMITS = Limits(choices=99)
_GREEN, _CYAN, _PLAIN = "\x1b[32m", "\x1b[36m", "\x1b[0m"


class Terminal:
    """Turns lines into updates and replies into lines; choices are numbered."""

    def __init__(self, address: str, prefix: str, *, colours: bool = False) -> None:
        """``prefix`` makes update ids unique across runs."""
        self._colours = colours
        self.contact = Contact(NAME, address)
        self._ids = (f"{prefix}-{number}" for number in count())
        self._offered: tuple[Choice, ...] = ()

    def read(self, line: str) -> Update:
        """What the person typed; the number of a choice stands for the choice."""
        update = Update(next(self._ids), self.contact, line.strip())
        return chosen(update, self._offered)

    def show(self, replies: Iterable[Reply], write: Callable[[str], None]) -> None:
        """Write replies; the numbers count through all choices on the screen."""
        offered: list[Choice] = []
        for reply in replies:
            if reply.author:
                write(self._painted(f"【{reply.author}】", _GREEN))
            write(reply.text)
            for link in reply.links:
                if link.url.startswith("https://"):  # the others are for the web chat to tap
                    write(f"  {link.label}：{link.url}")
            for choice in reply.choices:
                offered.append(choice)
                write(self._painted(f"  {len(offered)}. {choice.label}", _CYAN))
            write("")
        if offered:
            self._offered = tuple(offered)

    def _painted(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._colours else text
