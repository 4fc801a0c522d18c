"""What a channel is: how replies leave, how updates come in, and how sending can fail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

from handlers.messages import Reply, Update

Receive: TypeAlias = Callable[[Update], Awaitable[None]]
"""Hands an update to the service; returns once it is committed, raises if it is not."""


class Undeliverable(Exception):
    """The channel will never take this message: blocked, deleted, malformed.

    ``gone`` says that the person blocked us or left, so that nothing else will reach them either.
    Staff read the words.
    """

    def __init__(self, words: str, *, gone: bool = False) -> None:
        super().__init__(words)
        self.gone = gone


class SlowDown(Exception):
    """The channel asks us to wait; ``seconds`` says how long."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asked to wait {seconds:g} s")
        self.seconds = seconds


class Later(Exception):
    """Nothing may be sent now; the reply waits until the person writes again."""


class Uncertain(Exception):
    """The message may or may not have arrived (a time-out after it was sent)."""


@dataclass(frozen=True)
class Limits:
    """What fits into one message of a channel."""

    text: int = 4096
    """Characters."""
    choices: int = 8
    choice_bytes: int = 64


class Channel(Protocol):
    """A push channel: the courier gives it replies one by one."""

    @property
    def name(self) -> str: ...

    @property
    def limits(self) -> Limits: ...

    async def run(self, receive: Receive) -> None:
        """Receive until cancelled; a channel without an inbound loop returns at once."""

    async def send(self, address: str, reply: Reply) -> None:
        """Deliver one reply. Raises Undeliverable, SlowDown, Later, Uncertain, or any other
        exception for trouble that passes."""


@runtime_checkable
class Paced(Protocol):
    """A channel that knows how many replies on their way at a time its pace can use."""

    @property
    def lanes(self) -> int:
        """More would bring nothing, and each of them may arrive twice if the process is killed."""
