"""Group commit: who shares a transaction, who hears of it when, and who pays for a fault."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event
from sqlalchemy import update as change
from sqlmodel import Session, col, select

from bot.db import outbox
from bot.db.tables import Conversation, Message, Status, Ticket
from bot.desk.effects import Settings
from bot.gathering import LARGEST, Gathering
from bot.service import Service
from handlers.messages import Contact, Update
from knowledge.base import Knowledge
from tests.bot.test_service import FINISH, REQUEST


def update(person: int | str, text: Any = "你好", number: int = 0) -> Update:
    return Update(f"{person}-{number}", Contact("terminal", str(person)), text)


class Gate:
    """Stands where the service stands; lets a group through when told."""

    def __init__(self) -> None:
        self.groups: list[list[str]] = []
        self.open = threading.Event()

    def answer(self, updates: Sequence[Update]) -> list[Exception | None]:
        self.groups.append([one.id for one in updates])
        assert self.open.wait(5)
        return [RuntimeError(one.text) if one.text == "faulty" else None for one in updates]


async def poured(gathering: Gathering, *updates: Update) -> list[asyncio.Task[None]]:
    tasks = [asyncio.create_task(gathering.receive(one)) for one in updates]
    await asyncio.sleep(0.05)
    return tasks


async def test_the_first_goes_alone_and_who_comes_meanwhile_goes_together() -> None:
    gate = Gate()
    tasks = await poured(Gathering(gate.answer), *(update(number) for number in range(40)))
    assert gate.groups == [["0-0"]]
    assert not any(task.done() for task in tasks)  # nobody hears 'received' before it is stored
    gate.open.set()
    await asyncio.gather(*tasks)
    sizes = [len(group) for group in gate.groups]
    assert sum(sizes) == 40
    # The first took long, as the gate was shut: the next is small, then they grow.
    assert sizes[:2] == [1, 4]
    assert 4 < max(sizes) <= LARGEST


@pytest.mark.parametrize("side_by_side", [1, 3])
async def test_updates_of_one_person_go_one_by_one_in_their_order(side_by_side: int) -> None:
    gate = Gate()
    gathering = Gathering(gate.answer, side_by_side=side_by_side)
    mixed = [update(person, number=number) for number in range(4) for person in "ab"]
    tasks = await poured(gathering, *mixed)
    gate.open.set()
    await asyncio.gather(*tasks)
    for group in gate.groups:
        assert len({id.split("-")[0] for id in group}) == len(group)
    flat = [id for group in gate.groups for id in group]
    assert [id for id in flat if id[0] == "a"] == ["a-0", "a-1", "a-2", "a-3"]


async def test_an_error_reaches_the_one_it_belongs_to_and_the_next_are_served() -> None:
    gate = Gate()
    gathering = Gathering(gate.answer)
    first, bad, good = await poured(gathering, update(1), update(2, "faulty"), update(3))
    gate.open.set()
    assert [await first, await good] == [None, None]
    with pytest.raises(RuntimeError, match="faulty"):
        await bad
    await gathering.receive(update(2))


async def test_who_goes_away_while_waiting_is_answered_all_the_same() -> None:
    gate = Gate()
    gathering = Gathering(gate.answer)
    _, gone, other = await poured(gathering, update(1), update(2), update(3))
    gone.cancel()
    gate.open.set()
    await other
    assert gate.groups[1] == ["2-0", "3-0"]


def commits(engine: Engine) -> list[int]:
    counted: list[int] = []
    event.listen(engine, "commit", lambda _: counted.append(1))
    return counted


def heard(engine: Engine, person: int) -> list[str]:
    with Session(engine) as session:
        return [one.text for one in outbox.take(session, Contact("terminal", str(person)))]


def test_a_group_is_one_commit_with_one_answer_each(service: Service, engine: Engine) -> None:
    group = [update(person) for person in range(20)]
    counted = commits(engine)
    assert service.receive_all(group) == [None] * 20
    assert len(counted) == 1
    assert service.receive_all(group) == [None] * 20  # all of them again: ignored
    assert [len(heard(engine, person)) for person in range(20)] == [1] * 20


class Touchy:
    """An index that cannot stand one question."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)

    def search(self, text: str, *limit: Any, **options: Any) -> Any:
        if "拖拉机" in text:
            raise ZeroDivisionError
        return self._index.search(text, *limit, **options)


def test_a_handler_that_raises_costs_only_its_own_person_anything(
    engine: Engine, knowledge: Knowledge
) -> None:
    library: Any = replace(knowledge.library, index=Touchy(knowledge.library.index))
    service = Service(engine, replace(knowledge, library=library))
    counted = commits(engine)
    group = [update(1, "优待证怎么办"), update(2, "拖拉机坏了"), update(3, "优待证怎么办")]
    assert service.receive_all(group) == [None] * 3
    assert len(counted) == 1
    assert "没有处理成功" in heard(engine, 2)[0]
    one, three = heard(engine, 1), heard(engine, 3)  # the same but for their receipts
    assert [said.rpartition("\n")[0] for said in one] == [
        said.rpartition("\n")[0] for said in three
    ]
    assert "优待证" in one[0]


class Unnamed(dict[str, str]):
    """Titles that cannot be looked up: opening a ticket fails after it was stored."""

    def get(self, *_: object) -> Any:
        raise ZeroDivisionError


def test_what_a_failed_turn_had_done_is_undone_and_nothing_else(
    service: Service, engine: Engine, knowledge: Knowledge
) -> None:
    for number, line in enumerate([*REQUEST, *FINISH][:-1]):
        service.receive_all([update(1, line, number), update(2, line, number)])
    broken = Service(engine, knowledge, desk_settings=Settings(titles=Unnamed()))
    group = [update(3), update(1, FINISH[-1], 99), update(4)]
    assert broken.receive_all(group) == [None] * 3
    with Session(engine) as session:
        assert session.exec(select(Ticket)).all() == []
    assert "没有处理成功" in heard(engine, 1)[-1]
    assert service.receive_all([update(1, FINISH[-1], 100)]) == [None]
    assert "已经提交" in heard(engine, 1)[-1]


def test_an_update_that_cannot_even_be_stored_is_reported_alone(
    service: Service, engine: Engine
) -> None:
    first, bad, last = service.receive_all([update(1), update(2, 5), update(3)])
    assert (first, last) == (None, None)
    assert isinstance(bad, TypeError)
    with Session(engine) as session:
        received = select(Message.contact).where(Message.status == Status.RECEIVED)
        assert sorted(session.exec(received).all()) == ["terminal:1", "terminal:3"]


@pytest.fixture
def ticket(service: Service, engine: Engine) -> Iterator[Ticket]:
    for number, line in enumerate([*REQUEST, *FINISH]):
        service.receive(update(1, line, number))
    with Session(engine, expire_on_commit=False) as session:
        yield session.exec(select(Ticket)).one()


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
def test_a_turn_that_crosses_a_clerk_is_answered_after_them(
    service: Service, engine: Engine, ticket: Ticket
) -> None:
    """A clerk takes ticket, then conversation; the person's turn the other way round."""
    service.receive(update(1, f"/status {ticket.number}", 50))
    held = change(Conversation).where(col(Conversation.contact) == ticket.contact)
    with Session(engine) as clerk:
        clerk.exec(held.values(held=ticket.number))
        clerk.commit()
        clerk.exec(select(Ticket).where(Ticket.id == ticket.id).with_for_update()).one()
        found: list[Exception | None] = []
        turn = threading.Thread(
            target=lambda: found.extend(
                service.receive_all([update(1, "还有一件事", 51), update(7)])
            )
        )
        turn.start()
        time.sleep(0.3)  # the turn has the conversation and waits for the ticket
        clerk.exec(held.values(held=ticket.number))
        clerk.commit()
    turn.join(10)
    assert found == [None, None]
    assert len(heard(engine, 7)) == 1
