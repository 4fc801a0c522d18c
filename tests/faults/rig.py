"""Real processes on real databases, a platform that remembers everything, and the final count."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from bot.channels.telegram_render import render
from bot.db import outbox
from bot.db.tables import Message, Status, Ticket, TicketEvent
from bot.desk import history
from bot.service import Service
from handlers.messages import Contact, Update
from tests.channels.telegram_emulator import TOKEN, Emulator

SCRIPT = (
    "优待证丢了怎么补办",
    "/request other-help",
    "邻居占了我家的地，想反映",
    "去年",
    "海门区",
    "三星镇",
    "13900138000",
    "同意",
    "1",
    "残疾军人坐火车半价吗",
)
"""What everybody says: a question, a request with all its steps, a question."""
FIRST = 1000
"""The number of the first person."""
_AGAIN = "（不知您收到没有，再发一次）\n"
_NUMBER = re.compile(r"T\d{6}|回执 \w+")
"""Of a ticket, of a receipt: everybody has their own."""


class Unheard:
    """Stands where the documentation's judge stands; here it is the load that matters."""

    def objections_to_request(self, *_: object) -> list[str]:
        return []

    objections_to_update = objections_to_answer = objections_to_request


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@dataclass
class Process:
    """``youjun serve`` as an operator starts it, with the settings given as variables."""

    folder: Path
    settings: Mapping[str, str]
    prefix: Sequence[str] = ()
    port: int = field(default_factory=free_port)
    running: asyncio.subprocess.Process | None = None

    async def command(self, *words: str) -> int:
        """``youjun`` with these words beside the service; its exit code."""
        with (self.folder / "commands.log").open("ab") as log:
            done = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", *words),
                cwd=self.folder, env=self._environment(), stdout=log, stderr=log,
            )  # fmt: skip
        return await done.wait()

    def _environment(self) -> dict[str, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("YOUJUN_")}
        own = {"YOUJUN_WEB__PORT": str(self.port), "PYTHONPATH": str(Path.cwd())}
        return clean | own | dict(self.settings)

    async def start(self) -> None:
        """Start and wait until it answers."""
        with (self.folder / f"{self.port}.log").open("ab") as log:
            self.running = await asyncio.create_subprocess_exec(
                *self.prefix, sys.executable, "-m", "bot", "serve",
                cwd=self.folder, env=self._environment(), stdout=log, stderr=log,
            )  # fmt: skip
        await self.answers()

    async def answers(self, seconds: float = 240) -> None:
        async with asyncio.timeout(seconds), aiohttp.ClientSession() as http:
            while True:
                assert self.running is not None
                assert self.running.returncode is None, self.log()
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"http://127.0.0.1:{self.port}/healthz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.05)

    async def ends(self, sign: signal.Signals = signal.SIGKILL) -> float:
        """Send a signal and wait; seconds until it was gone."""
        assert self.running is not None
        began = time.monotonic()
        if self.running.returncode is None:
            self.running.send_signal(sign)
        await self.running.wait()
        return time.monotonic() - began

    async def ready(self) -> dict[str, Any]:
        """What ``/readyz`` says."""
        url = f"http://127.0.0.1:{self.port}/readyz"
        async with aiohttp.ClientSession() as http, http.get(url) as answer:
            return dict(await answer.json())

    def whole_log(self) -> str:
        return (self.folder / f"{self.port}.log").read_text("utf-8", "replace")

    def log(self) -> str:
        return self.whole_log()[-4000:]


@dataclass(frozen=True)
class Counts:
    """What was found at the end."""

    updates: int
    tickets: int
    replies: int
    duplicates: int
    kills: int
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.kills} kills, {self.updates} updates stored once each, {self.tickets} tickets, "
            f"{self.replies} messages, {self.duplicates} duplicates, {self.seconds:.0f} s"
        )


class Town:
    """People who all say the script to one bot, and what they heard."""

    def __init__(self, emulator: Emulator, people: int) -> None:
        self.emulator = emulator
        self.people = range(FIRST, FIRST + people)
        self.model: list[str] = []
        """What each should hear."""
        self.began = time.monotonic()

    def rehearse(self, service: Service) -> None:
        """What the script leads to where nothing goes wrong: ``service`` has a database apart."""
        person = Contact("telegram", str(self.people[0]))
        for number, line in enumerate(SCRIPT):
            service.receive(Update(str(number), person, line))
        with Session(service.engine) as session:
            replies = outbox.take(session, person)
        messages = [one for reply in replies for one in render(reply, keyboard_open=False)]
        self.model = [_NUMBER.sub("T", one.text) for one in messages]

    def speak(self, lines: Sequence[str] = SCRIPT) -> None:
        """Everybody else says everything; the platform keeps it until the bot comes for it."""
        for line in lines:
            for id in self.people:
                self.emulator.person(id).says(line)

    def all_of_them(self) -> dict[int, list[str]]:
        """What each has heard so far, without the numbers that are their own."""
        found: dict[int, list[str]] = {}
        for one in self.emulator.messages:
            text = _NUMBER.sub("T", one["text"].removeprefix(_AGAIN))
            found.setdefault(one["chat"]["id"], []).append(text)
        return found

    async def all_heard(self, seconds: float) -> None:
        """Wait until everybody has heard the last of it."""

        def done() -> bool:
            heard = self.all_of_them()
            return all(heard.get(id, [])[-1:] == self.model[-1:] for id in self.people)

        try:
            await until(done, seconds, pause=1.0)
        except TimeoutError:
            heard = self.all_of_them()
            short = {id: len(heard.get(id, [])) for id in self.people}
            left = len(self.emulator.pending)
            raise AssertionError(f"{left} updates not fetched; messages heard: {short}") from None

    def count(self, engine: Engine, *, kills: int) -> Counts:
        """Hold everything against the promise; raises AssertionError."""
        updates, replies = len(SCRIPT) * len(self.people), 0
        heard = self.all_of_them()
        duplicates = sum(repeats(self.model, heard[id]) for id in self.people)
        with Session(engine) as session:
            received = select(func.count()).where(col(Message.status) == Status.RECEIVED)
            assert session.exec(received).one() == updates
            owners = session.exec(select(Ticket.contact)).all()
            assert sorted(owners) == sorted(f"telegram:{id}" for id in self.people)
            numbers = session.exec(select(func.count(func.distinct(Ticket.number)))).one()
            assert numbers == len(self.people)
            opened = select(func.count()).where(TicketEvent.kind == "opened")
            assert session.exec(opened).one() == len(self.people)
            assert history.verify(session).problems == ()
            states = select(Message.status).where(Message.status != Status.RECEIVED)
            assert set(session.exec(states.distinct()).all()) == {Status.SENT}
            replies = session.exec(
                select(func.count()).where(col(Message.status) == Status.SENT)
            ).one()
        seconds = time.monotonic() - self.began
        return Counts(updates, len(owners), replies, duplicates, kills, seconds)


def repeats(expected: Sequence[str], heard: Sequence[str]) -> int:
    """How many of ``heard`` are repetitions; everything else must be ``expected`` in its order."""
    at, again = 0, 0
    for text in heard:
        if at < len(expected) and text == expected[at]:
            at += 1
            continue
        assert text in expected[max(0, at - 3) : at], f"out of order after {at}: {text[:60]!r}"
        again += 1
    assert at == len(expected), f"only {at} of {len(expected)} heard"
    return again


async def until(come_true: Callable[[], Any], seconds: float, *, pause: float = 0.05) -> None:
    async with asyncio.timeout(seconds):
        while not come_true():  # noqa: ASYNC110
            await asyncio.sleep(pause)


async def kill_now_and_then(
    processes: Sequence[Process], times: int, *, longest: float, dice: random.Random
) -> None:
    """kill -9 one of the processes at a random moment and start it again, so many times."""
    for _ in range(times):
        await asyncio.sleep(dice.uniform(0.2, longest))
        victim = dice.choice(processes)
        await victim.ends()
        await victim.start()


@contextlib.asynccontextmanager
async def platform() -> AsyncIterator[Emulator]:
    """A Bot API that takes a load."""
    emulator = Emulator(Unheard())  # type: ignore[arg-type]
    emulator.strict = False
    await emulator.start()
    try:
        yield emulator
    finally:
        await emulator.stop()


def telegram(emulator: Emulator, *, webhook: int | None = None) -> dict[str, str]:
    """Settings of the channel; ``webhook`` is the port Telegram is to reach us at."""
    found = {
        "YOUJUN_TELEGRAM__ENABLED": "true",
        "YOUJUN_TELEGRAM__TOKEN": TOKEN,
        "YOUJUN_TELEGRAM__BASE_URL": emulator.base_url,
        "YOUJUN_DELIVERY__LEASE_SECONDS": "4",
    }
    if webhook:
        found["YOUJUN_TELEGRAM__WEBHOOK"] = f"http://127.0.0.1:{webhook}/telegram"
    return found
