"""Handing tickets on: to another desk, to a colleague, back to the queue, into one another."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, col, select

from bot import linked
from bot.db.desk import Attachment
from bot.db.tables import Desk, Staff, State, Ticket, now
from bot.desk import history, notices, promises, roles, rooms, routing, telling, tickets
from bot.desk.finding import Refused


def transfer(
    session: Session,
    ticket: Ticket,
    staff: Staff,
    to: Desk,
    reason: str,
    *,
    at: datetime | None = None,
) -> None:
    """Hand the ticket to another desk; the promised times stay as they are."""
    _owner_or_leader(session, ticket, staff)
    if to.id == ticket.desk:
        raise Refused(f"工单已经在{to.name}")
    if to.closed_at is not None:
        raise Refused(f"{to.name}已停用，请选别的部门")
    if not reason.strip():
        raise Refused("请写转派原因，接手的同志要看")
    if not tickets.allowed("transfer", ticket):
        raise Refused(f"“{ticket.state}”的工单不能转派")
    who = f"staff:{staff.username}"
    move(session, ticket, to, who, "transferred", reason=reason, at=at or now())
    telling.tell(
        session, ticket, f"您的申请 {ticket.number} 已转到{to.name}办理，原定答复时间不变。"
    )


def move(
    session: Session,
    ticket: Ticket,
    to: Desk,
    actor: str,
    kind: str,
    *,
    reason: str,
    at: datetime,
) -> None:
    """Put the ticket into another desk's queue, whoever decided it, and tell that desk."""
    before = _desk_name(session, ticket)
    ticket.desk, ticket.owner = to.id, None
    if to.county is not None and to.county != ticket.county:
        ticket.county, ticket.town = to.county, to.town
    ticket.state = tickets.MOVES["transfer"][ticket.state]
    ticket.version += 1
    history.note(session, ticket, actor, kind, text=reason, before=before, after=to.name, at=at)
    if actor.startswith("staff:"):
        ticket.acted_at = at
    session.flush()
    if kind != "climbed":  # its ladder goes on
        promises.unclaimed(session, ticket, at=at)
    rooms.follow_move(session, ticket)
    people = routing.members(session, to, ("clerk", "leader"), at)
    notices.give(session, people, ticket, kind, f"{ticket.number} 转到{to.name}，等待认领", at=at)


def give_back(
    session: Session,
    ticket: Ticket,
    staff: Staff,
    reason: str,
    *,
    at: datetime | None = None,
) -> None:
    """Return the ticket to its desk's queue: one's own, or as a leader a colleague's."""
    _owner_or_leader(session, ticket, staff)
    if ticket.owner is None:
        raise Refused("这张工单还没有人认领，不用退回")
    if not tickets.allowed("give back", ticket):
        raise Refused(f"“{ticket.state}”的工单不能退回")
    returned(session, ticket, f"staff:{staff.username}", reason, at=at or now())


def returned(session: Session, ticket: Ticket, actor: str, reason: str, *, at: datetime) -> None:
    """Take the owner off the ticket."""
    owner = session.get(Staff, ticket.owner) if ticket.owner else None
    ticket.state = tickets.MOVES["give back"][ticket.state]
    ticket.owner, ticket.version = None, ticket.version + 1
    history.note(
        session,
        ticket,
        actor,
        "returned",
        text=reason,
        before=owner.name if owner else "",
        after=ticket.state,
        at=at,
    )
    promises.unclaimed(session, ticket, at=at)


def assign(
    session: Session, ticket: Ticket, staff: Staff, to: Staff, *, at: datetime | None = None
) -> None:
    """As a leader, give the ticket to a colleague who may work it."""
    if not roles.may(roles.grants(session, staff), "lead", ticket.county):
        raise Refused("只有组长或管理员能指派")
    if not roles.may(roles.grants(session, to), "work", ticket.county) or to.disabled_at:
        raise Refused(f"{to.name}不能办这个区县的工单")
    if ticket.state == State.RESOLVED:
        raise Refused("工单已办结；要继续处理请先重开")
    before = tickets.owner_name(session, ticket) if ticket.owner else ""
    ticket.owner, ticket.version = to.id, ticket.version + 1
    if ticket.state == State.NEW:
        ticket.state = State.CLAIMED
    ticket.acted_at = at or now()
    history.note(
        session,
        ticket,
        f"staff:{staff.username}",
        "assigned",
        before=before,
        after=to.name,
        at=at,
    )
    promises.claimed(session, ticket)
    words = f"{staff.name}把 {ticket.number} 指派给您"
    notices.give(session, [to], ticket, "assigned", words, at=at or now())


def merge(
    session: Session,
    ticket: Ticket,
    into: Ticket,
    staff: Staff,
    *,
    at: datetime | None = None,
) -> None:
    """Carry one matter on under another ticket of the same person; both numbers keep working.

    The caller has locked both, the older first.
    """
    if ticket.id == into.id:
        raise Refused("不能并入自己")
    same = into.contact in linked.contacts(session, ticket.contact)
    if not same or ticket.contact == telling.FORGOTTEN:
        raise Refused("只能合并同一个人的工单")
    if ticket.state == State.RESOLVED or into.state == State.RESOLVED:
        raise Refused("已办结的工单不能合并；要继续处理请先重开")
    _owner_or_leader(session, ticket, staff, unowned=True)
    moment = at or now()
    before, ticket.state = ticket.state, State.RESOLVED
    ticket.merged_into, ticket.resolved_at = into.number, moment
    ticket.version, into.version = ticket.version + 1, into.version + 1
    into.details = [*into.details, *([f"{ticket.number} {k}", v] for k, v in ticket.details)]
    files = select(Attachment).where(col(Attachment.ticket_id) == ticket.id)
    for file in session.exec(files).all():
        file.ticket_id = into.id
    who = f"staff:{staff.username}"
    history.note(
        session, ticket, who, "merged", text=into.number, before=before, after=ticket.state, at=at
    )
    history.note(session, into, who, "absorbed", text=ticket.number, at=at)
    promises.close(session, ticket)
    tickets.release(session, ticket)
    telling.tell(
        session,
        ticket,
        f"您的 {ticket.number} 和 {into.number} 是同一件事，已合在一起办；两个编号都能查。",
    )


def _owner_or_leader(
    session: Session, ticket: Ticket, staff: Staff, *, unowned: bool = False
) -> None:
    if ticket.owner == staff.id or (unowned and ticket.owner is None):
        return
    if not roles.may(roles.grants(session, staff), "lead", ticket.county):
        raise Refused("只有承办人、组长或管理员能做这一步")


def _desk_name(session: Session, ticket: Ticket) -> str:
    desk = session.get(Desk, ticket.desk) if ticket.desk else None
    return desk.name if desk else ""
