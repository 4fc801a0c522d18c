"""Rules of entitlement as data: conditions over facts, compiled to functions.

A condition's ``when`` is a mapping: a fact and what it must be (``identity: veteran``,
``age: {at_least: 60}``, ``enlisted: {from: 1954-11-01, before: 2011-11-01}``), or ``all``, ``any``
(lists) and ``not``. Several keys mean all of them. Nothing is evaluated as code.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, TypeAlias

from pydantic import Field

from knowledge.facts import Fact, Profile
from knowledge.schema import File, Line, Slug, Source

When: TypeAlias = Mapping[str, Any]
Truth: TypeAlias = bool | None
"""True, False, or None: not known."""
Test: TypeAlias = Callable[[Profile, date], Truth]
Place: TypeAlias = tuple[str | int, ...]
Around: TypeAlias = Callable[[str], tuple[str, ...]]
"""A region and what lies around it: 海门区, 南通市, 江苏省, 全国."""

_NUMBER = frozenset({"at_least", "under"})
_MONTHS = frozenset({"within_months", "in_months"})
_DATE = _MONTHS | {"from", "before"}
_JOINTS = frozenset({"all", "any", "not"})


class ExpressionError(ValueError):
    """An expression cannot be used; ``place`` is the way to it within ``when``."""

    def __init__(self, message: str, place: Place) -> None:
        super().__init__(message)
        self.place = place


class Condition(File):
    """One thing that must hold, and who says so."""

    text: Line
    when: dict[str, Any]
    source: Source


class Rule(File):
    """Who is entitled to one benefit. All conditions must hold."""

    id: Slug
    title: Line
    article: Slug
    """The article that explains the benefit."""
    region: Line
    gives: Line
    """What one gets, in one sentence."""
    conditions: Annotated[tuple[Condition, ...], Field(min_length=1, max_length=8)]
    valid_from: date | None = None
    valid_to: date | None = None
    service: Slug | None = None
    """Who takes the request; without it staff are asked as a question on policy."""
    weight: int = Field(default=1, ge=1, le=20)
    """How much its questions are worth: more for what few questions on others would crowd out."""
    bureau_decides: Line | None = None
    """What only the bureau can establish, shown with the result."""

    def in_force(self, today: date) -> bool:
        """Whether the rule holds on ``today``."""
        begun = self.valid_from is None or self.valid_from <= today
        return begun and (self.valid_to is None or today <= self.valid_to)


def compiled(when: When, facts: Mapping[str, Fact], around: Around, at: Place = ()) -> Test:
    """The test an expression stands for. Raises ExpressionError with the place of the fault."""
    if not isinstance(when, Mapping) or not when:
        raise ExpressionError("条件应当是“事实: 要求”，或 all、any、not", at)
    tests = [_part(key, value, facts, around, (*at, key)) for key, value in when.items()]
    return tests[0] if len(tests) == 1 else _all(tests)


def facts_in(when: When) -> Iterator[str]:
    """The facts an expression speaks of."""
    for key, value in when.items():
        if key in ("all", "any"):
            for inner in value:
                yield from facts_in(inner)
        elif key == "not":
            yield from facts_in(value)
        else:
            yield "born" if key == "age" else key


def open_facts(when: When, value: Callable[[When], Truth]) -> Iterator[str]:
    """The facts that can still decide an expression; settled branches are left out."""
    for key, inner in when.items():
        if value({key: inner}) is not None:
            continue
        if key in ("all", "any"):
            for one in inner:
                yield from open_facts(one, value)
        elif key == "not":
            yield from open_facts(inner, value)
        else:
            yield "born" if key == "age" else key


def _part(key: str, value: Any, facts: Mapping[str, Fact], around: Around, at: Place) -> Test:
    if key == "not":
        return _negated(compiled(value, facts, around, at))
    if key in _JOINTS:
        if not isinstance(value, list) or not value:
            raise ExpressionError(f"{key} 下面应当是列表", at)
        tests = [compiled(one, facts, around, (*at, n)) for n, one in enumerate(value)]
        return _all(tests) if key == "all" else _any(tests)
    fact = facts.get(key)
    if fact is None:
        raise ExpressionError(f"没有“{key}”这个事实，只能用 facts.yaml 里的", at)
    if fact.kind in ("choice", "yes"):
        return _one_of(fact, value, at)
    if fact.kind == "region":
        return _within(key, value, around, at)
    allowed = _NUMBER if fact.kind == "number" else _DATE
    if not isinstance(value, Mapping) or not value or set(value) - allowed:
        raise ExpressionError(f"{key} 的要求只能用 {'、'.join(sorted(allowed))}", at)
    kind = int if fact.kind == "number" else date
    return _all([_border(key, op, _typed(edge, kind, op, at)) for op, edge in value.items()])


def _typed(edge: Any, kind: type, op: str, at: Place) -> Any:
    wanted = int if op in _MONTHS else kind
    if type(edge) is not wanted:
        what = "整数" if wanted is int else "日期（如 2011-11-01）"
        raise ExpressionError(f"{op} 后面应当是{what}", (*at, op))
    return edge


def _one_of(fact: Fact, value: Any, at: Place) -> Test:
    wanted = frozenset(value if isinstance(value, list) else [value])
    known = {True, False} if fact.kind == "yes" else {option.value for option in fact.options}
    if not wanted or wanted - known:
        names = "、".join(map(str, sorted(wanted - known, key=str)))
        raise ExpressionError(f"“{fact.id}”没有 {names or '任何'} 这一项", at)
    key = fact.id

    def test(known: Profile, _today: date) -> Truth:
        value = known.get(key)
        return None if value is None else value in wanted

    return test


def _within(key: str, value: Any, around: Around, at: Place) -> Test:
    if not isinstance(value, str) or not around(value):
        raise ExpressionError("地区只能写 regions.yaml 里的一个名字", at)

    def test(known: Profile, _today: date) -> Truth:
        place = known.get(key)
        return None if place is None else value in around(place)

    return test


def _border(key: str, op: str, edge: Any) -> Test:
    if key == "age":
        return _aged(op, edge)
    if op in _MONTHS:
        return _recent(key, edge, counted=op == "in_months")
    above = op in ("at_least", "from")

    def test(known: Profile, _today: date) -> Truth:
        value = known.get(key)
        if value is None:
            return None
        low, high = value if isinstance(value, tuple) else (value, value)
        return _agreed(low >= edge, high >= edge, above=above)

    return test


def _aged(op: str, years: int) -> Test:
    above = op == "at_least"

    def test(known: Profile, today: date) -> Truth:
        if (age := known.get("age")) is not None:
            return (age >= years) is above
        if (born := known.get("born")) is None:
            return None
        early, late = (later(day, 12 * years) <= today for day in born)
        return _agreed(early, late, above=above)

    return test


def _recent(key: str, months: int, *, counted: bool) -> Test:
    """Not ``months`` ago; ``counted``: the month of the day itself is the first of them."""

    def test(known: Profile, today: date) -> Truth:
        if (span := known.get(key)) is None:
            return None
        begins = [day.replace(day=1) if counted else day for day in span]
        ends = [later(day, months) for day in begins]
        first, last = (day <= today < end for day, end in zip(span, ends, strict=True))
        return _agreed(first, last, above=True)

    return test


def _agreed(low: bool, high: bool, *, above: bool) -> Truth:
    return None if low is not high else low is above


def later(day: date, months: int) -> date:
    """``day`` some months on; a day that month lacks (29 February) is the first of the next."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if day.day > calendar.monthrange(year, month + 1)[1]:
        return later(date(year, month + 1, 1), 1)
    return date(year, month + 1, day.day)


def _all(tests: list[Test]) -> Test:
    def test(known: Profile, today: date) -> Truth:
        found: Truth = True
        for one in tests:
            value = one(known, today)
            if value is False:
                return False
            if value is None:
                found = None
        return found

    return test


def _any(tests: list[Test]) -> Test:
    negated = _all([_negated(test) for test in tests])
    return _negated(negated)


def _negated(test: Test) -> Test:
    def negation(known: Profile, today: date) -> Truth:
        value = test(known, today)
        return None if value is None else not value

    return negation
