"""The public JSON shapes of ``youjun ask`` and ``youjun nearby`` (documented in docs/json.md)."""

from __future__ import annotations

from datetime import datetime
from math import ceil
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
from knowledge.qualifying import GROUPS
from knowledge.travel import minutes

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
    wanted: places.Wanted | None = None,
) -> dict[str, Any]:
    """Places near a position or a named place, narrowed by ``wanted``. Raises ValueError for an
    unknown ``kind`` or county."""
    kinds, counties = _kinds(kind), knowledge.gazetteer.counties()
    if wanted and wanted.county and wanted.county not in counties:
        raise ValueError(f"没有“{wanted.county}”，请写：{'、'.join(counties)}")
    at = to_wgs84(*point, crs) if point else None
    found = places.find(
        knowledge.directory,
        knowledge.gazetteer,
        point=at,
        place=place,
        kinds=kinds,
        limit=limit,
        wanted=wanted,
    )
    return {
        "status": found.status,
        "origin": _named(found.origin) if found.origin else None,
        "options": [option.label for option in found.options],
        "locations": [_location(one) for one in found.locations],
        "radius_m": found.radius_m,
        "hint": found.hint,
    }


def narrowed(county: str | None, group: str | None, open_at: datetime | None) -> places.Wanted:
    """What is asked besides the kind. Raises ValueError for a group nobody knows."""
    if group is not None and group not in GROUPS:
        raise ValueError(f"没有“{group}”这一类人，可用：{'、'.join(GROUPS)}")
    return places.Wanted(
        county=county or "", groups=frozenset({group} if group else ()), open_at=open_at
    )


def nearby_text(found: dict[str, Any]) -> str:
    """The same for reading in a terminal."""
    words = {"outside": "不在南通。", "none": "没有找到。", "ambiguous": "请说明是哪一个："}
    lines = [words.get(found["status"], ""), found["hint"], *found["options"][:20]]
    for one in found["locations"]:
        far = "位置待核" if one["distance_m"] is None else f"{one['distance_m']} 米"
        sample = "【示例】" if one["sample"] and not one["name"].startswith("示例") else ""
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
        "county": one.county,
        "town": one.town,
        "phone": one.phone,
        "offer": one.offer,
        "card": one.card,
        "hours": one.hours,
        "walk_minutes": _walk(found),
        "over_river": found.over_river,
    }


def _walk(found: places.Found) -> int | None:
    """Estimated minutes on foot; None where there is no way to tell."""
    if found.distance_m is None or found.over_river:
        return None
    return ceil(minutes(found.distance_m, "walk"))


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
