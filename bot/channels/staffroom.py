"""What passes between a group of staff on a platform and the desk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias


@dataclass(frozen=True)
class GroupMessage:
    """One thing a member of a group did there."""

    id: str
    chat: int
    sender: int | None = None
    """None for somebody who hides behind the group or a channel."""
    text: str = ""
    """What they typed, or the value of the button they pressed."""
    thread: int | None = None
    """The topic; None for “General” and in groups without topics."""
    answers: str | None = None
    """Our message to which this is the reply, if it is one."""
    pressed: bool = False
    readable: bool = True
    """False for a picture, a voice message and the like."""
    moved_to: int | None = None
    """The number the group has from now on: nobody said anything."""


@dataclass(frozen=True)
class Room:
    """Where something is to be said: a ticket's topic, or the group itself."""

    chat: int
    thread: int | None = None
    title: str = ""
    """What the topic should be called now; nothing for the group itself."""
    shown: str = ""
    """What it is called."""
    topics: bool = True
    """Whether it is worth trying to make a topic here."""


class Rooms(Protocol):
    """Remembers groups and topics."""

    async def groups(self) -> list[int]:
        """Every group of staff."""

    def commands(self) -> Mapping[str, str]:
        """What can be typed in a group, with what it is for."""

    async def find(self, chat: int, number: str) -> Room:
        """The room of a ticket in a group; of the group itself without ``number``."""

    async def keep(self, chat: int, number: str, *, thread: int | None, shown: str) -> None:
        """Remember a ticket's topic and its title."""

    async def plain(self, chat: int) -> None:
        """This group has no topics; do not try again for a while."""

    async def moved(self, chat: int, to: int) -> None:
        """The group has another number from now on."""


Hear: TypeAlias = Callable[[GroupMessage], Awaitable[None]]
"""Hands over what was done in a group; returns once it is committed, raises if it is not."""
