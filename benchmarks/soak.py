"""Hours of mixed traffic in minutes against one process, and what it does to its memory.

People on Telegram (emulator, long polling) and in the web chat, clerks at the console, imports of
places, and switches going off and on, all at once: ``python -m benchmarks.soak --updates 50000``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import re
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.question_sets import asked
from tests.channels.telegram_emulator import Emulator
from tests.faults.rig import Process, platform, telegram
from tests.sheets import shops, write_csv

QUESTIONS = asked()

PASSWORD = "soaking-for-hours-31"  # noqa: S105 - of a service that lives for minutes
REQUEST = (
    *("/request other-help", "邻居占了我家的地，想反映", "去年", "海门区", "三星镇"),
    *("13900138000", "同意", "1"),
)
_TOKEN = re.compile(r'name="token" value="([^"]+)"')
_TICKET = re.compile(r'href="(/desk/tickets/[^"]+)"')


@dataclass
class Sample:
    """How the process stood at one moment."""

    at: float
    """Seconds since the traffic began."""
    memory: int
    """Resident bytes."""
    files: int
    """Open files."""


@dataclass
class Soak:
    """One run: who writes what, and what was measured."""

    process: Process
    emulator: Emulator
    updates: int
    dice: random.Random
    began: float = field(default_factory=time.monotonic)
    sent: int = 0
    waits: list[tuple[float, float]] = field(default_factory=list)
    """When a web message was posted, and for how many seconds it took."""
    samples: list[Sample] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.process.port}"

    @property
    def done(self) -> bool:
        return self.sent >= self.updates

    async def run(self) -> None:
        """All of them at once until everything is said; what fails is noted."""
        side: list[Callable[[], Awaitable[None]]] = [self._measure, self._clerk, self._operator]
        async with asyncio.TaskGroup() as group:
            for work in (*side, *([self._visitor] * 8), self._telegram):
                group.create_task(self._until_done(work))

    async def _until_done(self, work: Callable[[], Awaitable[None]]) -> None:
        while not self.done:
            try:
                await work()
            except (aiohttp.ClientError, AssertionError) as problem:
                self.failures.append(f"{work.__name__}: {problem!r}"[:300])
                await asyncio.sleep(0.5)

    async def _visitor(self) -> None:
        """A person in the web chat who asks a few things and leaves."""
        address = ".".join(str(self.dice.randrange(1, 250)) for _ in range(4))
        async with _browser(self.url, {"X-Forwarded-For": address}) as http:
            token = await _token(http, "/")
            lines = REQUEST if self.dice.random() < 0.1 else self.dice.sample(QUESTIONS, 8)
            for number, text in enumerate(lines):
                form = {"token": token, "id": f"{number}", "text": text}
                began = time.monotonic()
                async with http.post("/chat/messages", data=form) as answer:
                    assert answer.status < 400, f"{answer.status} for {text[:20]}"
                self.waits.append((began - self.began, time.monotonic() - began))
                self.sent += 1
                async with http.get("/chat/messages", params={"after": "0"}) as answer:
                    assert answer.status == 200

    async def _telegram(self) -> None:
        """People on Telegram, two thousand of them, never more than a few ahead of the bot."""
        while len(self.emulator.pending) > 8:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        person = self.emulator.person(1000 + self.dice.randrange(2000))
        person.says(self.dice.choice(QUESTIONS))
        self.sent += 1
        if len(self.emulator.messages) > 5000:  # the emulator is not what is measured
            self.emulator.messages.clear()
        await asyncio.sleep(0.02)

    async def _clerk(self) -> None:
        """Signs in, looks at the queue, opens a ticket, takes it, signs out."""
        async with _browser(self.url) as http:
            token = await _token(http, "/desk/sign-in")
            form = {"token": token, "username": "zhao", "password": PASSWORD}
            async with http.post("/desk/sign-in", data=form) as answer:
                page = await answer.text()
                assert answer.status == 200, f"sign-in {answer.status}"
            for address in _TICKET.findall(page)[:3]:
                async with http.get(address) as answer:
                    page = await answer.text()
                token = _TOKEN.findall(page)[0]
                async with http.post(f"{address}/claim", data={"token": token, "version": "1"}):
                    pass
            for _ in range(10):
                async with http.get("/desk/") as answer:
                    assert answer.status == 200
                await asyncio.sleep(0.2)

    async def _operator(self) -> None:
        """Imports a list of places, switches answers off and on."""
        rows = shops(300, seed=self.dice.randrange(10**6))
        file = write_csv(self.process.folder / "places.csv", rows)
        await self._command("places", "import", str(file))
        await self._command("switch", "off", "wechat")
        await self._command("switch", "on", "wechat")
        await asyncio.sleep(10)

    async def _command(self, *words: str) -> None:
        done = await self.process.command(*words)
        assert done == 0, f"youjun {' '.join(words)}: {done}"

    async def _measure(self) -> None:
        assert self.process.running is not None
        folder = Path(f"/proc/{self.process.running.pid}")
        with contextlib.suppress(FileNotFoundError):
            pages = int((folder / "statm").read_text("ascii").split()[1])
            files = len(list((folder / "fd").iterdir()))
            at = time.monotonic() - self.began
            self.samples.append(Sample(at, pages * 4096, files))
        await asyncio.sleep(1)


@dataclass(frozen=True)
class Report:
    """What a run showed; the first fifth is warming up and does not count."""

    updates: int
    seconds: float
    memory: tuple[int, int]
    """Median resident bytes after warming up, and at the end."""
    files: tuple[int, int]
    """Most open files in the same parts."""
    p99: tuple[float, float]
    """Seconds a posted message took, in the same parts."""
    failures: tuple[str, ...]

    @property
    def growth(self) -> float:
        """Of memory: 0.05 is five per cent."""
        return self.memory[1] / self.memory[0] - 1


def report(soak: Soak) -> Report:
    """The second fifth of the run beside the last one."""
    whole = soak.samples[-1].at
    early, late = (whole * 0.2, whole * 0.4), (whole * 0.8, whole * 1.01)
    parts = [[one for one in soak.samples if a <= one.at < b] for a, b in (early, late)]
    waits = [sorted(spent for at, spent in soak.waits if a <= at < b) for a, b in (early, late)]
    memory = [int(statistics.median(one.memory for one in part)) for part in parts]
    files = [max(one.files for one in part) for part in parts]
    p99 = [part[int(len(part) * 0.99)] for part in waits]
    return Report(
        soak.sent, whole, (memory[0], memory[1]), (files[0], files[1]), (p99[0], p99[1]),
        tuple(soak.failures),
    )  # fmt: skip


async def soak(folder: Path, updates: int, *, seed: int = 1) -> Report:
    """Run it in ``folder``: a new SQLite database, one process."""
    async with platform() as emulator:
        process = Process(folder, telegram(emulator))
        assert await process.command("migrate") == 0
        await process.start()
        try:
            added = await process.command(
                "staff",
                "add",
                "zhao",
                "--name",
                "赵同志",
                "--role",
                "admin",
                "--password",
                PASSWORD,
            )
            assert added == 0
            run = Soak(process, emulator, updates, random.Random(seed))  # noqa: S311
            await run.run()
        finally:
            await process.ends()
    return report(run)


def _browser(url: str, headers: dict[str, str] | None = None) -> aiohttp.ClientSession:
    """Keeps cookies of a bare address, too."""
    jar = aiohttp.CookieJar(unsafe=True)
    return aiohttp.ClientSession(url, headers=headers, cookie_jar=jar)


async def _token(http: aiohttp.ClientSession, page: str) -> str:
    async with http.get(page) as answer:
        return str(_TOKEN.findall(await answer.text())[0])


def main() -> None:
    """Run it and print what it showed."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--updates", type=int, default=50_000)
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(soak(Path(folder), options.parse_args().updates))
    print(f"{found.updates} updates in {found.seconds:.0f} s, {len(found.failures)} failures")
    for words in sorted(set(found.failures))[:10]:
        print(f"  {words}")
    print(f"memory {found.memory[0] >> 20} → {found.memory[1] >> 20} MB ({found.growth:+.1%})")
    print(f"open files {found.files[0]} → {found.files[1]}")
    print(f"p99 of a posted message {found.p99[0] * 1000:.0f} → {found.p99[1] * 1000:.0f} ms")


if __name__ == "__main__":
    main()
