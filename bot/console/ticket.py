"""One ticket: what the person asked, what was said, and what staff can do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from markupsafe import Markup
from sqlmodel import col, select
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.console import timeline
from bot.console.base import Action, Console, Visit, fingerprint
from bot.console.guard import signed_in
from bot.console.moments import shown, span
from bot.console.queue import is_overdue, place, remaining
from bot.db.tables import Conversation, Staff, State, Ticket, TicketEvent
from bot.desk import tickets
from bot.desk.tickets import Refused
from handlers.messages import Contact

LONGEST = 4000
"""Characters of one reply or note."""
_CHANNELS = {"telegram": "Telegram", "web": "网页聊天", "wechat": "微信", "terminal": "终端"}
_PULLED = frozenset({"web", "terminal"})
_VIEW_LASTS = timedelta(hours=8)
"""Polling an open page is one reading, as long as a sign-in lasts."""
_NO_VERSION = -1
Change = Callable[[Visit, Ticket], None]


@dataclass(frozen=True)
class Draft:
    """What somebody wrote that was not stored, and why not."""

    problem: str = ""
    reply: str = ""
    note: str = ""


def routes(console: Console) -> list[Route]:
    """``/tickets/{number}`` and what can be done with a ticket."""

    def route(path: str, action: Action, name: str, *, method: str, polled: bool = False) -> Route:
        endpoint = signed_in(console, action, polled=polled)
        return Route(f"/tickets/{{number}}{path}", endpoint, methods=[method], name=name)

    return [
        route("", _page, "ticket", method="GET"),
        route("/conversation", _conversation, "conversation", method="GET", polled=True),
        route("/claim", _changed_by(_claim), "claim", method="POST"),
        route("/reply", _changed_by(_reply, field="reply"), "reply", method="POST"),
        route("/note", _note, "note", method="POST"),
        route("/resolve", _changed_by(_resolve), "resolve", method="POST"),
        route("/reopen", _changed_by(_reopen), "reopen", method="POST"),
        route("/{_done}", _back, "back", method="GET"),
    ]


def _page(visit: Visit) -> Response:
    ticket = _find(visit)
    tickets.viewed(visit.db, ticket, visit.staff)
    visit.db.flush()
    return _show(visit, ticket, Draft())


def _conversation(visit: Visit) -> Response:
    """The conversation, or nothing new (204) when the page shows it already."""
    ticket = _find(visit)
    _note_reading(visit, ticket)
    context = _spoken(visit, ticket)
    changed = str(ticket.version) != visit.request.query_params.get("version", "")
    seen = fingerprint(context, changed)
    if visit.request.query_params.get("seen") == seen:
        return Response(status_code=204)
    html = visit.part("_conversation.html", partial=True, seen=seen, changed=changed, **context)
    return HTMLResponse(html)


def _changed_by(change: Change, field: str = "") -> Action:
    """The action that makes ``change``, or shows why not and keeps what was written."""

    def action(visit: Visit) -> Response:
        try:
            change(visit, _locked(visit))
        except tickets.NotYours:
            raise
        except Refused as refusal:
            draft = {field: visit.form.get("text", "")} if field else {}
            return _refuse(visit, Draft(str(refusal), **draft))
        return RedirectResponse(_address(visit), 303)

    return action


def _claim(visit: Visit, ticket: Ticket) -> None:
    tickets.claim(visit.db, ticket, visit.staff)


def _reply(visit: Visit, ticket: Ticket) -> None:
    tickets.reply(visit.db, ticket, visit.staff, _text(visit), version=_version(visit))


def _resolve(visit: Visit, ticket: Ticket) -> None:
    tickets.resolve(visit.db, ticket, visit.staff)


def _reopen(visit: Visit, ticket: Ticket) -> None:
    tickets.reopen(visit.db, ticket, visit.staff)


def _note(visit: Visit) -> Response:
    """Store a note. The script gets the notes alone, so that a reply being written stays."""
    ticket = _locked(visit)
    current, draft = ticket.version == _version(visit), Draft()
    try:
        tickets.note(visit.db, ticket, visit.staff, _text(visit))
    except Refused as refusal:
        draft = Draft(str(refusal), note=visit.form.get("text", ""))
    visit.db.flush()
    if "hx-request" in visit.request.headers:
        version = ticket.version if current and not draft.problem else None
        return HTMLResponse(_notes(visit, ticket, draft, version=version))
    return _refuse(visit, draft) if draft.problem else RedirectResponse(_address(visit), 303)


def _back(visit: Visit) -> Response:
    """Somebody reloaded the address of a form: show them the ticket."""
    return RedirectResponse(f"/desk/tickets/{_find(visit).number}", 303)


def _refuse(visit: Visit, draft: Draft) -> Response:
    visit.db.rollback()
    ticket = _find(visit)
    tickets.viewed(visit.db, ticket, visit.staff)
    visit.db.flush()
    return _show(visit, ticket, draft, status=409)


def _find(visit: Visit) -> Ticket:
    return tickets.find(visit.db, visit.request.path_params["number"], staff=visit.staff)


def _locked(visit: Visit) -> Ticket:
    """The ticket, kept from everybody else until we are done."""
    ticket = _find(visit)
    visit.db.refresh(ticket, with_for_update=True)
    return ticket


def _show(visit: Visit, ticket: Ticket, draft: Draft, *, status: int = 200) -> Response:
    names, events = timeline.names(visit.db), tickets.history(visit.db, ticket)
    spoken = _spoken(visit, ticket)
    seen = fingerprint(spoken, False)
    return visit.page(
        "ticket.html",
        status=status,
        ticket=ticket,
        draft=draft,
        longest=LONGEST,
        history=timeline.history(events, names=names, now=visit.now),
        notes=_notes(visit, ticket, Draft(note=draft.note)),
        conversation=visit.part(
            "_conversation.html", partial=False, seen=seen, changed=False, **spoken
        ),
        **_facts(visit, ticket),
    )


def _notes(visit: Visit, ticket: Ticket, draft: Draft, *, version: int | None = None) -> Markup:
    """The notes and their form; ``version`` is what a reply being written may now answer."""
    names, events = timeline.names(visit.db), tickets.history(visit.db, ticket)
    return visit.part(
        "_notes.html",
        ticket=ticket,
        version=version,
        notes=timeline.notes(events, names=names, now=visit.now),
        problem=draft.problem,
        draft=draft.note,
        longest=LONGEST,
    )


def _facts(visit: Visit, ticket: Ticket) -> dict[str, Any]:
    """The head of the page."""
    owner = visit.db.get(Staff, ticket.owner) if ticket.owner else None
    channel = Contact.parse(ticket.contact).channel
    return {
        "title": visit.console.service_title(ticket.service),
        "place": place(ticket),
        "opened": shown(ticket.opened_at, visit.now),
        "waited": span((ticket.resolved_at or visit.now) - ticket.opened_at),
        "due": shown(ticket.due_at, visit.now),
        "remaining": remaining(ticket, visit.now),
        "overdue": is_overdue(ticket, visit.now),
        "owner": owner.name if owner else "",
        "mine": ticket.owner == visit.staff.id,
        "resolved": ticket.state == State.RESOLVED,
        "channel": _CHANNELS.get(channel, channel),
        "forgotten": channel == "forgotten",
    }


def _spoken(visit: Visit, ticket: Ticket) -> dict[str, Any]:
    """The conversation and whether the person can be reached."""
    contact = Contact.parse(ticket.contact)
    if contact.channel == "forgotten":
        return {"said": (), "blocked": ""}
    messages = tickets.conversation(visit.db, ticket)
    pulled = contact.channel in _PULLED
    conversation = visit.db.get(Conversation, ticket.contact)
    blocked = conversation.blocked_at if conversation else None
    return {
        "said": timeline.conversation(messages, pulled=pulled, now=visit.now),
        "blocked": shown(blocked, visit.now) if blocked else "",
    }


def _note_reading(visit: Visit, ticket: Ticket) -> None:
    """Write the reading down unless the open page did."""
    query = select(TicketEvent.id).where(
        TicketEvent.ticket_id == ticket.id,
        TicketEvent.kind == "viewed",
        TicketEvent.actor == f"staff:{visit.staff.username}",
        col(TicketEvent.at) > visit.now - _VIEW_LASTS,
    )
    if visit.db.exec(query.limit(1)).first() is None:
        tickets.viewed(visit.db, ticket, visit.staff)


def _text(visit: Visit) -> str:
    """What was written. Raises Refused when there is nothing, or too much."""
    text = visit.form.get("text", "").strip()
    if not text:
        raise Refused("还没有写内容")
    if len(text) > LONGEST:
        raise Refused(f"内容有 {len(text)} 个字，最多 {LONGEST} 个，请分几次写")
    return text


def _version(visit: Visit) -> int:
    given = visit.form.get("version", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else _NO_VERSION


def _address(visit: Visit) -> str:
    return f"/desk/tickets/{visit.request.path_params['number']}"
