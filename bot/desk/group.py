"""The staff group on Telegram: its 接单 button.

Telegram's servers are abroad: nothing personal goes there – number, kind and county only.
"""

from __future__ import annotations

from sqlmodel import Session, select

from bot.db import outbox
from bot.db.tables import Staff
from bot.desk import tickets
from handlers.messages import Contact, Reply, Update


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
        ticket = tickets.find(session, number, staff=staff, lock=True, what="work")
        tickets.claim(session, ticket, staff)
    except tickets.Refused as refusal:
        return f"{number}：{refusal}"
    return f"{number} 已由{staff.name}接单，请到工作台办理。"
