"""What was spoken is shown as we understood it: speech models mishear, most of all dialect."""

from __future__ import annotations

from dataclasses import replace

from handlers.messages import Update
from handlers.turn import Turn


def heard(turn: Turn, update: Update) -> Turn:
    """The turn with the words we heard before the first reply; a text for somebody in danger
    stays as it is."""
    if not update.spoken or not turn.replies or turn.status == "crisis":
        return turn
    first = turn.replies[0]
    words = f"听到的是：“{update.text}”（听错了请打字）\n\n{first.text}"
    return replace(turn, replies=[replace(first, text=words), *turn.replies[1:]])
