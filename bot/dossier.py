"""Everything we keep about one person, for that person: a summary, JSON, and a page.

Covers the channels they linked. Notes that staff write for each other are not in it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from sqlalchemy import Engine
from sqlmodel import Session, col, func, select

from bot import linked
from bot.db.desk import Attachment
from bot.db.setaside import SetAside
from bot.db.tables import Conversation, Message, Status, Ticket, TicketEvent, now
from bot.desk.clock import BEIJING
from bot.desk.words import KINDS
from handlers.channelnames import called
from handlers.messages import Contact

_WORDS = ("opened", "added", "withdrawn", "objected", "rated", "replied", "asked", "linked")
"""Kinds of history whose words are the person's or were said to them."""
_PAGES = Path(__file__).parent / "dossier_files"


class Dossiers:
    """Makes them for the web chat, which knows who asks."""

    def __init__(self, engine: Engine, title: Callable[[str], str]) -> None:
        """``title`` gives a service's name."""
        self.engine = engine
        self.title = title

    def html(self, contact: Contact) -> str:
        """As a page."""
        return page(self._of(contact))

    def json(self, contact: Contact) -> str:
        """As JSON."""
        return as_json(self._of(contact))

    def _of(self, contact: Contact) -> dict[str, Any]:
        with Session(self.engine) as session:
            return collect(session, contact, self.title)


def sum_up(session: Session, contact: Contact) -> dict[str, Any]:
    """How much there is: see ``handlers.effects.SumUpMine``."""
    keys = linked.contacts(session, str(contact))
    others = [Contact.parse(key).channel for key in keys if key != str(contact)]
    tickets = [[one.number, _day(one.opened_at), str(one.state)] for one in _tickets(session, keys)]
    return {
        "channel": contact.channel,
        "linked": others,
        "messages": _count(session, Message, keys),
        "files": _count(session, Attachment, keys),
        "tickets": tickets,
    }


def collect(session: Session, contact: Contact, title: Callable[[str], str]) -> dict[str, Any]:
    """All of it as JSON values, in the person's words where there are any (see docs/json.md)."""
    keys = linked.contacts(session, str(contact))
    return {
        "made_at": now().isoformat(timespec="seconds"),
        "channels": [_channel(session, key) for key in keys],
        "messages": [_message(one) for one in _of(session, Message, keys)],
        "tickets": [_ticket(session, one, title) for one in _tickets(session, keys)],
        "files": [
            {"name": one.name, "kind": one.kind, "bytes": one.size, "at": one.at.isoformat()}
            for one in _of(session, Attachment, keys)
        ],
        "set_aside": [
            {"at": one.at.isoformat(), "received": one.raw} for one in _of(session, SetAside, keys)
        ],
    }


def page(found: dict[str, Any]) -> str:
    """The same as a page by itself, without pictures, styles or scripts."""
    pages = Environment(loader=FileSystemLoader(_PAGES), autoescape=True, trim_blocks=True)
    pages.filters["moment"] = _moment
    return pages.get_template("dossier.html").render(**found)


def as_json(found: dict[str, Any]) -> str:
    """The same as indented JSON."""
    return json.dumps(found, ensure_ascii=False, indent=2)


def _channel(session: Session, key: str) -> dict[str, Any]:
    conversation = session.get(Conversation, key)
    channel, address = key.split(":", 1)
    return {
        "channel": called(channel),
        "address": address,
        "remembered": conversation.memory if conversation else {},
        "being_filled_in": conversation.record if conversation else {},
        "last_seen_at": conversation.updated_at.isoformat() if conversation else None,
    }


def _message(one: Message) -> dict[str, Any]:
    by_person = one.status == Status.RECEIVED
    return {
        "at": one.created_at.isoformat(),
        "channel": called(one.contact.partition(":")[0]),
        "from": "您" if by_person else one.extras.get("author") or "通通优军",
        "text": one.extras.get("label") or one.text,
    }


def _ticket(session: Session, one: Ticket, title: Callable[[str], str]) -> dict[str, Any]:
    lines = select(TicketEvent).where(TicketEvent.ticket_id == one.id).order_by(col(TicketEvent.id))
    return {
        "number": one.number,
        "service": title(one.service),
        "place": f"{one.county}{one.town}",
        "phone": one.phone,
        "on_behalf_of": one.relation,
        "details": one.details,
        "state": str(one.state),
        "opened_at": one.opened_at.isoformat(),
        "resolved_at": one.resolved_at.isoformat() if one.resolved_at else None,
        "rating": one.rating,
        "history": [_line(line) for line in session.exec(lines).all()],
    }


def _line(line: TicketEvent) -> dict[str, Any]:
    return {
        "at": line.at.isoformat(),
        "what": KINDS.get(line.kind, line.kind),
        "by": "您" if line.actor == "person" else "工作人员或系统",
        "text": line.text if line.kind in _WORDS else "",
    }


def _tickets(session: Session, keys: list[str]) -> list[Ticket]:
    return _of(session, Ticket, keys)


def _of(session: Session, table: Any, keys: list[str]) -> list[Any]:
    query = select(table).where(col(table.contact).in_(keys)).order_by(col(table.id))
    return list(session.exec(query).all())


def _count(session: Session, table: Any, keys: list[str]) -> int:
    query = select(func.count()).select_from(table).where(col(table.contact).in_(keys))
    return session.exec(query).one()


def _day(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d}"


def _moment(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone(BEIJING):%Y年%m月%d日 %H:%M}"
