"""Group commit: updates that come in while others are being stored are answered together, next."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from handlers.messages import Update

LARGEST = 32
"""Updates in one transaction …"""
TURN = 0.03
"""… if they take no longer than so many seconds, as long as others wait for the database."""


@dataclass(eq=False)
class _Waiting:
    update: Update
    stored: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class Gathering:
    """Passes updates on in groups, in worker threads. One event loop uses it.

    Nobody waits for a group to fill: whoever comes first goes alone. Updates of one person go one
    by one, in their order.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Update]], list[Exception | None]],
        *,
        side_by_side: int = 1,
    ) -> None:
        """``answer`` takes updates of different people and says for each how it went;
        ``side_by_side`` groups are worked on at the same time."""
        self._answer = answer
        self._side_by_side = side_by_side
        self._waiting: list[_Waiting] = []
        self._busy: set[str] = set()
        self._groups: set[asyncio.Task[None]] = set()
        self._each = 0.0
        """Seconds an update took in the last group."""

    async def receive(self, update: Update) -> None:
        """Returns once the update is committed; raises what its answering raised."""
        one = _Waiting(update)
        self._waiting.append(one)
        self._start()
        await one.stored

    def _start(self) -> None:
        while len(self._groups) < self._side_by_side and (group := self._next()):
            task = asyncio.create_task(self._work(group))
            self._groups.add(task)
            task.add_done_callback(self._ended)

    def _next(self) -> dict[str, _Waiting]:
        """The oldest, by contact: one of each, and of nobody who is being answered."""
        room = min(LARGEST, max(4, int(TURN / self._each))) if self._each else LARGEST
        group: dict[str, _Waiting] = {}
        rest: list[_Waiting] = []
        for one in self._waiting:
            contact = str(one.update.contact)
            if len(group) == room or contact in group or contact in self._busy:
                rest.append(one)
            else:
                group[contact] = one
        self._waiting = rest
        self._busy |= group.keys()
        return group

    async def _work(self, group: dict[str, _Waiting]) -> None:
        began = time.monotonic()
        try:
            found = await asyncio.to_thread(self._answer, [one.update for one in group.values()])
        except Exception as trouble:
            found = [trouble] * len(group)
        for one, problem in zip(group.values(), found, strict=True):
            _settle(one.stored, problem)
        self._busy -= group.keys()
        self._each = (time.monotonic() - began) / len(group)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._groups.discard(task)
        self._start()


def _settle(stored: asyncio.Future[None], problem: Exception | None) -> None:
    if stored.done():  # whoever waited has gone
        return
    if problem is None:
        stored.set_result(None)
    else:
        stored.set_exception(problem)
