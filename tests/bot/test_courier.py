"""Delivery: in order, by several couriers, through trouble – on both databases."""

from __future__ import annotations

import asyncio
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select, update

from bot.channels.base import Limits, Receive, SlowDown, Uncertain, Undeliverable
from bot.courier import MAX_ATTEMPTS, MAX_DOUBTS, Courier
from bot.db import outbox
from bot.db.tables import Conversation, Message, Status, now
from handlers.messages import Contact, Reply


class Pigeon:
    """A channel that remembers what it carried and fails as told."""

    name = "pigeon"
    limits = Limits()

    def __init__(self, *troubles: Exception, slow: float = 0.0) -> None:
        self.troubles = list(troubles)
        self.slow = slow
        self.carried: list[tuple[str, str]] = []

    async def run(self, receive: Receive) -> None:
        """Nothing comes in."""

    async def send(self, address: str, reply: Reply) -> None:
        await asyncio.sleep(random.random() * self.slow)  # noqa: S311
        if self.troubles:
            raise self.troubles.pop(0)
        self.carried.append((address, reply.text))


def put(engine: Engine, address: str, *texts: str) -> None:
    with Session(engine) as session:
        outbox.put(session, Contact("pigeon", address), [Reply(text) for text in texts])
        session.commit()


def deliver(engine: Engine, pigeon: Pigeon) -> int:
    return asyncio.run(Courier(engine, {"pigeon": pigeon}).deliver_due())


def due_now(engine: Engine) -> None:
    """Let the waiting time pass."""
    with Session(engine) as session:
        session.exec(update(Message).values(due_at=now() - timedelta(seconds=1)))
        session.commit()


def status(engine: Engine) -> list[tuple[str, int]]:
    with Session(engine) as session:
        found = session.exec(select(Message).order_by(col(Message.id))).all()
        return [(message.status, message.attempts) for message in found]


def test_replies_of_one_person_keep_their_order_under_several_couriers(engine: Engine) -> None:
    people = [str(number) for number in range(6)]
    for number in range(10):
        for person in people:
            put(engine, person, str(number))
    pigeon = Pigeon(slow=0.01)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: deliver(engine, pigeon), range(4)))
    deliver(engine, pigeon)
    for person in people:
        heard = [text for address, text in pigeon.carried if address == person]
        assert heard == [str(number) for number in range(10)]


def test_a_channel_that_fails_recovers_and_nothing_overtakes(engine: Engine) -> None:
    put(engine, "1", "first", "second")
    put(engine, "2", "other")
    pigeon = Pigeon(ConnectionError("down"))
    asyncio.run(Courier(engine, {"pigeon": pigeon}, lanes=1).deliver_due())  # "first" fails
    assert pigeon.carried == [("2", "other")]
    due_now(engine)
    deliver(engine, pigeon)
    assert pigeon.carried[1:] == [("1", "first"), ("1", "second")]


def test_a_channel_that_asks_to_wait_is_obeyed(engine: Engine) -> None:
    put(engine, "1", "hello")
    pigeon = Pigeon(SlowDown(30))
    assert deliver(engine, pigeon) == 0
    with Session(engine) as session:
        due = session.exec(select(Message.due_at)).one()
    assert timedelta(seconds=25) < due - now() <= timedelta(seconds=30)
    due_now(engine)
    assert deliver(engine, pigeon) == 1


def test_a_person_who_blocked_us_is_not_tried_again_and_staff_can_see_it(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Conversation(contact="pigeon:1"))
        session.commit()
    put(engine, "1", "hello")
    assert deliver(engine, Pigeon(Undeliverable("blocked", gone=True))) == 0
    assert status(engine) == [(Status.FAILED, 1)]
    with Session(engine) as session:
        assert session.exec(select(Conversation.blocked_at)).one() is not None


def test_a_message_the_channel_cannot_take_does_not_mean_the_person_left(engine: Engine) -> None:
    with Session(engine) as session:
        session.add(Conversation(contact="pigeon:1"))
        session.commit()
    put(engine, "1", "hello", "next")
    assert deliver(engine, Pigeon(Undeliverable("malformed"))) == 1
    with Session(engine) as session:
        assert session.exec(select(Conversation.blocked_at)).one() is None


def test_a_doubtful_delivery_is_repeated_but_not_for_ever(engine: Engine) -> None:
    put(engine, "1", "hello")
    pigeon = Pigeon(*[Uncertain("timeout")] * 50)
    for _ in range(MAX_DOUBTS + 2):
        deliver(engine, pigeon)
        due_now(engine)
    assert status(engine) == [(Status.FAILED, MAX_DOUBTS)]


def test_the_second_copy_of_a_doubtful_delivery_says_what_it_is(engine: Engine) -> None:
    put(engine, "1", "hello")
    pigeon = Pigeon(Uncertain("timeout"))
    deliver(engine, pigeon)
    due_now(engine)
    deliver(engine, pigeon)
    assert pigeon.carried == [("1", "（不知您收到没有，再发一次）\nhello")]


def test_trying_ends_some_day(engine: Engine) -> None:
    put(engine, "1", "hello")
    pigeon = Pigeon(*[ConnectionError("down")] * 50)
    for _ in range(MAX_ATTEMPTS + 3):
        deliver(engine, pigeon)
        due_now(engine)
    assert status(engine) == [(Status.FAILED, MAX_ATTEMPTS)]


def test_a_courier_that_died_leaves_its_reply_to_the_next(engine: Engine) -> None:
    put(engine, "1", "hello")
    with Session(engine) as session:
        assert outbox.claim(session, now(), ["pigeon"]) is not None
    pigeon = Pigeon()
    assert deliver(engine, pigeon) == 0  # the lease still holds
    due_now(engine)
    assert deliver(engine, pigeon) == 1


@pytest.mark.parametrize("channels", [[], ["other"]])
def test_replies_of_other_channels_are_left_alone(engine: Engine, channels: list[str]) -> None:
    put(engine, "1", "hello")
    with Session(engine) as session:
        assert outbox.claim(session, now(), channels) is None


async def test_a_reply_on_its_way_is_settled_before_the_courier_stops(engine: Engine) -> None:
    put(engine, "1", "hello")
    started, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Pigeon):
        async def send(self, address: str, reply: Reply) -> None:
            started.set()
            await go_on.wait()
            await super().send(address, reply)

    pigeon = Slow()
    running = asyncio.create_task(Courier(engine, {"pigeon": pigeon}, lanes=1).run())
    await started.wait()
    running.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert status(engine) == [(Status.SENT, 1)]


async def test_a_woken_courier_delivers_at_once(engine: Engine) -> None:
    pigeon = Pigeon()
    courier = Courier(engine, {"pigeon": pigeon})
    running = asyncio.create_task(courier.run())
    await asyncio.sleep(0.1)
    put(engine, "1", "hello")
    courier.wake()
    async with asyncio.timeout(3):
        while not pigeon.carried:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


def test_what_belongs_to_a_ticket_leaves_before_the_rest(engine: Engine) -> None:
    for person in ("1", "2", "3"):
        put(engine, person, f"news for {person}")
    with Session(engine) as session:
        contact = Contact("pigeon", "4")
        outbox.put(session, contact, [Reply("staff are coming")], ticket="T000001")
        session.commit()
    pigeon = Pigeon()
    asyncio.run(Courier(engine, {"pigeon": pigeon}, lanes=1).deliver_due())
    assert [text for _, text in pigeon.carried] == [
        "staff are coming",
        "news for 1",
        "news for 2",
        "news for 3",
    ]


async def test_somebody_who_is_slow_to_reach_holds_up_nobody(engine: Engine) -> None:
    stuck = asyncio.Event()

    class Slow(Pigeon):
        async def send(self, address: str, reply: Reply) -> None:
            if address == "1":
                await stuck.wait()
            await super().send(address, reply)

    put(engine, "1", "hello")
    pigeon = Slow()
    courier = Courier(engine, {"pigeon": pigeon})
    running = asyncio.create_task(courier.run())
    await asyncio.sleep(0.1)
    put(engine, "2", "hello", "again")
    courier.wake()
    async with asyncio.timeout(3):
        while len(pigeon.carried) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    stuck.set()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert {one for one, _ in status(engine)} == {Status.SENT}


class Paced(Pigeon):
    """A channel that wants ``lanes`` replies on their way, and counts how many there are."""

    def __init__(self, lanes: int) -> None:
        super().__init__()
        self.lanes, self.flying, self.most = lanes, 0, 0

    async def send(self, address: str, reply: Reply) -> None:
        self.flying += 1
        self.most = max(self.most, self.flying)
        await asyncio.sleep(0.02)
        self.flying -= 1
        await super().send(address, reply)


@pytest.mark.parametrize(("lanes", "most"), [(1, 1), (3, 3), (50, 8)])
def test_no_more_are_on_their_way_than_the_channel_can_use(
    engine: Engine, lanes: int, most: int
) -> None:
    for person in range(12):
        put(engine, str(person), "hello")
    pigeon = Paced(lanes)
    assert deliver(engine, pigeon) == 12
    assert pigeon.most == most


async def test_one_that_is_slow_to_reach_does_not_keep_the_only_lane(engine: Engine) -> None:
    stuck = asyncio.Event()

    class Slow(Paced):
        async def send(self, address: str, reply: Reply) -> None:
            if address == "1":
                await stuck.wait()
            await super().send(address, reply)

    for person in ("1", "2", "3"):
        put(engine, person, "hello")
    pigeon = Slow(1)
    delivering = asyncio.create_task(Courier(engine, {"pigeon": pigeon}).deliver_due())
    async with asyncio.timeout(5):
        while len(pigeon.carried) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    stuck.set()
    assert await delivering == 3
    assert pigeon.most <= 2


async def test_what_was_claimed_but_not_sent_is_given_back_when_we_stop(engine: Engine) -> None:
    put(engine, "1", "hello")
    pigeon = Pigeon()
    running = asyncio.create_task(Courier(engine, {"pigeon": pigeon}).run())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    running.cancel()  # while the claim is under way
    with pytest.raises(asyncio.CancelledError):
        await running
    assert [one for one, _ in status(engine)] in ([Status.QUEUED], [Status.SENT])
    later = await Courier(engine, {"pigeon": Pigeon()}).deliver_due()
    assert later + len(pigeon.carried) == 1
