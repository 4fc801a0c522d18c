"""Files people send: what a channel hands over, and to whom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from handlers.messages import Contact

LARGEST = 10 * 1024 * 1024
"""Bytes of one file; channels need not fetch larger ones – they hand over ``data`` None."""


@dataclass(frozen=True)
class File:
    """One photo or document somebody sent."""

    id: str
    """As the platform numbers its updates: the same file twice is kept once."""
    contact: Contact
    name: str
    """As the person called it; never trusted for the type."""
    data: bytes | None
    """None when it was too large to fetch."""
    album: str | None = None
    """Files sent together share this; they are confirmed once."""


class Attachments(Protocol):
    """Keeps files and tells the person so, through the outbox. Blocks: call it in a thread."""

    def receive(self, file: File) -> None:
        """Keep the file with the person's request, or say why not. Safe to repeat."""
