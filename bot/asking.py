"""The public JSON shapes of ``youjun ask`` and ``youjun nearby`` (documented in docs/json.md)."""

from __future__ import annotations

from typing import Any

import handlers
from bot.db.tables import now
from bot.desk.clock import BEIJING
from handlers import effects
from handlers.messages import Contact, Crs, Update
from handlers.turn import Situation, Turn
from knowledge import places
from knowledge.base import Knowledge
from knowledge.coordinates import to_wgs84
from knowledge.gazetteer import Named

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


def nearby(
    knowledge: Knowledge,
    *,
    point: tuple[float, float] | None,
    crs: Crs,
    place: str | None,
    kind: str | None,
    limit: int,
) -> dict[str, Any]:
    """Places near a position or a named place. Raises ValueError for an unknown ``kind``."""
    kinds = _kinds(kind)
    at = to_wgs84(*point, crs) if point else None
    found = places.find(
        knowledge.directory,
        knowledge.gazetteer,
        point=at,
        place=place,
        kinds=kinds,
        limit=limit,
    )
    return {
        "status": found.status,
        "origin": _named(found.origin) if found.origin else None,
        "options": [option.label for option in found.options],
        "locations": [_location(one) for one in found.locations],
        "hint": found.hint,
    }


def nearby_text(found: dict[str, Any]) -> str:
    """The same for reading in a terminal."""
    words = {"outside": "不在南通。", "none": "没有找到。", "ambiguous": "请说明是哪一个："}
    lines = [words.get(found["status"], ""), found["hint"], *found["options"][:20]]
    for one in found["locations"]:
        far = "位置待核" if one["distance_m"] is None else f"{one['distance_m']} 米"
        sample = "【示例】" if one["sample"] else ""
        lines.append(f"{sample}{one['name']}  {far}  {one['address']}")
    return "\n".join(line for line in lines if line)


def _kinds(kind: str | None) -> tuple[str, ...]:
    if kind is None:
        return ()
    if kind in places.KINDS_OF:
        return places.KINDS_OF[kind]
    if kind in places.KINDS:
        return (kind,)
    raise ValueError(f"没有“{kind}”这一类，可用：{'、'.join((*places.KINDS, *places.KINDS_OF))}")


def _named(origin: Named) -> dict[str, Any]:
    lat, lon = origin.point or (None, None)
    return {
        "name": origin.label,
        "kind": origin.kind,
        "county": origin.county,
        "lat": lat,
        "lon": lon,
        "vagueness_m": origin.vagueness_m,
    }


def _location(found: places.Found) -> dict[str, Any]:
    one = found.location
    lat, lon = one.point or (None, None)
    return {
        "id": one.id,
        "name": one.name,
        "kind": one.kind,
        "address": one.address,
        "distance_m": None if found.distance_m is None else round(found.distance_m),
        "lat": lat,
        "lon": lon,
        "verified_on": one.verified_on,
        "sample": one.sample,
        "approximate": found.approximate,
    }


def _sources(knowledge: Knowledge, turn: Turn) -> list[str]:
    article = knowledge.library.articles.get(turn.article or "")
    return [str(source) for source in article.sources] if article else []


def _pretend(effect: object) -> Any:
    """Outcomes of effects that are not carried out."""
    if isinstance(effect, effects.AskTime):
        return now().astimezone(BEIJING).isoformat()
    if isinstance(effect, effects.ListTickets):
        return []
    if isinstance(effect, effects.OpenTicket | effects.CallPerson | effects.AlertStaff):
        return "T000000"
    return None
