"""Hears that somebody waits for money: a fifth of what people write to the authorities asks when it comes.

No article can know the day; what can be said is who pays, whom to ask, and that staff can ask for them.
"""

from __future__ import annotations

import re

from knowledge.library import Library

_CLAUSE = re.compile(r"[，,。！？!?；;\n]+")


def awaited(library: Library, text: str) -> bool:
    """Whether ``text`` asks when money is paid, or why it has not come."""
    asked = library.lexicon.payday
    return any(
        any(word in clause for word in asked.when) and any(word in clause for word in asked.paid)
        for clause in _CLAUSE.split(text)
    )
