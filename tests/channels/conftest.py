"""What tests of channels may use."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from handlers.messages import Update

if TYPE_CHECKING:
    from bot.channels.telegram import Telegram
    from tests.channels.telegram_emulator import Emulator
    from tests.channels.telegram_official import Official

Connect: TypeAlias = "Callable[..., Telegram]"
Running: TypeAlias = "Callable[[Telegram, Desk], AbstractAsyncContextManager[None]]"


class Desk:
    """Stands where the service stands: remembers what it received, fails when told to."""

    def __init__(self) -> None:
        self.received: list[Update] = []
        self.refuses: Callable[[Update], bool] = lambda update: False
        self.tried: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self._news = asyncio.Condition()

    async def receive(self, update: Update) -> None:
        self.tried.append(update.text)
        await self._tell()
        await self.open.wait()
        if self.refuses(update):
            raise RuntimeError(f"could not take {update.text!r}")
        self.received.append(update)
        await self._tell()

    @property
    def texts(self) -> list[str]:
        return [update.text for update in self.received]

    async def tries(self, count: int) -> None:
        """Wait until so many were handed over, taken or not."""
        await self._until(lambda: len(self.tried) >= count)

    async def hears(self, count: int) -> list[Update]:
        """Wait until so many updates were received."""
        await self._until(lambda: len(self.received) >= count)
        return self.received

    async def _until(self, come_true: Callable[[], bool]) -> None:
        async with asyncio.timeout(5), self._news:
            await self._news.wait_for(come_true)

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()


class Clock:
    """Seconds that pass when a test says so."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="session")
def official() -> Official:
    """aiogram's models; importing them takes seconds, so only for those who ask."""
    from tests.channels.telegram_official import Official

    return Official()


@pytest.fixture
async def telegram_emulator(official: Official) -> AsyncIterator[Emulator]:
    """A Bot API of one's own; the test fails if any traffic was against the documentation."""
    from tests.channels.telegram_emulator import Emulator

    emulator = Emulator(official)
    await emulator.start()
    yield emulator
    await emulator.stop()
    assert not emulator.objections


@pytest.fixture
async def connect(telegram_emulator: Emulator) -> AsyncIterator[Connect]:
    """Makes bots that talk to the emulator, quick to lose patience."""
    from bot.channels.telegram import Telegram
    from bot.channels.telegram_patience import Timing
    from tests.channels.telegram_emulator import TOKEN

    quick = Timing(poll=2, slack=0.5, first_wait=0.02, longest_wait=0.1)
    made: list[Telegram] = []

    def make(**options: Any) -> Telegram:
        usual = {"token": TOKEN, "timing": quick, "base_url": telegram_emulator.base_url}
        made.append(Telegram(**{**usual, **options}))
        return made[-1]

    yield make
    for one in made:
        await one.close()


@pytest.fixture
def running() -> Running:
    """``async with running(telegram, desk):`` polls meanwhile."""

    @contextlib.asynccontextmanager
    async def run(telegram: Telegram, desk: Desk) -> AsyncIterator[None]:
        task = asyncio.create_task(telegram.run(desk.receive))
        try:
            yield
        finally:
            desk.open.set()  # a test that failed with the desk shut must not hang
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return run
