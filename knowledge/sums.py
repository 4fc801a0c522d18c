"""A published formula worked out for one case, line by line as a person can check it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from knowledge.calculators import Calculator, Figure, Given, Operation, Parameter, Step, literal
from knowledge.schema import Source

_SIGNS: Mapping[str, str] = {"multiply": " × ", "add": " + ", "subtract": " − ", "divide": " ÷ "}
_CENT = Decimal("0.01")


class NotCovered(ValueError):
    """What was given lies outside what is published; says what is."""


@dataclass(frozen=True)
class Sum:
    """A finished calculation: its lines, its last value, what was missing, and the sources."""

    lines: tuple[str, ...]
    values: Mapping[str, Decimal | date]
    missing: tuple[str, ...]
    sources: tuple[Source, ...]


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
        lacking = [name for name in _used(step) if name not in values and not literal(name)]
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
