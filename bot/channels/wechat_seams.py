"""What the WeChat channel needs from a database it may not know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from handlers.messages import Choice, Contact, Reply


class Handed(Protocol):
    """What goes now, and whether more waits."""

    @property
    def replies(self) -> list[Reply]: ...

    @property
    def more(self) -> bool: ...


class Mailbox(Protocol):
    """Where replies wait for the person; ``bot.mailbox`` keeps it in the database."""

    async def collect(
        self,
        contact: Contact,
        occasion: str,
        fit: Callable[[Sequence[Reply]], tuple[list[Reply], list[Reply]]],
        *,
        push: bool,
    ) -> Handed: ...

    async def waits(self, contact: Contact, occasion: str) -> bool: ...

    async def offered(self, contact: Contact) -> tuple[Choice, ...]: ...


class Allowances(Protocol):
    """How many customer-service messages are left; ``bot.reach`` counts them."""

    async def grant(self, contact: Contact, kind: str) -> None: ...

    async def spend(self, contact: Contact, count: int) -> str | None: ...

    async def refund(self, contact: Contact, kind: str, count: int) -> None: ...

    async def exhaust(self, contact: Contact) -> None: ...
