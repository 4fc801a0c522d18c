"""Voice into words: the seam behind which a speech model stands, if the operator has one."""

from __future__ import annotations

from typing import Protocol

LONGEST = 120
"""Seconds of a voice message we listen to."""


class Unheard(Exception):
    """No words came out; the message says why, for the log."""


class Transcriber(Protocol):
    """Listens to one voice message."""

    async def transcribe(self, voice: bytes, name: str) -> str:
        """What was said. ``name`` tells the format (``voice.ogg``). Raises Unheard."""
