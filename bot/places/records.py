"""A place as a row keeps it (JSON), and what of it a check holds for."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from bot.places import cells
from knowledge.coordinates import Degrees
from knowledge.locations import Location

_MADE = ("centre", "opening", "batch")
"""Fields that follow from others, or from where the record is kept."""
_PAIRS = ("point", "given_point")
_LISTS = ("alternate_name", "qualifies")
_SHARED = (
    *("kind", "county", "town", "offer", "eligibility", "card", "hours", "source", "note"),
    *("crs", "confidence", "verified_on", "verified_by", "valid_from", "valid_to", "status"),
)
_KEPT = tuple(one.name for one in fields(Location) if one.name not in _MADE)
_DEFAULTS = {
    one.name: one.default for one in fields(Location) if one.name not in (*_MADE, "id", "name")
}
_BESIDE = ("verified_on", "verified_by", "source", "note", "confidence", "status", "sample")
"""What may change without a check becoming worthless."""


def record(place: Location) -> dict[str, Any]:
    """What is kept of a place: fields that differ from their defaults."""
    found = {key: getattr(place, key) for key in _KEPT}
    kept = {key: value for key, value in found.items() if value != _DEFAULTS.get(key)}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in kept.items()}


def place(
    kept: Mapping[str, Any],
    *,
    centres: Mapping[tuple[str, str], Degrees] | None = None,
    batch: int | None = None,
) -> Location:
    """The place of a record; ``centres`` are the towns' centres in WGS-84."""
    values = {key: _value(key, value) for key, value in kept.items()}
    found = Location(**values)
    try:
        opening = cells.hours(found.hours)
    except cells.Wrong:  # hours that an older version understood stay readable as text
        opening = None
    centre = (centres or {}).get((found.county, found.town)) if found.point is None else None
    return replace(found, centre=centre, opening=opening, batch=batch)


def _value(key: str, value: Any) -> Any:
    """A field from its record; words that thousands of places share are kept once."""
    if key in (*_PAIRS, *_LISTS):
        return tuple(value)
    return sys.intern(value) if key in _SHARED and isinstance(value, str) else value


def same(one: Location, other: Location) -> bool:
    """Whether two places keep the same record."""
    return record(one) == record(other)


def substance(place: Location) -> str:
    """Fingerprint of what a check was about: another address or offer needs another check."""
    kept = {key: value for key, value in record(place).items() if key not in _BESIDE}
    said = json.dumps(kept, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]
