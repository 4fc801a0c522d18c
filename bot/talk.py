"""A conversation in the terminal, on the same service and database as every channel."""

from __future__ import annotations

import getpass
import secrets
from typing import TextIO

from sqlmodel import Session

from bot import app as parts
from bot.channels.terminal import Terminal
from bot.config import Settings
from bot.db import outbox
from handlers.menu import welcome


def run(settings: Settings, lines: TextIO, out: TextIO) -> None:
    """Answer ``lines`` one by one until they end."""
    app = parts.build(settings)
    terminal = Terminal(getpass.getuser(), secrets.token_hex(4))
    interactive = lines.isatty()

    def write(text: str) -> None:
        out.write(f"{text}\n")
        out.flush()

    terminal.show([welcome()], write)
    while True:
        if interactive:
            out.write("您：")
            out.flush()
        line = lines.readline()
        if not line:
            return
        if not line.strip():
            continue
        app.service.receive(terminal.read(line))
        with Session(app.engine) as session:
            terminal.show(outbox.take(session, terminal.contact), write)
