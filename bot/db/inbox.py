"""The inbox: what people sent, stored once, and the conversations it belongs to, held until commit."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlmodel import Session, SQLModel, col, select

from bot.db.engine import insert_new
from bot.db.tables import Conversation, Status
from bot.privacy import mask
from handlers.messages import Update

_MESSAGES = SQLModel.metadata.tables["message"]
_CONVERSATIONS = SQLModel.metadata.tables["conversation"]


def hold(session: Session, contacts: Collection[str]) -> dict[str, Conversation]:
    """Fetch conversations by contact, new ones too, and hold them so that turns queue up."""
    # Everybody takes them in the order of their names: of two who want the same, one waits.
    query = select(Conversation).order_by(col(Conversation.contact)).with_for_update()
    found: dict[str, Conversation] = {}
    missing = sorted(contacts)
    while missing:
        among = session.exec(query.where(col(Conversation.contact).in_(missing))).all()
        found |= {one.contact: one for one in among}
        missing = [contact for contact in missing if contact not in found]
        if missing:
            _begin(session, missing)
    return found


def accept(session: Session, updates: Sequence[Update]) -> list[Update]:
    """Store updates; returns those that were not stored before: webhooks repeat themselves."""
    if not updates:
        return []
    database = session.connection()
    statement = insert_new(database, _MESSAGES).returning(
        _MESSAGES.c.contact, _MESSAGES.c.external_id
    )
    stored = database.execute(statement, [_row(update) for update in updates])
    fresh = {(contact, id) for contact, id in stored}
    return [update for update in updates if (str(update.contact), update.id) in fresh]


def _begin(session: Session, contacts: Sequence[str]) -> None:
    """New conversations, unless somebody else begins them at this moment."""
    rows = [{"contact": contact, "record": {}, "memory": {}} for contact in contacts]
    session.execute(insert_new(session.get_bind(), _CONVERSATIONS), rows)


def _row(update: Update) -> dict[str, object]:
    return {
        "contact": str(update.contact),
        "external_id": update.id,
        "text": mask(_said(update)),
        "extras": {"label": update.label} if update.label else {},
        "status": Status.RECEIVED,
    }


def _said(update: Update) -> str:
    """What the transcript shows for an update."""
    if update.point:
        return "［发送了位置］"
    if update.phone:
        return f"［发送了电话］{update.phone}"
    return f"［{update.unsupported}］" if update.unsupported else update.text
