"""Replies used again and again: written by one, read by a second before anybody may use them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, col, select

from bot.db.desk import Canned
from bot.db.tables import Desk, Staff, Ticket
from bot.desk import history, roles
from bot.desk.finding import Refused

VARIABLES = ("编号", "事项", "地区", "部门", "承办人")
"""What may stand in {{…}}: nothing personal, so that a slip of the mouse tells nothing."""
_LONGEST = 1000
_VARIABLE = re.compile(r"\{\{\s*(.*?)\s*\}\}")


def write(
    session: Session, staff: Staff, title: str, text: str, county: str | None, *, at: datetime
) -> Canned:
    """Propose one. Raises Refused for unknown variables and empty words."""
    title, text = title.strip(), text.strip()
    if not title or not text:
        raise Refused("标题和内容都要写")
    if len(title) > 30 or len(text) > _LONGEST:
        raise Refused(f"标题最多 30 个字，内容最多 {_LONGEST} 个字")
    if odd := [name for name in _VARIABLE.findall(text) if name not in VARIABLES]:
        raise Refused(f"没有变量 {'、'.join(odd)}；可以用 {'、'.join(VARIABLES)}")
    held = roles.grants(session, staff)
    if not roles.may(held, "write", county):
        raise Refused("只能写本县市区的常用语")
    if county is None and roles.counties(held, "write") is not None:
        raise Refused("全市通用的常用语由市里的同志写")
    one = Canned(title=title, text=text, county=county, author=staff.id or 0, at=at)
    session.add(one)
    _note(session, staff, "提交", one, at)
    return one


def approve(session: Session, staff: Staff, one: Canned, *, at: datetime) -> None:
    """Read by a second person: from now it may be used."""
    if one.author == staff.id:
        raise Refused("自己写的要请另一位同志审核")
    if not roles.may(roles.grants(session, staff), "review", one.county):
        raise Refused("只有组长、审核或管理员能审核常用语")
    one.reviewer, one.reviewed_at = staff.id, at
    _note(session, staff, "通过", one, at)


def retire(session: Session, staff: Staff, one: Canned, *, at: datetime) -> None:
    """Take it out of use."""
    if one.author != staff.id and not roles.may(roles.grants(session, staff), "review", one.county):
        raise Refused("只有作者、组长、审核或管理员能停用")
    one.retired_at = at
    _note(session, staff, "停用", one, at)


def usable(session: Session, county: str) -> list[Canned]:
    """Those for tickets of a county, by title."""
    query = select(Canned).where(
        col(Canned.reviewed_at).is_not(None),
        col(Canned.retired_at).is_(None),
        col(Canned.county).is_(None) | (col(Canned.county) == county),
    )
    return list(session.exec(query.order_by(col(Canned.title))).all())


def everything(session: Session, staff: Staff) -> list[Canned]:
    """What somebody may read, use and review."""
    counties = roles.counties(roles.grants(session, staff), "write")
    query = select(Canned).where(col(Canned.retired_at).is_(None)).order_by(col(Canned.title))
    return [
        one
        for one in session.exec(query).all()
        if counties is None or one.county is None or one.county in counties
    ]


def values(ticket: Ticket, title: str, desk: Desk | None, staff: Staff) -> dict[str, str]:
    """What the variables stand for when ``staff`` answers ``ticket``."""
    return {
        "编号": ticket.number,
        "事项": title,
        "地区": f"{ticket.county}{ticket.town}",
        "部门": desk.name if desk else "",
        "承办人": staff.name,
    }


def filled(text: str, values: Mapping[str, str]) -> str:
    """The words with their variables put in."""
    return _VARIABLE.sub(lambda found: values.get(found[1], ""), text)


def _note(session: Session, staff: Staff, what: str, one: Canned, at: datetime) -> None:
    actor = f"staff:{staff.username}"
    history.note(session, None, actor, "canned", before=what, after=one.title, text=one.text, at=at)
