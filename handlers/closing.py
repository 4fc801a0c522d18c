"""What the operator has switched off."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Closing:
    """Notices to show; an empty one means that the thing is on."""

    channel: str = ""
    """Instead of everything on this channel."""
    answers: str = ""
    """Instead of policy answers and figures; requests, places and staff go on."""
