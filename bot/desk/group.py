"""The staff group on Telegram: what it hears of new tickets, and its 接单 button.

Telegram's servers are abroad: nothing personal goes there – number, kind and county only.
"""

from __future__ import annotations

from sqlmodel import Session, select

from bot.db import outbox
from bot.db.tables import Staff, Ticket
from bot.desk import tickets
from handlers.messages import Choice, Contact, Reply, Update


def announce(session: Session, ticket: Ticket, title: str, group: int | None) -> None:
    """Tell the staff group of a new ticket, if there is such a group."""
    if group is None:
        return
    crisis = ticket.priority == "crisis"
    head = "【紧急】有人需要立即联系" if crisis else "新工单"
    text = f"{head} {ticket.number}\n类别：{title}\n区县：{ticket.county or '未知'}"
    claim = Choice(f"/claim {ticket.number}", "接单")
    outbox.put(session, Contact("telegram", str(group)), [Reply(text, choices=(claim,))])


def act(session: Session, update: Update, group: int | None) -> None:
    """Do what a member of the staff group asked for by a button, and say so in the group."""
    if group is None:
        return
    staff = session.exec(
        select(Staff).where(Staff.telegram_id == int(update.contact.address))
    ).first()
    if staff is None or staff.disabled_at is not None:
        said = "这个 Telegram 账号还没有绑定工作人员，请管理员先绑定。"
    else:
        said = _claim(session, staff, update.text.removeprefix("/claim ").strip())
    outbox.put(session, Contact("telegram", str(group)), [Reply(said)])


def _claim(session: Session, staff: Staff, number: str) -> str:
    try:
        ticket = tickets.find(session, number, staff=staff, lock=True)
        tickets.claim(session, ticket, staff)
    except tickets.Refused as refusal:
        return f"{number}：{refusal}"
    return f"{number} 已由{staff.name}接单，请到工作台办理。"
