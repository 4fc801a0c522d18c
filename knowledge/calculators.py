"""Published formulas with published parameters, worked out line by line in Decimal.

A calculator is data: what to ask, dated and sourced parameters, and steps of four sums, the
lesser, the greater and a date some days on. What is unknown is named, never guessed; a day or a
case for which no parameter was published is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from knowledge.facts import FactKey, FactOption
from knowledge.schema import File, Line, Slug, Source

Given: TypeAlias = dict[str, "Decimal | date | str"]
Operation = Literal["multiply", "add", "subtract", "divide", "least", "greatest"]


class Unreadable(ValueError):
    """An input cannot be read; says what would do."""


class Input(File):
    """One thing the calculation needs from the person."""

    key: FactKey
    kind: Literal["money", "number", "date", "choice"]
    label: Line
    ask: Line
    options: tuple[FactOption, ...] = ()
    lowest: int = 0
    highest: int = 100_000_000
    may_be_unknown: bool = False

    def parse(self, said: object) -> Decimal | date | str | None:
        """The value, or None for 不清楚 where that is allowed. Raises Unreadable."""
        text = str(said).strip()
        if self.may_be_unknown and text in ("", "不清楚", "unknown"):
            return None
        if self.kind == "choice":
            return self._choice(text)
        return self._day(text) if self.kind == "date" else self._number(text)

    def _choice(self, text: str) -> str:
        for option in self.options:
            if text in (option.value, option.label):
                return option.value
        raise Unreadable(f"“{self.label}”只能是 {'、'.join(one.label for one in self.options)}")

    def _day(self, text: str) -> date:
        parts = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-")
        try:
            year, month, day = map(int, parts.split("-"))
            return date(year, month, day)
        except ValueError:
            raise Unreadable(f"“{self.label}”请写年月日，如 2026-3-15") from None

    def _number(self, text: str) -> Decimal:
        plain = text.replace(",", "").replace("，", "").rstrip("元年月人岁个㎡ ")
        scale = Decimal(10000) if plain.endswith("万") else Decimal(1)
        try:
            value = Decimal(plain.removesuffix("万")) * scale
        except InvalidOperation:
            raise Unreadable(f"“{self.label}”请写数字，不是“{text}”") from None
        if not value.is_finite() or not self.lowest <= value <= self.highest:
            raise Unreadable(f"“{self.label}”应在 {self.lowest} 到 {self.highest} 之间")
        if self.kind == "number" and value != value.to_integral_value():
            raise Unreadable(f"“{self.label}”请写整数")
        return value


class Figure(File):
    """One published value of a parameter, for a time and a case."""

    value: Decimal
    source: Source
    valid_from: date | None = None
    valid_to: date | None = None
    case: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Input → the choices it holds for."""

    def holds(self, given: Given, day: date) -> bool:
        """Whether it is the figure for this case on this day."""
        begun = self.valid_from is None or self.valid_from <= day
        if not begun or (self.valid_to is not None and day > self.valid_to):
            return False
        return all(given.get(key) in wanted for key, wanted in self.case.items())


class Parameter(File):
    """A published quantity that formulas use."""

    key: FactKey
    label: Line
    unit: str = ""
    dated_by: str | None = None
    """The input whose day decides; without it the day of the calculation does."""
    figures: Annotated[tuple[Figure, ...], Field(min_length=1)]


class Moment(File):
    """A day some days or months after an input."""

    of: str
    days: int = 0
    months: int = 0


class Step(File):
    """One line of the calculation: ``multiply: [income, 30]``."""

    key: FactKey
    label: Line
    unit: str = "元"
    case: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    multiply: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    subtract: tuple[str, ...] = ()
    divide: tuple[str, ...] = ()
    least: tuple[str, ...] = ()
    greatest: tuple[str, ...] = ()
    after: Moment | None = None

    @model_validator(mode="after")
    def _one_operation(self) -> Step:
        if len(self._operations()) + (self.after is not None) != 1:
            raise ValueError("每一步写且只写一种算法")
        return self

    def _operations(self) -> list[tuple[Operation, tuple[str, ...]]]:
        names: tuple[Operation, ...] = (
            *("multiply", "add", "subtract"),
            *("divide", "least", "greatest"),
        )
        return [(name, getattr(self, name)) for name in names if getattr(self, name)]

    @property
    def operation(self) -> tuple[Operation, tuple[str, ...]] | None:
        """What is done with what; None for a date."""
        found = self._operations()
        return found[0] if found else None


class Calculator(File):
    """One formula as published."""

    id: Slug
    title: Line
    article: Slug
    region: Line
    inputs: Annotated[tuple[Input, ...], Field(min_length=1, max_length=7)]
    parameters: tuple[Parameter, ...] = ()
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    """Who published the formula."""
    bureau_decides: tuple[Line, ...] = ()
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _names_known(self) -> Calculator:
        known = {one.key for one in self.inputs} | {one.key for one in self.parameters}
        inputs = {one.key for one in self.inputs}
        for step in self.steps:
            used = step.operation[1] if step.operation else (step.after.of,) if step.after else ()
            for name in used:
                if name not in known and not literal(name):
                    raise ValueError(f"步骤 {step.key} 用到的“{name}”前面没有")
            known.add(step.key)
            if set(step.case) - inputs:
                raise ValueError(f"步骤 {step.key} 的 case 只能用 inputs 里的")
        return self


def read(calculator: Calculator, said: Mapping[str, object]) -> Given:
    """What was said, as values. Raises Unreadable, also for a key nobody asked for."""
    keys = {one.key: one for one in calculator.inputs}
    if strange := set(said) - set(keys):
        known = "、".join(f"{key}（{one.label}）" for key, one in keys.items())
        raise Unreadable(f"不认识 {'、'.join(sorted(strange))}；可写：{known}")
    if lacking := [k for k, one in keys.items() if k not in said and not one.may_be_unknown]:
        raise Unreadable(f"还缺 {'、'.join(f'{key}（{keys[key].label}）' for key in lacking)}")
    values = {key: keys[key].parse(value) for key, value in said.items()}
    return {key: value for key, value in values.items() if value is not None}


def literal(name: str) -> bool:
    """Whether a step names a number and not a quantity."""
    return name.replace(".", "", 1).isdigit()
