"""What the person hears of their ticket; it travels through the outbox like any reply."""

from __future__ import annotations

from sqlmodel import Session

from bot import linked
from bot.db import outbox
from bot.db.tables import Staff, Ticket
from handlers.messages import Choice, Reply

FORGOTTEN = "forgotten:"
"""The contact of a ticket whose person asked to be forgotten."""
RATINGS = {"good": "满意", "fair": "基本满意", "bad": "不满意"}


def tell(session: Session, ticket: Ticket, text: str, *choices: Choice) -> None:
    """Say something about a ticket in the assistant's name."""
    if ticket.contact != FORGOTTEN:
        contact = linked.nearest(session, ticket.contact)
        outbox.put(session, contact, [Reply(text, choices=choices)], ticket=ticket.number)


def say(session: Session, ticket: Ticket, text: str, staff: Staff) -> None:
    """Say something in the name of ``staff``."""
    if ticket.contact != FORGOTTEN:
        reply = Reply(text, author=f"{staff.name} · {ticket.number}")
        contact = linked.nearest(session, ticket.contact)
        outbox.put(session, contact, [reply], ticket=ticket.number)


def ask_rating(session: Session, ticket: Ticket) -> None:
    """Tell that the matter is done, and ask how it was."""
    tell(
        session,
        ticket,
        f"您的申请 {ticket.number} 已办结。还有问题可以继续问我；"
        f"如果事情没有解决，发“进度”可以补充说明。\n您对这次办理满意吗？",
        *(Choice(f"/rate {ticket.number} {key}", title) for key, title in RATINGS.items()),
    )
