"""The conversations we can hold, by name.

``benefits``, ``calculate``, ``calculate:<id>``, ``request:<service>``, ``nearby``, ``nearby:<kind>``,
``wrong:<place>``, ``human``, ``forget``, ``link``, ``add:<ticket>``, ``withdraw:<ticket>``,
``object:<ticket>``, ``dissatisfied:<ticket>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from handlers.dialogue import Flow, Record
from handlers.flows.benefits import benefits
from handlers.flows.calculate import calculate
from handlers.flows.linking import link
from handlers.flows.mine import add, dissatisfied, object_to, withdraw
from handlers.flows.nearby import nearby, origin
from handlers.flows.request import request
from handlers.flows.small import forget, human
from handlers.flows.wrong import wrong
from handlers.messages import Point
from knowledge.base import Knowledge


def find(name: str, knowledge: Knowledge, memory: Mapping[str, Any]) -> Flow | None:
    """The flow called ``name``, or None: it never existed, or its service was withdrawn."""
    kind, _, argument = name.partition(":")
    service = knowledge.library.services.get(argument)
    if kind == "request":
        return partial(request, service, knowledge) if service else None
    flows: dict[str, Flow] = {
        "nearby": partial(nearby, argument, knowledge),
        "benefits": partial(benefits, knowledge),
        "calculate": partial(calculate, argument, knowledge),
        "human": partial(human, knowledge, memory),
        "add": partial(add, argument),
        "withdraw": partial(withdraw, argument),
        "object": partial(object_to, argument),
        "dissatisfied": partial(dissatisfied, argument),
        "wrong": partial(wrong, knowledge.directory.find(argument)),
        "forget": forget,
        "link": link,
    }
    return flows.get(kind)


def prepared(name: str, said: Point | str | None, knowledge: Knowledge) -> Record:
    """The record a flow starts with: where the person is, if they said so before anybody asked."""
    return origin(said, knowledge) if said and name.startswith("nearby") else {}


def learnt(record: Record) -> dict[str, Any]:
    """What a record tells us that later questions need: the county, and what was asked to keep."""
    county, kept = record.get("county"), record.get("profile")
    found: dict[str, Any] = {"region": county} if isinstance(county, str) else {}
    return found | ({"profile": kept} if isinstance(kept, dict) else {})
