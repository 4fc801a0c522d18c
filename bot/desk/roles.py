"""Who may do what: roles at desks, each within its county."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, select

from bot.db.desk import Membership
from bot.db.tables import Desk, Staff

ROLES = {
    "clerk": "接单员",
    "leader": "组长",
    "editor": "编辑",
    "reviewer": "审核",
    "auditor": "审计",
    "admin": "管理员",
}
_MAY = {
    "see": frozenset({"clerk", "leader", "auditor", "admin"}),
    "work": frozenset({"clerk", "leader", "admin"}),
    "lead": frozenset({"leader", "admin"}),
    "write": frozenset({"clerk", "leader", "editor", "reviewer", "admin"}),
    "review": frozenset({"reviewer", "leader", "admin"}),
    "report": frozenset({"leader", "reviewer", "auditor", "admin"}),
    "audit": frozenset({"auditor", "admin"}),
    "operate": frozenset({"admin"}),
    "places": frozenset({"clerk", "leader", "editor", "admin"}),
}
"""What is done → who may: see tickets, work them, assign other people's, write canned replies and
drafts, review those, read reports, read and export the history, switch the service off (for all of
Nantong only), keep the directory of places."""

ACTIONS = tuple(_MAY)


@dataclass(frozen=True)
class Grant:
    """One role within one county; ``county`` None is all of Nantong."""

    role: str
    county: str | None
    desk: int | None = None


def grants(session: Session, staff: Staff) -> tuple[Grant, ...]:
    """What somebody is, from the desks they belong to; without any, from their account.

    An administrator by account stays one whatever the desks say.
    """
    query = select(Membership.role, Desk.county, Desk.id).where(
        Membership.staff == staff.id, Membership.desk == Desk.id
    )
    found = tuple(Grant(role, county, desk) for role, county, desk in session.exec(query).all())
    if not found or staff.role == "admin":
        found += (Grant(staff.role, staff.county),)
    return found


def may(held: tuple[Grant, ...], what: str, county: str | None = None) -> bool:
    """Whether these roles allow ``what`` in ``county``; of a ticket whose county nobody knows
    (``""``) everybody's do. None asks whether they do anywhere."""
    return any(
        grant.role in _MAY[what] and (county in (None, "", grant.county) or grant.county is None)
        for grant in held
    )


def counties(held: tuple[Grant, ...], what: str) -> frozenset[str] | None:
    """Where these roles allow ``what``: names of counties, or None for everywhere."""
    found = {grant.county for grant in held if grant.role in _MAY[what]}
    return None if None in found else frozenset(county for county in found if county)


def describe(held: tuple[Grant, ...]) -> str:
    """``组长、接单员``."""
    ordered = [title for role, title in ROLES.items() if any(g.role == role for g in held)]
    return "、".join(ordered)
