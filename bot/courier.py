"""Delivery: takes replies from the outbox and gives them to their channel."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, update

from bot.channels.base import Channel, Later, SlowDown, Uncertain, Undeliverable
from bot.db import outbox
from bot.db.tables import Conversation, Message, Status, now
from bot.desk import rooms
from handlers.messages import Contact

MAX_ATTEMPTS = 12
"""With doubling waits up to an hour: about four hours of trying."""
LONGEST_WAIT = timedelta(hours=1)
IDLE = 5.0
"""Seconds between looks at the outbox when nobody wakes us."""
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Outcome:
    status: Status
    wait: timedelta = timedelta()
    error: str | None = None
    gone: bool = False


class Courier:
    """Carries replies to push channels. Any number of couriers may share a database."""

    def __init__(
        self,
        engine: Engine,
        channels: Mapping[str, Channel],
        *,
        lanes: int = 4,
        lease: timedelta = outbox.LEASE,
    ) -> None:
        """``lease``: after so long without an outcome, another courier sends it again."""
        self.engine = engine
        self.channels = channels
        self.lanes, self.lease = lanes, lease
        self.observe: Callable[[str, str], None] = lambda _channel, _outcome: None
        """Hears of every reply that was settled, for counting."""
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look at the outbox now; call it from the event loop after a commit."""
        self._woken.set()

    async def run(self) -> None:
        """Deliver until cancelled; a reply in hand is settled first."""
        while True:
            self._woken.clear()
            await self.deliver_due()
            rest = await asyncio.to_thread(self._rest)
            # Not wait_for: until Python 3.12 it swallows a cancel in the tick of a wake.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._woken.wait()

    async def deliver_due(self) -> int:
        """Send everything that is due, several people at a time; returns how many were sent."""
        if not self.channels:
            return 0
        return sum(await asyncio.gather(*(self._lane() for _ in range(self.lanes))))

    async def _lane(self) -> int:
        sent = 0
        while True:
            message = await asyncio.to_thread(self._claim)
            if message is None:
                return sent
            delivery = asyncio.ensure_future(self._deliver(message))
            try:
                outcome = await asyncio.shield(delivery)
            except asyncio.CancelledError:
                await delivery  # what is on its way is settled before we stop
                raise
            sent += outcome.status == Status.SENT

    async def _deliver(self, message: Message) -> _Outcome:
        outcome = await self._send(message)
        await asyncio.to_thread(self._settle, message, outcome)
        self.observe(Contact.parse(message.contact).channel, outcome.status.value)
        return outcome

    async def _send(self, message: Message) -> _Outcome:
        contact = Contact.parse(message.contact)
        try:
            await self.channels[contact.channel].send(contact.address, outbox.reply(message))
        except Undeliverable as problem:
            return _Outcome(Status.FAILED, error=str(problem), gone=problem.gone)
        except SlowDown as pause:
            return _Outcome(Status.QUEUED, timedelta(seconds=pause.seconds), "asked to wait")
        except Later:
            return _Outcome(Status.WAITING)
        except Uncertain as doubt:
            # It may have arrived; a second copy confuses less than a lost answer, once.
            return _retry(message, str(doubt), limit=2)
        except Exception as problem:
            log.warning("message %s not delivered: %s", message.id, type(problem).__name__)
            return _retry(message, f"{type(problem).__name__}: {problem}", limit=MAX_ATTEMPTS)
        return _Outcome(Status.SENT)

    def _rest(self) -> float:
        """Seconds until something is due, at most IDLE."""
        if not self.channels:
            return IDLE
        with Session(self.engine) as session:
            due = outbox.next_due(session, now(), self.channels)
        return IDLE if due is None else max(0.05, min(IDLE, (due - now()).total_seconds()))

    def _claim(self) -> Message | None:
        with Session(self.engine, expire_on_commit=False) as session:
            return outbox.claim(session, now(), self.channels, lease=self.lease)

    def _settle(self, message: Message, outcome: _Outcome) -> None:
        with Session(self.engine) as session:
            if outcome.status == Status.FAILED and message.ticket:
                rooms.undelivered(session, message.ticket)
            if outcome.gone:
                _mark_blocked(session, message.contact, now())
            outbox.settle(
                session,
                message,
                outcome.status,
                due_at=now() + outcome.wait if outcome.wait else None,
                error=outcome.error,
            )


def _retry(message: Message, error: str, *, limit: int) -> _Outcome:
    if message.attempts >= limit:
        return _Outcome(Status.FAILED, error=error)
    wait = min(timedelta(seconds=2**message.attempts), LONGEST_WAIT)
    return _Outcome(Status.QUEUED, wait, error)


def _mark_blocked(session: Session, contact: str, at: datetime) -> None:
    session.exec(
        update(Conversation).where(col(Conversation.contact) == contact).values(blocked_at=at)
    )
