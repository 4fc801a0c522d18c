"""Which desk a request goes to: the nearest that takes it and where somebody works."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_
from sqlmodel import Session, col, select

from bot.db.desk import Membership
from bot.db.tables import Desk, Staff
from bot.desk.rules import Route, Rules

_LEVELS = {"镇": 2, "县": 1, "市": 0}


@dataclass(frozen=True)
class Routed:
    """Where a request goes and why."""

    desk: Desk | None
    """None when no desks are set up: everybody of the county sees the ticket."""
    steps: tuple[str, ...]
    """Every desk that was considered, with the reason, in words for staff."""
    staffed: bool = True


def route(
    session: Session, topic: str, *, county: str, town: str, rules: Rules, now: datetime
) -> Routed:
    """The most specific desk for a topic and region that is staffed, else upwards.

    Nobody anywhere: the top desk gets it, ``staffed`` False.
    """
    desks = {d.id: d for d in session.exec(select(Desk).where(col(Desk.closed_at).is_(None))).all()}
    if not desks:
        return Routed(None, ("还没有导入部门，本县市区的工作人员都能看到",), staffed=False)
    rule = _rule(rules.routes, topic, county, town)
    manned = staffed(session, now)
    steps = [f"按规则：{_shown(rule)}"] if rule else []
    last = None
    for desk in _up(_start(desks, rule, county, town), desks):
        why = _why_not(desk, topic, rule, manned)
        steps.append(f"{desk.name}：{why or '接收'}")
        if not why:
            return Routed(desk, tuple(steps))
        last = desk
    steps.append(f"各级都没有在岗人员，先放在{last.name}" if last else "")
    return Routed(last, tuple(steps), staffed=False)


def above(session: Session, desk: Desk | None, now: datetime) -> Desk | None:
    """The next desk up where somebody works; None at the top."""
    manned = staffed(session, now)
    while desk is not None and desk.parent is not None:
        desk = session.get(Desk, desk.parent)
        if desk is not None and desk.id in manned:
            return desk
    return None


def chain(session: Session, desk: Desk | None) -> list[Desk]:
    """The desk and every one above it."""
    found: list[Desk] = []
    while desk is not None:
        found.append(desk)
        desk = session.get(Desk, desk.parent) if desk.parent is not None else None
    return found


def members(session: Session, desk: Desk, roles: tuple[str, ...], now: datetime) -> list[Staff]:
    """Who does one of these at a desk and is there."""
    query = (
        select(Staff)
        .join(Membership, col(Membership.staff) == col(Staff.id))
        .where(Membership.desk == desk.id, col(Membership.role).in_(roles), *present(now))
        .distinct()
    )
    return list(session.exec(query.order_by(col(Staff.id))).all())


def staffed(session: Session, now: datetime) -> frozenset[int]:
    """Ids of the desks where somebody takes tickets and is there."""
    query = (
        select(Membership.desk)
        .join(Staff, col(Staff.id) == col(Membership.staff))
        .where(col(Membership.role).in_(("clerk", "leader")), *present(now))
    )
    return frozenset(session.exec(query).all())


def present(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Conditions on Staff: the account is open and its owner not away."""
    return (
        col(Staff.disabled_at).is_(None),
        or_(
            col(Staff.away_from).is_(None),
            col(Staff.away_from) > now,
            col(Staff.away_until) <= now,
        ),
    )


def _rule(routes: tuple[Route, ...], topic: str, county: str, town: str) -> Route | None:
    """The most particular rule that fits; of equals the first."""
    fitting = [
        one
        for one in routes
        if one.topic in (topic, "*") and one.region in {town or "*", county or "*", "*"}
    ]
    return max(fitting, key=lambda one: _weight(one, town), default=None)


def _weight(rule: Route, town: str) -> tuple[bool, int]:
    region = 0 if rule.region == "*" else 2 if rule.region == town else 1
    return rule.topic != "*", region


def _start(desks: dict[int | None, Desk], rule: Route | None, county: str, town: str) -> Desk:
    """The desk to begin with."""
    if rule and rule.desk:
        named = next((desk for desk in desks.values() if desk.code == rule.desk), None)
        if named:
            return named
    fitting = [
        desk for desk in desks.values() if desk.county in (None, county) and desk.town in ("", town)
    ]
    if not fitting:  # a file without a desk for all of Nantong
        return next(desk for desk in desks.values() if desk.parent is None)
    return max(
        fitting,
        key=lambda one: (one.county is not None, one.town != "", not one.topics, -(one.id or 0)),
    )


def _up(desk: Desk, desks: dict[int | None, Desk]) -> Iterator[Desk]:
    """Side by side with the same region first (a desk for some topics only), then the parents."""
    here: Desk | None = desk
    while here is not None:
        region = (here.county, here.town)
        beside = [d for d in desks.values() if (d.county, d.town) == region and d.topics]
        yield from (d for d in beside if d is not here)
        yield here
        here = desks.get(here.parent) if here.parent is not None else None


def _why_not(desk: Desk, topic: str, rule: Route | None, manned: frozenset[int]) -> str:
    """Why this desk does not take it; nothing if it does."""
    if desk.topics and topic not in desk.topics:
        return "不办这类事项"
    if rule and rule.level and _LEVELS[level(desk)] > _LEVELS[rule.level]:
        return f"规则要求由{rule.level}级以上办"
    return "" if desk.id in manned else "没有在岗的接单员"


def level(desk: Desk) -> str:
    """``市``, ``县`` or ``镇``."""
    return "镇" if desk.town else "县" if desk.county else "市"


def _shown(rule: Route) -> str:
    where = "全市" if rule.region == "*" else rule.region
    what = "所有事项" if rule.topic == "*" else rule.topic
    return f"{where}的{what} → {rule.desk or rule.level + '级'}"  # type: ignore[operator]
