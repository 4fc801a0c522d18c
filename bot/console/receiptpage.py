"""What was said under a receipt's code: the exact words, the article's version, when and where.

Whoever works here may look: it is what the public is told, and says nothing of who asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.responses import Response
from starlette.routing import Route

from bot import receipts
from bot.console.base import Console, Visit
from bot.console.guard import signed_in
from bot.console.moments import shown
from bot.db.learning import Receipt, Wording
from bot.db.tables import Ticket, TicketEvent
from bot.desk import history
from bot.desk.reports import STATUSES
from handlers.channelnames import called

_MOST = 6


@dataclass(frozen=True)
class Told:
    """One receipt as staff read it."""

    code: str
    at: str
    channel: str
    status: str
    article: str
    title: str
    version: str
    assured_on: str
    text: str
    changed: str
    """What became of the article since, in words; nothing if it is the same."""


def routes(console: Console) -> list[Route]:
    """``/receipts``."""
    return [Route("/receipts", signed_in(console, _page), methods=["GET"], name="receipts")]


def _page(visit: Visit) -> Response:
    """Look a code up; looking is part of the history."""
    asked = visit.request.query_params.get("code", "").strip()[:20]
    found, problem = None, ""
    if asked:
        number = receipts.number(asked)
        receipt = receipts.of(visit.db, number)
        found = told(visit, receipt) if receipt else None
        problem = _problem(number is not None) if found is None else ""
        who = f"staff:{visit.staff.username}"
        after = found.code if found else f"{asked}（没有）"
        history.note(visit.db, None, who, "looked-up", after=after, at=visit.now)
    return visit.page(
        "receipts.html", status=404 if problem else 200, asked=asked, found=found, problem=problem
    )


def told(visit: Visit, receipt: Receipt) -> Told:
    """What a receipt stands for."""
    wording = visit.db.get(Wording, receipt.wording) if receipt.wording else None
    library = visit.console.library
    article = library().articles.get(receipt.article) if library else None
    return Told(
        code=receipts.code(receipt.id or 0),
        at=shown(receipt.at, visit.now),
        channel=called(receipt.channel),
        status=STATUSES.get(receipt.status, receipt.status),
        article=receipt.article,
        title=article.title if article else receipt.article,
        version=receipt.version,
        assured_on=receipt.assured_on.isoformat() if receipt.assured_on else "",
        text=wording.text if wording else "",
        changed=_changed(
            receipt,
            library().versions[article.id] if library and article else "",
            known=library is not None,
        ),
    )


def about(visit: Visit, ticket: Ticket, events: Sequence[TicketEvent]) -> list[Told]:
    """The answers a person names in their ticket, and the one they had read before it."""
    words = [value for _, value in ticket.details]
    words += [event.text for event in events if event.kind == "added"]
    named = [ticket.receipt, *(one for text in words for one in receipts.quoted(text))]
    kept = (receipts.of(visit.db, one) for one in list(dict.fromkeys(named))[:_MOST])
    return [told(visit, one) for one in kept if one is not None]


def _changed(receipt: Receipt, present: str, *, known: bool) -> str:
    if not known or not receipt.article or present == receipt.version:
        return ""
    if not present:
        return "这一条现在已经没有了，请按现行规定答复。"
    return f"这一条后来改过（现在的版本 {present}），请按现在的答复。"


def _problem(well_formed: bool) -> str:
    if well_formed:
        return "没有这个回执，可能已过保存期，或者抄错了。"
    return "回执写错了，请对着原来的消息再核对一遍（没有 0、1、I、L、O）。"
