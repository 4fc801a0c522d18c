"""What the page of one ticket says about it and its person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from bot import linked
from bot.console import timeline
from bot.console.base import Visit
from bot.console.moments import shown
from bot.console.queue import place
from bot.db.tables import Conversation, Staff, State, Ticket, TicketEvent
from bot.desk import finding, promises, tickets
from bot.desk.standing import is_overdue, remaining, span
from handlers.channelnames import called, listed
from handlers.messages import Contact

_PULLED = frozenset({"web", "terminal"})
_VIEW_LASTS = timedelta(hours=8)
"""Polling an open page is one reading, as long as a sign-in lasts."""


def of(visit: Visit, ticket: Ticket) -> dict[str, Any]:
    """The head of the page."""
    owner = visit.db.get(Staff, ticket.owner) if ticket.owner else None
    channel = linked.nearest(visit.db, ticket.contact).channel
    return {
        "title": visit.console.service_title(ticket.service),
        "place": place(ticket),
        "opened": shown(ticket.opened_at, visit.now),
        "waited": span((ticket.resolved_at or visit.now) - ticket.opened_at),
        "due": shown(promises.due(ticket) or ticket.due_at, visit.now),
        "paused": span(timedelta(minutes=ticket.paused_minutes)) if ticket.paused_minutes else "",
        "allowed": {what: tickets.allowed(what, ticket) for what in tickets.MOVES},
        "remaining": remaining(ticket, visit.now),
        "overdue": is_overdue(ticket, visit.now),
        "owner": owner.name if owner else "",
        "mine": ticket.owner == visit.staff.id,
        "resolved": ticket.state == State.RESOLVED,
        "channel": called(channel),
        "channels": _channels(visit, ticket),
        "forgotten": channel == "forgotten",
    }


def _channels(visit: Visit, ticket: Ticket) -> str:
    """The channels of somebody who linked several; the one that gets our words comes first."""
    keys = linked.contacts(visit.db, ticket.contact)
    if len(keys) == 1:
        return ""
    nearest = linked.nearest(visit.db, ticket.contact).channel
    return listed([nearest, *(Contact.parse(key).channel for key in keys)])


def spoken(visit: Visit, ticket: Ticket) -> dict[str, Any]:
    """The conversation and whether the person can be reached."""
    contact = Contact.parse(ticket.contact)
    if contact.channel == "forgotten":
        return {"said": (), "blocked": ""}
    messages = finding.conversation(visit.db, ticket)
    nearest = linked.nearest(visit.db, ticket.contact)
    conversation = visit.db.get(Conversation, str(nearest))
    blocked = conversation.blocked_at if conversation else None
    return {
        "said": timeline.conversation(messages, pulled=_PULLED, now=visit.now),
        "blocked": shown(blocked, visit.now) if blocked else "",
    }


def note_reading(visit: Visit, ticket: Ticket) -> None:
    """Write the reading down unless the open page did."""
    query = select(TicketEvent.id).where(
        TicketEvent.ticket_id == ticket.id,
        TicketEvent.kind == "viewed",
        TicketEvent.actor == f"staff:{visit.staff.username}",
        col(TicketEvent.at) > visit.now - _VIEW_LASTS,
    )
    if visit.db.exec(query.limit(1)).first() is None:
        finding.viewed(visit.db, ticket, visit.staff)
