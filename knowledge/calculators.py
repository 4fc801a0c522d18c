"""Published formulas with published parameters, worked out line by line in Decimal.

A calculator is data: what to ask, dated and sourced parameters, and steps of four sums, the
lesser, the greater and a date some days on. What is unknown is named, never guessed; a day or a
case for which no parameter was published is refused.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, model_validator

from knowledge.facts import FactKey, FactOption
from knowledge.schema import File, Line, Slug, Source

Given: TypeAlias = dict[str, "Decimal | date | str"]
Operation = Literal["multiply", "add", "subtract", "divide", "least", "greatest"]
_SIGNS: Mapping[str, str] = {"multiply": " × ", "add": " + ", "subtract": " − ", "divide": " ÷ "}
_CENT = Decimal("0.01")


class NotCovered(ValueError):
    """What was given lies outside what is published; says what is."""


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
                if name not in known and not _literal(name):
                    raise ValueError(f"步骤 {step.key} 用到的“{name}”前面没有")
            known.add(step.key)
            if set(step.case) - inputs:
                raise ValueError(f"步骤 {step.key} 的 case 只能用 inputs 里的")
        return self


@dataclass(frozen=True)
class Sum:
    """A finished calculation: its lines, its last value, what was missing, and the sources."""

    lines: tuple[str, ...]
    values: Mapping[str, Decimal | date]
    missing: tuple[str, ...]
    sources: tuple[Source, ...]


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


def work_out(calculator: Calculator, given: Given, today: date) -> Sum:
    """The calculation, line by line. Raises NotCovered."""
    _in_force(calculator, today)
    values: dict[str, Any] = {key: one for key, one in given.items() if not isinstance(one, str)}
    lines: list[str] = []
    sources: list[Source] = list(calculator.sources)
    for parameter in _needed(calculator, given):
        figure = _figure(parameter, given, today)
        values[parameter.key] = figure.value
        lines.append(f"{parameter.label}：{_rate(figure.value, parameter.unit)}")
        sources.append(figure.source)
    labels = {one.key: one.label for one in calculator.inputs}
    missing: dict[str, None] = {}
    results: dict[str, Decimal | date] = {}
    for step in _applying(calculator, given):
        lacking = [name for name in _used(step) if name not in values and not _literal(name)]
        if lacking:
            missing |= dict.fromkeys(labels[name] for name in lacking if name in labels)
            continue
        values[step.key] = results[step.key] = _value(step, values)
        lines.append(_line(step, values))
    return Sum(tuple(lines), results, tuple(missing), tuple(dict.fromkeys(sources)))


def _in_force(calculator: Calculator, today: date) -> None:
    start, end = calculator.valid_from, calculator.valid_to
    if (start and today < start) or (end and today > end):
        raise NotCovered(
            f"“{calculator.title}”的规定只管 {start or '此前'} 到 {end or '以后'}，不能算。"
        )


def _applying(calculator: Calculator, given: Given) -> list[Step]:
    return [
        step
        for step in calculator.steps
        if all(given.get(key) in wanted for key, wanted in step.case.items())
    ]


def _needed(calculator: Calculator, given: Given) -> list[Parameter]:
    used = {name for step in _applying(calculator, given) for name in _used(step)}
    return [one for one in calculator.parameters if one.key in used]


def _figure(parameter: Parameter, given: Given, today: date) -> Figure:
    day = given.get(parameter.dated_by) if parameter.dated_by else today
    if not isinstance(day, date):
        raise NotCovered(f"要先知道日期，才能确定“{parameter.label}”。")
    for figure in parameter.figures:
        if figure.holds(given, day):
            return figure
    raise NotCovered(
        f"没有公布过适用于 {day} 和这种情况的“{parameter.label}”，不能算。请以当地答复为准。"
    )


def _used(step: Step) -> tuple[str, ...]:
    if step.operation:
        return step.operation[1]
    return (step.after.of,) if step.after else ()


def _value(step: Step, values: Mapping[str, Any]) -> Decimal | date:
    if step.after:
        return _ends(values[step.after.of], step.after.months) + timedelta(days=step.after.days)
    operation, names = step.operation or ("add", ())
    amounts = [_amount(name, values) for name in names]
    return _operate(operation, amounts)


def _ends(day: date, months: int) -> date:
    """The last day of a period of months: the last of the month if it lacks the day (民法典 202)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _operate(operation: Operation, amounts: list[Decimal]) -> Decimal:
    if operation == "least":
        return min(amounts)
    if operation == "greatest":
        return max(amounts)
    result = amounts[0]
    for amount in amounts[1:]:
        if operation == "multiply":
            result *= amount
        elif operation == "add":
            result += amount
        elif operation == "subtract":
            result -= amount
        elif amount == 0:
            raise NotCovered("除数是 0，不能算，请核对填的数。")
        else:
            result /= amount
    return result


def _amount(name: str, values: Mapping[str, Any]) -> Decimal:
    value = values.get(name)
    return value if isinstance(value, Decimal) else Decimal(name)


def _literal(name: str) -> bool:
    return name.replace(".", "", 1).isdigit()


def _line(step: Step, values: Mapping[str, Any]) -> str:
    result = values[step.key]
    if step.after:
        wait = f"{step.after.months}个月" if step.after.months else f"{step.after.days}日"
        return f"{step.label}：{values[step.after.of]} 起 {wait} = {result}"
    operation, names = step.operation or ("add", ())
    parts = [_plain(_amount(name, values)) for name in names]
    if operation in _SIGNS:
        work = _SIGNS[operation].join(parts)
    else:
        work = f"{'、'.join(parts)} 中{'较低' if operation == 'least' else '较高'}的"
    return f"{step.label}：{work} = {_shown(result, step.unit)}"


def _rate(value: Decimal, unit: str) -> str:
    """A published figure; a rate below one as people say it: 5%（0.05）."""
    if unit or value >= 1 or value == 0:
        return _shown(value, unit)
    return f"{_plain(value * 100)}%（{_plain(value)}）"


def _shown(value: Decimal, unit: str) -> str:
    return f"{_plain(value)}{unit}"


def _plain(value: Decimal) -> str:
    rounded = (
        value
        if value == value.quantize(Decimal("0.0001"))
        else value.quantize(_CENT, ROUND_HALF_UP)
    )
    return f"{rounded.normalize():f}"
