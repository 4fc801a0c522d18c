"""Whether a reply can reach the person now, in words for staff."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from bot.db.tables import Conversation
from bot.reach import reachability
from handlers.messages import Contact


def words(session: Session, contact: Contact, now: datetime) -> str:
    """``还可发 3 条`` and the like; nothing where nothing needs to be said."""
    conversation = session.get(Conversation, str(contact))
    if conversation is not None and conversation.blocked_at is not None:
        return "对方已屏蔽，发不到，请打电话"
    if counted := reachability(session, contact, now):
        return counted
    return "对方打开网页时才看到" if contact.channel == "web" else ""
