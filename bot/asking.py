"""The public JSON shapes of ``youjun ask`` and ``youjun nearby`` (documented in docs/json.md)."""

from __future__ import annotations

from typing import Any

import handlers
from bot.db.tables import now
from handlers import effects
from handlers.messages import Contact, Update
from handlers.turn import Situation, Turn
from knowledge.base import Knowledge

_NOBODY = Contact("cli", "0")


def ask(knowledge: Knowledge, question: str, region: str | None = None) -> dict[str, Any]:
    """What the assistant says to ``question`` from a new person; nothing is stored or sent."""
    at = Situation(
        now=now(),
        knowledge=knowledge,
        perform=_pretend,
        memory={"region": region} if region else {},
    )
    turn = handlers.respond(Update("cli", _NOBODY, question), at)
    return {
        "question": question,
        "status": turn.status,
        "article": turn.article,
        "score": round(turn.score, 4),
        "options": list(turn.options),
        "flow": turn.flow or turn.offered,
        "sources": _sources(knowledge, turn),
        "text": "\n\n".join(reply.text for reply in turn.replies),
    }


def _sources(knowledge: Knowledge, turn: Turn) -> list[str]:
    article = knowledge.library.articles.get(turn.article or "")
    return [str(source) for source in article.sources] if article else []


def _pretend(effect: object) -> Any:
    """Outcomes of effects that are not carried out."""
    if isinstance(effect, effects.ListTickets):
        return []
    if isinstance(effect, effects.OpenTicket | effects.CallPerson | effects.AlertStaff):
        return "T000000"
    return None
