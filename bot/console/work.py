"""Handing a ticket on, and what helps while writing: drafts, who else is there, articles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlmodel import Session, col, select
from starlette.responses import HTMLResponse, Response

from bot import linked
from bot.console.base import Visit
from bot.db.tables import Desk, Staff, State, Ticket
from bot.desk import attachments, canned, drafts, finding, history, moving, reach, roles, routing
from bot.desk.finding import Refused

Change = Callable[[Visit, Ticket], None]
_LONGEST_DRAFT = 4000


def transfer(visit: Visit, ticket: Ticket) -> None:
    """Hand the ticket to another desk."""
    desk = visit.db.get(Desk, _number(visit, "desk"))
    if desk is None:
        raise Refused("请选转到哪个部门")
    reason = visit.form.get("reason", "")
    moving.transfer(visit.db, ticket, visit.staff, desk, reason, at=visit.now)


def give_back(visit: Visit, ticket: Ticket) -> None:
    """Return the ticket to the queue."""
    moving.give_back(visit.db, ticket, visit.staff, visit.form.get("reason", ""), at=visit.now)


def assign(visit: Visit, ticket: Ticket) -> None:
    """Give the ticket to a colleague."""
    to = visit.db.get(Staff, _number(visit, "staff"))
    if to is None:
        raise Refused("请选指派给谁")
    moving.assign(visit.db, ticket, visit.staff, to, at=visit.now)


def merge(visit: Visit, ticket: Ticket) -> None:
    """Carry the matter on under another ticket."""
    number = visit.form.get("into", "").strip().upper()
    try:
        into = finding.find(visit.db, number, staff=visit.staff, what="work")
    except finding.NotYours:
        raise Refused("没有找到要并入的工单，请核对编号") from None
    for one in sorted((ticket, into), key=lambda found: found.id or 0):
        visit.db.refresh(one, with_for_update=True)
    moving.merge(visit.db, ticket, into, visit.staff, at=visit.now)


def presence(visit: Visit) -> Response:
    """Keep what was written so far, and say who else has the ticket open."""
    number = visit.request.path_params["number"]
    ticket = finding.find(visit.db, number, staff=visit.staff)
    for kind in ("reply", "note"):
        if kind in visit.form:
            text = visit.form[kind][:_LONGEST_DRAFT]
            drafts.keep(visit.db, ticket, visit.staff, kind, text, at=visit.now)
    typing = visit.form.get("typing") == "1"
    others = drafts.here(visit.db, ticket, visit.staff, typing=typing, at=visit.now)
    return HTMLResponse(visit.part("_presence.html", others=others))


def articles(visit: Visit) -> Response:
    """What the knowledge base says to a question, to put into the reply."""
    number = visit.request.path_params["number"]
    ticket = finding.find(visit.db, number, staff=visit.staff)
    asked = visit.request.query_params.get("q", "").strip()[:200]
    found = visit.console.find_articles(asked, ticket.county) if asked else []
    return HTMLResponse(visit.part("_articles.html", found=found, asked=asked))


def file(visit: Visit) -> Response:
    """One file to save, never to show: a browser must not run what somebody sent."""
    params = visit.request.path_params
    ticket = finding.find(visit.db, params["number"], staff=visit.staff)
    kept = {one.key: one for one in attachments.of_ticket(visit.db, ticket)}
    one = kept.get(params["key"])
    if one is None or visit.console.files is None:
        raise finding.NotYours
    actor = f"staff:{visit.staff.username}"
    history.note(visit.db, ticket, actor, "fetched", text=one.name, at=visit.now)
    ending = "jpg" if one.kind == "image/jpeg" else "pdf"
    name = f"{ticket.number}-{one.id}.{ending}"
    return Response(
        visit.console.files.read(one),
        media_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def context(visit: Visit, ticket: Ticket) -> dict[str, Any]:
    """What the ticket page offers besides answering."""
    held = roles.grants(visit.db, visit.staff)
    desk = visit.db.get(Desk, ticket.desk) if ticket.desk else None
    leads = roles.may(held, "lead", ticket.county)
    titles = visit.console.service_title
    values = canned.values(ticket, titles(ticket.service), desk, visit.staff)
    return {
        "desk": desk.name if desk else "",
        "works": roles.may(held, "work", ticket.county),
        "leads": leads,
        "desks": _other_desks(visit.db, ticket),
        "colleagues": _colleagues(visit.db, ticket, visit) if leads else [],
        "others": [
            (one.number, titles(one.service), one.state)
            for one in finding.others(visit.db, ticket)
            if roles.may(held, "see", one.county)
        ],
        "duplicates": [
            one.number
            for one in finding.duplicates(visit.db, ticket)
            if roles.may(held, "work", one.county) and ticket.state != State.RESOLVED
        ],
        "files": [
            (one.key, one.name, f"{one.size // 1024 + 1} KB")
            for one in attachments.of_ticket(visit.db, ticket)
        ],
        "reach": reach.words(visit.db, linked.nearest(visit.db, ticket.contact), visit.now),
        "canned": [
            (one.title, canned.filled(one.text, values))
            for one in canned.usable(visit.db, ticket.county)
        ],
    }


def _other_desks(db: Session, ticket: Ticket) -> list[tuple[int, str]]:
    query = select(Desk.id, Desk.name).where(col(Desk.closed_at).is_(None), Desk.id != ticket.desk)
    return [(id or 0, name) for id, name in db.exec(query.order_by(col(Desk.id))).all()]


def _colleagues(db: Session, ticket: Ticket, visit: Visit) -> list[tuple[int, str]]:
    """Those of the ticket's desk who are there, else of its county."""
    desk = db.get(Desk, ticket.desk) if ticket.desk else None
    if desk is not None:
        found = routing.members(db, desk, ("clerk", "leader"), visit.now)
    else:
        everybody = db.exec(select(Staff).where(*routing.present(visit.now))).all()
        found = [s for s in everybody if roles.may(roles.grants(db, s), "work", ticket.county)]
    return [(one.id or 0, one.name) for one in found if one.id != ticket.owner]


def _number(visit: Visit, field: str) -> int:
    given = visit.form.get(field, "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 9 else 0
