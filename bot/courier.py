"""Delivery: takes replies from the outbox and gives them to their channel."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, update

from bot.channels.base import Channel, Later, Paced, SlowDown, Uncertain, Undeliverable
from bot.db import outbox
from bot.db.claiming import Claimed
from bot.db.engine import is_full
from bot.db.tables import Conversation, Status, now
from bot.desk import rooms
from handlers.messages import Contact, Reply

MAX_ATTEMPTS = 12
"""With doubling waits up to an hour: about four hours of trying."""
MAX_DOUBTS = 6
"""Tries of what may have arrived each time; waits grow fourfold, to about 25 minutes in all."""
LONGEST_WAIT = timedelta(hours=1)
_JUMP = 2.0
"""Seconds: a clock that goes back farther was set, not corrected."""
_AWAY = 1.0
"""Seconds before the next look while the database is away."""
_WAITS = (0.2, 0.5, 1.0, 2.0, 4.0)
"""Seconds between tries to write down how deliveries went."""
IDLE = 5.0
"""Seconds between looks at the outbox when nobody wakes us."""
_DOUBT = "uncertain: "
"""Begins the error of a reply that may have arrived."""
_MOMENT = 0.01
"""Seconds for others on their way to land, too, before the first is written down."""
_LANES = 4
"""Replies on their way at a time to a channel that does not know how many it can use."""
_SLOW = 0.5
"""Seconds between looks while something is on its way, and after which it holds up nobody: another
goes beside it."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Outcome:
    status: Status
    wait: timedelta = timedelta()
    error: str | None = None
    gone: bool = False


@dataclass(frozen=True)
class _Flight:
    message: Claimed
    began: float
    """On the clock of the event loop."""


_Landed: TypeAlias = tuple[Claimed, _Outcome]
_Flying: TypeAlias = "dict[asyncio.Task[_Outcome], _Flight]"


class Courier:
    """Carries replies to push channels. Any number of couriers may share a database."""

    def __init__(
        self,
        engine: Engine,
        channels: Mapping[str, Channel],
        *,
        lanes: int = 8,
        lease: timedelta = outbox.LEASE,
        clock: Callable[[], datetime] = now,
    ) -> None:
        """``lanes``: replies on their way at a time, at most; a channel that is quick needs fewer,
        and so many may arrive twice when the process is killed. ``lease``: after so long without an
        outcome, another courier sends it again."""
        self.engine = engine
        self.channels = channels
        self._paced = [one for one in channels.values() if isinstance(one, Paced)]
        self._least = _LANES if len(self._paced) < len(channels) else 1
        self.lanes, self.lease = lanes, lease
        self.observe: Callable[[str, str], None] = lambda _channel, _outcome: None
        """Hears of every reply that was settled, for counting."""
        self.full = False
        """Whether the database's disk had no room for the last that was to be written down."""
        self._clock = clock
        self._woken = asyncio.Event()
        self._ahead = self._clock().timestamp() - time.monotonic()
        """How far the clock is ahead of time that only ever passes."""

    def wake(self) -> None:
        """Look at the outbox now; call it from the event loop after a commit."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled; a reply in hand is settled first."""
        while True:
            self._woken.clear()
            rest = await self._round()
            # Not wait_for: until Python 3.12 it swallows a cancel in the tick of a wake.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._woken.wait()

    async def _round(self) -> float:
        """Deliver what is due; seconds until something is due again."""
        try:
            await self.deliver_due()
            return await asyncio.to_thread(self._rest)
        except SQLAlchemyError as problem:
            log.warning("the outbox cannot be read: %s", type(problem).__name__)
            return _AWAY

    async def deliver_due(self) -> int:
        """Send everything that is due, several people at a time; returns how many were sent."""
        sent, landed = 0, list[_Landed]()
        flying: _Flying = {}
        while self.channels:
            self._woken.clear()
            # What is on its way may be due again: its lease ends when the clock is set forward.
            hands = {flight.message.id for flight in flying.values()}
            for message in await self._turn_over(landed, flying):
                if message.id not in hands:
                    flying[asyncio.create_task(self._send(message))] = _Flight(message, _moment())
            if not flying:
                break
            try:
                done = await self._next(flying)
            except asyncio.CancelledError:  # what is on its way is settled before we stop
                await asyncio.wait(flying)
                await self._turn_over(self._land(flying, set(flying)), flying, stopping=True)
                raise
            landed = self._land(flying, done)
            sent += sum(outcome.status == Status.SENT for _, outcome in landed)
        return sent

    async def _next(self, flying: _Flying) -> set[asyncio.Task[_Outcome]]:
        """Those that landed, as soon as one has; nobody when there is news and room for it."""
        if full := not self._room(flying):
            await asyncio.wait(flying, timeout=_SLOW, return_when=asyncio.FIRST_COMPLETED)
        else:
            news = asyncio.create_task(self._woken.wait())
            waiting = {*flying, news}
            try:
                await asyncio.wait(waiting, timeout=_SLOW, return_when=asyncio.FIRST_COMPLETED)
            finally:
                news.cancel()
        landed = {one for one in flying if one.done()}
        hurry = self._woken.is_set() and not full
        return landed if hurry or not landed else await _together(flying)

    def _room(self, flying: _Flying) -> int:
        """How many more may go."""
        wanted = max([self._least, *(one.lanes for one in self._paced)])
        slow = sum(_moment() - one.began > _SLOW for one in flying.values())
        return max(0, min(self.lanes, wanted + slow) - len(flying))

    def _land(self, flying: _Flying, done: set[asyncio.Task[_Outcome]]) -> list[_Landed]:
        landed = [(flying.pop(task).message, task.result()) for task in done]
        for message, outcome in landed:
            self.observe(Contact.parse(message.contact).channel, outcome.status.value)
        return landed

    async def _turn_over(
        self, landed: list[_Landed], flying: _Flying, *, stopping: bool = False
    ) -> list[Claimed]:
        """Write down what landed and claim as many, in one transaction and even if cancelled."""
        room = 0 if stopping else self._room(flying)
        if not landed and not room:
            return []
        work = asyncio.ensure_future(asyncio.to_thread(self._exchange_patiently, landed, room))
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            unsent = [(message, _Outcome(Status.QUEUED)) for message in await work]
            if flying:
                await asyncio.wait(flying)
            rest = self._land(flying, set(flying))
            await asyncio.to_thread(self._exchange_patiently, [*unsent, *rest], 0)
            raise

    async def _send(self, message: Claimed) -> _Outcome:
        contact = Contact.parse(message.contact)
        try:
            await self.channels[contact.channel].send(contact.address, _shown(message))
        except Undeliverable as problem:
            return _Outcome(Status.FAILED, error=str(problem), gone=problem.gone)
        except SlowDown as pause:
            return _Outcome(Status.QUEUED, timedelta(seconds=pause.seconds), "asked to wait")
        except Later:
            return _Outcome(Status.WAITING)
        except Uncertain as doubt:
            # It may have arrived; another copy, which says so, confuses less than a lost answer.
            return _retry(message, f"{_DOUBT}{doubt}", limit=MAX_DOUBTS, base=4)
        except Exception as problem:
            log.warning("message %s not delivered: %s", message.id, type(problem).__name__)
            return _retry(message, f"{type(problem).__name__}: {problem}", limit=MAX_ATTEMPTS)
        return _Outcome(Status.SENT)

    def _rest(self) -> float:
        """Seconds until something is due, at most IDLE."""
        if not self.channels:
            return IDLE
        with Session(self.engine) as session:
            due = outbox.next_due(session, self._clock(), self.channels)
        return IDLE if due is None else max(0.05, min(IDLE, (due - self._clock()).total_seconds()))

    def _exchange_patiently(self, landed: list[_Landed], room: int) -> list[Claimed]:
        """What is not written down is sent again: wait for a database that is away just now."""
        for wait in _WAITS if landed else ():
            try:
                return self._exchange(landed, room)
            except SQLAlchemyError as problem:
                log.warning("deliveries not written down: %s", type(problem).__name__)
                time.sleep(wait)
        return self._exchange(landed, room)

    def _exchange(self, landed: list[_Landed], room: int) -> list[Claimed]:
        try:
            found = self._write_down(landed, room)
        except SQLAlchemyError as problem:
            self.full = is_full(problem)
            raise
        if landed or found:
            self.full = False
        return found

    def _write_down(self, landed: list[_Landed], room: int) -> list[Claimed]:
        ahead = self._clock().timestamp() - time.monotonic()
        with Session(self.engine, expire_on_commit=False) as session:
            outbox.settle_sent(session, [one for one, how in landed if how.status == Status.SENT])
            for message, outcome in landed:
                if outcome.status != Status.SENT:
                    _settle(session, message, outcome, self._clock())
            if self._ahead - ahead > _JUMP:
                log.warning("the clock went back: no reply waits for it")
                outbox.mend(session, self._clock(), self.lease, LONGEST_WAIT)
            found = list[Claimed]()
            if room:
                found = outbox.claim_some(
                    session, self._clock(), self.channels, limit=room, lease=self.lease
                )
            session.commit()
        self._ahead = ahead
        return found


def _moment() -> float:
    return asyncio.get_running_loop().time()


async def _together(flying: _Flying) -> set[asyncio.Task[_Outcome]]:
    """What landed and what lands in the same moment: one transaction for all of it."""
    done, _ = await asyncio.wait(flying, timeout=_MOMENT)
    return done


def _settle(session: Session, message: Claimed, outcome: _Outcome, at: datetime) -> None:
    if outcome.status == Status.FAILED and message.ticket:
        rooms.undelivered(session, message.ticket)
    if outcome.gone:
        _mark_blocked(session, message.contact, at)
    due_at = at + outcome.wait if outcome.status == Status.QUEUED else None
    outbox.settle(session, message, outcome.status, due_at=due_at, error=outcome.error)


def _shown(message: Claimed) -> Reply:
    """The reply; one that may have arrived before says that it is the same again."""
    reply = outbox.reply(message)
    if not (message.error or "").startswith(_DOUBT):
        return reply
    return replace(reply, text=f"（不知您收到没有，再发一次）\n{reply.text}")


def _retry(message: Claimed, error: str, *, limit: int, base: int = 2) -> _Outcome:
    if message.attempts >= limit:
        return _Outcome(Status.FAILED, error=error)
    wait = min(timedelta(seconds=base**message.attempts), LONGEST_WAIT)
    return _Outcome(Status.QUEUED, wait, error)


def _mark_blocked(session: Session, contact: str, at: datetime) -> None:
    session.exec(
        update(Conversation).where(col(Conversation.contact) == contact).values(blocked_at=at)
    )
