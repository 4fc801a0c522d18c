"""CPU per message on Telegram, from update to answer, against bots that only echo.

``python -m benchmarks.telegram [--messages 1500] [--rounds 3] [--different N] [--longest N]``;
prints a table for ``docs/benchmarks.md``.

Ours takes questions of the test sets from a Bot API on loopback, looks for danger, searches, answers, commits, and
delivers; the peers send the text back and store nothing. All run in turn on the same machine, in the same minutes. What
python-telegram-bot's default client costs depends on how many answers are on their way at a time: one, as its example
has it, four, as with us, or 256, what it does when told to work on updates at the same time.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import telegram_process as processes
from bot.evaluating import halves
from handlers.danger import level

_WARM = 200
"""Messages before the measured ones."""
Start = Callable[[int, int, str], "subprocess.Popen[bytes]"]


@dataclass(frozen=True)
class Result:
    """One run."""

    milliseconds: float
    """CPU a message."""
    per_second: float
    memory: int
    lost: int


KINDS: dict[str, tuple[bool, Start]] = {
    "python-telegram-bot, default client, echo": (
        True,
        lambda api, hook, folder: processes.peer("ptb", api, hook),
    ),
    "the same, four updates at a time": (
        True,
        lambda api, hook, folder: processes.peer("ptb-four", api, hook),
    ),
    "the same, up to 256 at a time": (
        True,
        lambda api, hook, folder: processes.peer("ptb-many", api, hook),
    ),
    "aiogram, echo": (True, lambda api, hook, folder: processes.peer("aiogram", api, hook)),
    "ours, webhook, the whole path": (
        True,
        lambda api, hook, folder: processes.ours(
            f"http://127.0.0.1:{api}/bot", hook, f"sqlite:///{folder}/youjun.db", webhook=True
        ),
    ),
    "ours, polling, the whole path": (
        False,
        lambda api, hook, folder: processes.ours(
            f"http://127.0.0.1:{api}/bot", hook, f"sqlite:///{folder}/youjun.db", webhook=False
        ),
    ),
}

PEERS = dict(zip(("PTB", "PTB 4", "PTB 256", "aiogram"), KINDS, strict=False))
"""The peers as the heads of columns name them."""


def questions(count: int, different: int = 0, longest: int = 0) -> list[str]:
    """So many questions people ask, each once while there are enough of them, or ``different`` ones
    over and over: short ones that come again are remembered. Of ``longest`` characters, if given: a
    fifth of the test questions are letters, of up to 400. None that sounds like danger: after an
    alarm staff answer, and the assistant is silent."""
    sets = halves(Path(__file__).parents[1] / "tests" / "questions")
    asked = dict.fromkeys(one.text for found in sets.values() for one in found)
    texts = [text for text in asked if len(text) <= (longest or len(text)) and level(text) is None]
    random.Random(1).shuffle(texts)  # noqa: S311
    texts = texts[: different or None]
    return [texts[at % len(texts)] for at in range(count)]


class Load:
    """The load generator as a process of its own."""

    def __init__(self, api_port: int, hook_port: int | None, texts: list[str]) -> None:
        command = [sys.executable, "-m", "benchmarks.telegram_load", str(api_port)]
        if hook_port:
            command += ["--hook-port", str(hook_port)]
        self._process = subprocess.Popen(  # noqa: S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._tell(json.dumps(texts)) == "ready"

    def fire(self, limit: int) -> dict[str, Any]:
        """Hand out everything up to ``limit`` and wait for the answers."""
        return dict(json.loads(self._tell(str(limit))))

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()

    def _tell(self, line: str) -> str:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


def run(kind: str, count: int, different: int, longest: int = 0) -> Result:
    """Start the bot, warm it up, measure it, stop it."""
    webhook, start = KINDS[kind]
    api, hook = processes.free_port(), processes.free_port()
    load = Load(api, hook if webhook else None, questions(_WARM + count, different, longest))
    with tempfile.TemporaryDirectory() as folder:
        bot = start(api, hook, folder)
        try:
            load.fire(_WARM)
            before = processes.cpu_seconds(bot)
            found = load.fire(_WARM + count)
            used = processes.cpu_seconds(bot) - before
            memory = processes.megabytes(bot)
        finally:
            load.stop()
            bot.terminate()
            bot.wait(30)
    answered = max(1, int(found["answered"]))
    lost = max(0, count - answered)
    return Result(1000 * used / answered, answered / found["seconds"], memory, lost)


def main() -> None:
    """Run every kind in turn, several rounds; print medians and ratios."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--messages", type=int, default=1500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--different", type=int, default=0)
    parser.add_argument("--longest", type=int, default=0)
    given = parser.parse_args()
    results: dict[str, list[Result]] = {kind: [] for kind in KINDS}
    for _ in range(given.rounds):
        for kind, found in results.items():
            found.append(run(kind, given.messages, given.different, given.longest))
            print(f"{kind}: {found[-1]}", file=sys.stderr, flush=True)
    cpu = {kind: statistics.median(one.milliseconds for one in results[kind]) for kind in KINDS}
    print(
        f"| bot | CPU ms a message | {' | '.join(f'× {one}' for one in PEERS)} | /s | MB | lost |"
    )
    print("|---" * (len(PEERS) + 5) + "|")
    for kind, found in results.items():
        speed = statistics.median(one.per_second for one in found)
        ratios = " | ".join(f"{cpu[kind] / cpu[peer]:.2f}" for peer in PEERS.values())
        memory, lost = max(one.memory for one in found), sum(one.lost for one in found)
        print(f"| {kind} | {cpu[kind]:.2f} | {ratios} | {speed:.0f} | {memory} | {lost} |")


if __name__ == "__main__":
    main()
