"""Hears in what state somebody writes: waiting for money, sent from office to office, in mourning.

No article can know the day money comes; what can be said is who pays, whom to ask, and that staff can ask for them.
"""

from __future__ import annotations

import re

from knowledge.schema import Lexicon

_CLAUSE = re.compile(r"[，,。！？!?；;\n]+")
_SOON = 12
"""Characters between somebody and what is said of them."""


def awaits_money(lexicon: Lexicon, text: str) -> bool:
    """Whether ``text`` asks when money is paid, or why it has not come."""
    asked = lexicon.payday
    return any(
        any(word in clause for word in asked.when) and any(word in clause for word in asked.paid)
        for clause in _CLAUSE.split(text)
    )


def pushed_about(lexicon: Lexicon, text: str) -> bool:
    """Whether its writer was sent from one office to the next, or got no answer."""
    return any(word in text for word in lexicon.pushed)


def mourns(lexicon: Lexicon, text: str) -> bool:
    """Whether one of its writer's own died not long ago."""
    said = lexicon.mourning
    if not any(word in text for word in said.lately):
        return False
    return any(
        any(word in clause[at : at + _SOON] for word in said.gone)
        for clause in _CLAUSE.split(text)
        for kin in said.kin
        if (at := clause.find(kin)) >= 0
    )


def speaks_of_soldiers(lexicon: Lexicon, text: str) -> bool:
    """Whether ``text`` has any word of soldiers and their families."""
    return any(word in text for word in lexicon.others.unless)
