"""A conversation in the terminal, on the same service and database as every channel."""

from __future__ import annotations

import getpass
import os
import secrets
from collections.abc import Callable, Iterator
from typing import TextIO

from sqlmodel import Session

from bot import app as parts
from bot.channels.terminal import Terminal
from bot.config import Settings
from bot.db import outbox
from bot.recording import Recording
from handlers.menu import welcome

_PROMPT = "您："


def run(
    settings: Settings, lines: TextIO, out: TextIO, *, recording: Recording | None = None
) -> None:
    """Answer ``lines`` one by one until they end.

    A recorded conversation starts as a new person, so that it can be played again.
    """
    app = parts.build(settings)
    name = f"record-{secrets.token_hex(4)}" if recording else getpass.getuser()
    terminal = Terminal(name, secrets.token_hex(4), colours=_has_colours(out))

    def write(text: str) -> None:
        out.write(f"{text}\n")
        out.flush()

    terminal.show([welcome()], write)
    for line in _typed() if lines.isatty() else lines:
        if not line.strip():
            continue
        update = terminal.read(line)
        app.service.receive(update)
        with Session(app.engine) as session:
            replies = outbox.take(session, terminal.contact)
        terminal.show(replies, write)
        if recording:
            recording.note(update, replies)


def _typed() -> Iterator[str]:
    """What is typed at a prompt, with arrow keys for editing and for earlier lines.

    Those are kept until the end of the conversation only: they may hold somebody's troubles.
    """
    ask = _editor()
    while True:
        try:
            yield ask(_PROMPT)
        except (EOFError, KeyboardInterrupt):
            return


def _editor() -> Callable[[str], str]:
    try:
        import readline  # gives input() its history; Windows has none, and none is needed there
    except ImportError:
        return input
    readline.set_auto_history(True)
    return input


def _has_colours(out: TextIO) -> bool:
    """https://no-color.org"""
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
