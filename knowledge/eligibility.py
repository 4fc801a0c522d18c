"""What a person is entitled to: 符合, 不符合 or 还差信息 – never a guess.

A condition that cannot be decided stays open; only a condition known to fail makes a no.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Literal

from knowledge.facts import Fact, Profile, parse
from knowledge.rules import (
    Condition,
    Rule,
    Test,
    Truth,
    When,
    compiled,
    facts_in,
    later,
    open_facts,
)

if TYPE_CHECKING:
    from knowledge.library import Library

Result = Literal["符合", "不符合", "还差信息"]
DISCLAIMER = "仅供参考，以发放部门核定为准。"
MARKS: Mapping[Truth, str] = {True: "✓", False: "✗", None: "?"}


@dataclass(frozen=True)
class Checked:
    """One condition and whether it holds."""

    condition: Condition
    value: Truth


@dataclass(frozen=True)
class Verdict:
    """What one rule says of one person. ``begins`` is the day from which it would hold."""

    rule: Rule
    result: Result
    checked: tuple[Checked, ...]
    missing: tuple[str, ...] = ()
    begins: date | None = None

    @property
    def facts(self) -> frozenset[str]:
        """Every fact the rule speaks of."""
        return frozenset(fact for one in self.checked for fact in facts_in(one.condition.when))

    @property
    def failed(self) -> tuple[Condition, ...]:
        return tuple(one.condition for one in self.checked if one.value is False)


class Judge:
    """The rules of a library, compiled once; judges any number of people."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.facts = library.facts
        around = cache(library.around)
        self.tests: dict[str, tuple[Test, ...]] = {
            id: tuple(compiled(one.when, library.facts, around) for one in rule.conditions)
            for id, rule in library.rules.items()
        }

    def verdicts(self, known: Profile, today: date) -> list[Verdict]:
        """One verdict for each rule in force on ``today``."""
        rules = self.library.rules.values()
        return [self.verdict(rule, known, today) for rule in rules if rule.in_force(today)]

    def verdict(self, rule: Rule, known: Profile, today: date) -> Verdict:
        """What ``rule`` says, with every condition's value."""
        values = [test(known, today) for test in self.tests[rule.id]]
        pairs = zip(rule.conditions, values, strict=True)
        checked = tuple(Checked(condition, value) for condition, value in pairs)
        result = combined(values)
        begins = _begins(checked, known) if result == "不符合" else None
        missing = self._missing(checked, known, today) if result == "还差信息" else ()
        return Verdict(rule, result, checked, missing, begins)

    def result(self, id: str, known: Profile, today: date) -> Result:
        """The bare result, for counting many people."""
        return combined(test(known, today) for test in self.tests[id])

    def _missing(self, checked: Iterable[Checked], known: Profile, today: date) -> tuple[str, ...]:
        def value(when: When) -> Truth:
            return compiled(when, self.facts, self.library.around)(known, today)

        open_ones = (open_facts(one.condition.when, value) for one in checked if one.value is None)
        return tuple(dict.fromkeys(fact for facts in open_ones for fact in facts))

    def next_fact(self, known: Profile, asked: Iterable[str], today: date) -> Fact | None:
        """The question that decides most of what is still open; None when none can."""
        done = set(asked)
        verdicts = [one for one in self.verdicts(known, today) if one.result == "还差信息"]
        open_rules = [one for one in verdicts if not self._stuck(one, known, done, today)]
        candidates = dict.fromkeys(fact for one in open_rules for fact in one.missing)
        for fact in done:
            candidates.pop(fact, None)
        ranked = ((self._decisive(fact, open_rules, known, today), fact) for fact in candidates)
        best = max(ranked, key=lambda one: one[0], default=None)
        return self.facts[best[1]] if best else None

    def _stuck(self, one: Verdict, known: Profile, asked: set[str], today: date) -> bool:
        """Whether a condition stays open whatever else is asked: its facts were 不清楚."""
        open_ones = (check for check in one.checked if check.value is None)
        return any(set(self._missing([check], known, today)) <= asked for check in open_ones)

    def _decisive(
        self, fact: str, open_rules: list[Verdict], known: Profile, today: date
    ) -> tuple[float, int]:
        """Rules settled on average over the possible answers, then rules it occurs in."""
        values = [parse(self.facts[fact], one) for one in _possible(self.facts[fact])]
        concerned = [one.rule.id for one in open_rules if fact in one.missing]
        rules = self.library.rules
        settled = sum(
            rules[id].weight * (self.result(id, {**known, fact: value}, today) != "还差信息")
            for value in values
            for id in concerned
        )
        return settled / max(1, len(values)), len(concerned)


def combined(values: Iterable[Truth]) -> Result:
    """One result from all conditions: one known failure suffices for a no."""
    found: Result = "符合"
    for value in values:
        if value is False:
            return "不符合"
        if value is None:
            found = "还差信息"
    return found


def _possible(fact: Fact) -> Iterable[object]:
    if fact.kind == "yes":
        return ("yes", "no")
    return fact.samples or tuple(option.value for option in fact.options)


def _begins(checked: Iterable[Checked], known: Profile) -> date | None:
    """The day on which all failed conditions will hold, if only time is wanting."""
    days = [_turns(one.condition.when, known) for one in checked if one.value is False]
    certain = [day for day in days if day is not None]
    return max(certain) if certain and len(certain) == len(days) else None


def _turns(when: When, known: Profile) -> date | None:
    """The day an age is reached; None for anything else that fails."""
    years = when["age"].get("at_least") if set(when) == {"age"} else None
    born = known.get("born")
    return later(born[1], 12 * years) if years and born else None
