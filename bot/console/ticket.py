"""One ticket: what the person asked, what was said, and what staff can do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.console import facts, receiptpage, timeline, work
from bot.console.base import Action, Console, Visit, fingerprint
from bot.console.guard import signed_in
from bot.db.tables import Ticket
from bot.desk import drafts, finding, notices, tickets
from bot.desk.finding import Refused

LONGEST = 4000
"""Characters of one reply or note."""
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
        route("/ask", _changed_by(_ask, field="reply"), "ask", method="POST"),
        route("/begin", _changed_by(_begin), "begin", method="POST"),
        route("/transfer", _changed_by(work.transfer), "transfer", method="POST"),
        route("/give-back", _changed_by(work.give_back), "give-back", method="POST"),
        route("/assign", _changed_by(work.assign), "assign", method="POST"),
        route("/merge", _changed_by(work.merge), "merge", method="POST"),
        route("/presence", work.presence, "presence", method="POST", polled=True),
        route("/articles", work.articles, "articles", method="GET", polled=True),
        route("/files/{key}", work.file, "file", method="GET"),
        route("/resolve", _changed_by(_resolve), "resolve", method="POST"),
        route("/reopen", _changed_by(_reopen), "reopen", method="POST"),
        route("/{_done}", _back, "back", method="GET"),
    ]


def _page(visit: Visit) -> Response:
    ticket = _find(visit)
    finding.viewed(visit.db, ticket, visit.staff, at=visit.now)
    notices.saw(visit.db, visit.staff, ticket=ticket, at=visit.now)
    visit.db.flush()
    kept = {kind: drafts.written(visit.db, ticket, visit.staff, kind) for kind in ("reply", "note")}
    return _show(visit, ticket, Draft(**kept))


def _conversation(visit: Visit) -> Response:
    """The conversation, or nothing new (204) when the page shows it already."""
    ticket = _find(visit)
    facts.note_reading(visit, ticket)
    context = facts.spoken(visit, ticket)
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
        except finding.NotYours:
            raise
        except Refused as refusal:
            draft = {field: visit.form.get("text", "")} if field else {}
            return _refuse(visit, Draft(str(refusal), **draft))
        return _after(visit)

    return action


def _after(visit: Visit) -> Response:
    """The ticket again; the queue, if it is now another county's."""
    try:
        _find(visit)
    except finding.NotYours:
        return RedirectResponse("/desk/?view=mine", 303)
    return RedirectResponse(_address(visit), 303)


def _claim(visit: Visit, ticket: Ticket) -> None:
    tickets.claim(visit.db, ticket, visit.staff, at=visit.now)


def _reply(visit: Visit, ticket: Ticket) -> None:
    version = _version(visit)
    tickets.reply(visit.db, ticket, visit.staff, _text(visit), version=version, at=visit.now)
    drafts.sent(visit.db, ticket, visit.staff, "reply")


def _ask(visit: Visit, ticket: Ticket) -> None:
    version = _version(visit)
    tickets.ask(visit.db, ticket, visit.staff, _text(visit), version=version, at=visit.now)
    drafts.sent(visit.db, ticket, visit.staff, "reply")


def _begin(visit: Visit, ticket: Ticket) -> None:
    tickets.begin(visit.db, ticket, visit.staff, at=visit.now)


def _resolve(visit: Visit, ticket: Ticket) -> None:
    tickets.resolve(visit.db, ticket, visit.staff, at=visit.now)


def _reopen(visit: Visit, ticket: Ticket) -> None:
    tickets.reopen(visit.db, ticket, visit.staff, at=visit.now)


def _note(visit: Visit) -> Response:
    """Store a note. The script gets the notes alone, so that a reply being written stays."""
    ticket = _locked(visit)
    current, draft = ticket.version == _version(visit), Draft()
    try:
        tickets.note(visit.db, ticket, visit.staff, _text(visit), at=visit.now)
        drafts.sent(visit.db, ticket, visit.staff, "note")
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
    finding.viewed(visit.db, ticket, visit.staff)
    visit.db.flush()
    return _show(visit, ticket, draft, status=409)


def _find(visit: Visit) -> Ticket:
    return finding.find(visit.db, visit.request.path_params["number"], staff=visit.staff)


def _locked(visit: Visit) -> Ticket:
    """The ticket, kept from everybody else until we are done."""
    number = visit.request.path_params["number"]
    return finding.hold(visit.db, number, staff=visit.staff, what="work")


def _show(visit: Visit, ticket: Ticket, draft: Draft, *, status: int = 200) -> Response:
    names, events = timeline.names(visit.db), finding.lines(visit.db, ticket)
    spoken = facts.spoken(visit, ticket)
    seen = fingerprint(spoken, False)
    return visit.page(
        "ticket.html",
        status=status,
        ticket=ticket,
        draft=draft,
        longest=LONGEST,
        told=receiptpage.about(visit, ticket, events),
        history=timeline.history(events, names=names, now=visit.now),
        notes=_notes(visit, ticket, Draft(note=draft.note)),
        conversation=visit.part(
            "_conversation.html", partial=False, seen=seen, changed=False, **spoken
        ),
        **facts.of(visit, ticket),
        **work.context(visit, ticket),
    )


def _notes(visit: Visit, ticket: Ticket, draft: Draft, *, version: int | None = None) -> Markup:
    """The notes and their form; ``version`` is what a reply being written may now answer."""
    names, events = timeline.names(visit.db), finding.lines(visit.db, ticket)
    return visit.part(
        "_notes.html",
        ticket=ticket,
        version=version,
        notes=timeline.notes(events, names=names, now=visit.now),
        problem=draft.problem,
        draft=draft.note,
        longest=LONGEST,
    )


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
