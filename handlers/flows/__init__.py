"""The conversations we can hold, by name.

``request:<service>``, ``nearby``, ``nearby:<kind>``, ``human``, ``add:<ticket>``, ``forget``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from handlers.dialogue import Flow, Record
from handlers.flows.nearby import nearby, origin
from handlers.flows.request import request
from handlers.flows.small import add, forget, human
from handlers.messages import Update
from knowledge.base import Knowledge


def find(name: str, knowledge: Knowledge, memory: Mapping[str, Any]) -> Flow | None:
    """The flow called ``name``, or None: it never existed, or its service was withdrawn."""
    kind, _, argument = name.partition(":")
    service = knowledge.library.services.get(argument)
    if kind == "request":
        return partial(request, service, knowledge) if service else None
    flows: dict[str, Flow] = {
        "nearby": partial(nearby, argument, knowledge),
        "human": partial(human, knowledge, memory),
        "add": partial(add, argument),
        "forget": forget,
    }
    return flows.get(kind)


def prepared(name: str, update: Update | None) -> Record:
    """The record a flow starts with: a location that was shared before anybody asked."""
    if update is None or update.point is None or not name.startswith("nearby"):
        return {}
    return origin(update)


def learnt(record: Record) -> dict[str, str]:
    """What a record tells us that later questions need: the county."""
    county = record.get("county")
    return {"region": county} if isinstance(county, str) else {}
