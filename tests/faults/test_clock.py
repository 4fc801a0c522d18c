"""Somebody sets the clock; the machine's own is set in ``test_machine``."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.courier import Courier
from bot.db import outbox
from bot.db.tables import Message, Status, now
from handlers.messages import Contact, Reply
from tests.bot.test_courier import Pigeon
from tests.faults.rig import until


class Jumping:
    """A clock that somebody sets."""

    ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead


async def test_a_clock_that_is_set_back_delays_nobody_and_nothing_overtakes(engine: Engine) -> None:
    clock, pigeon = Jumping(), Pigeon()
    clock.ahead = timedelta(hours=5)
    courier = Courier(engine, {"pigeon": pigeon}, clock=clock, lease=timedelta(seconds=1))
    with Session(engine) as session:
        for text, at in (("first", clock()), ("reminder", clock() + timedelta(days=1))):
            session.add(
                Message(
                    contact="pigeon:1",
                    text=text,
                    status=Status.QUEUED,
                    created_at=clock(),
                    due_at=at,
                )
            )
        session.add(
            Message(
                contact="pigeon:2", text="waiting", status=Status.QUEUED, attempts=1,
                due_at=clock() + timedelta(seconds=8),
            )
        )  # fmt: skip
        outbox.put(session, Contact("pigeon", "1"), [Reply("second")])
        session.commit()
    clock.ahead = timedelta()  # five hours back
    running = asyncio.create_task(courier.run())
    await until(lambda: len(pigeon.carried) == 3, 10)
    running.cancel()
    await asyncio.wait([running])  # it writes down what it sent
    mine = [text for address, text in pigeon.carried if address == "1"]
    assert mine == ["first", "second"]
    with Session(engine) as session:
        left = select(Message.text).where(col(Message.status) == Status.QUEUED)
        assert session.exec(left).all() == ["reminder"]


class Dawdler(Pigeon):
    """Takes its time with what goes to "slow", until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.held, self.let_go = asyncio.Event(), asyncio.Event()

    async def send(self, address: str, reply: Reply) -> None:
        if address == "slow":
            self.held.set()
            await self.let_go.wait()
        await super().send(address, reply)


async def test_a_clock_set_while_something_is_on_its_way_changes_nothing(engine: Engine) -> None:
    clock, pigeon = Jumping(), Dawdler()
    clock.ahead = timedelta(hours=5)
    courier = Courier(engine, {"pigeon": pigeon}, clock=clock)

    def put(address: str, text: str, later: timedelta = timedelta()) -> None:
        at = clock() + later
        when = {"created_at": at, "due_at": at}
        with Session(engine) as session:
            session.add(
                Message(contact=f"pigeon:{address}", text=text, status=Status.QUEUED, **when)
            )
            session.commit()

    put("slow", "once")
    running = asyncio.create_task(courier.deliver_due())
    await pigeon.held.wait()
    put("2", "1", timedelta(minutes=1))  # not yet looked at
    clock.ahead = timedelta()  # five hours back
    put("2", "2")
    courier.wake()
    await until(lambda: len(pigeon.carried) == 2, 10)
    clock.ahead = timedelta(days=1)  # what is on its way is due again
    put("2", "3")
    courier.wake()
    await until(lambda: len(pigeon.carried) == 3, 10)
    pigeon.let_go.set()
    await running
    assert pigeon.carried == [("2", "1"), ("2", "2"), ("2", "3"), ("slow", "once")]


async def test_a_clock_that_is_set_forward_sends_nothing_twice(engine: Engine) -> None:
    clock, pigeon = Jumping(), Pigeon()
    courier = Courier(engine, {"pigeon": pigeon}, clock=clock)
    with Session(engine) as session:
        outbox.put(session, Contact("pigeon", "1"), [Reply(str(n)) for n in range(6)])
        session.commit()
    for _ in range(3):
        await courier.deliver_due()
        clock.ahead += timedelta(days=400)
    assert [text for _, text in pigeon.carried] == [str(n) for n in range(6)]
