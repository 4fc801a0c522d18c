"""The states of a ticket: which move is possible where, and where it leads."""

from __future__ import annotations

from collections.abc import Mapping

from bot.db.tables import State, Ticket
from bot.desk.finding import Refused

MOVES: Mapping[str, Mapping[State, State]] = {
    "claim": {
        State.NEW: State.CLAIMED,
        State.WORKING: State.WORKING,
        State.ASKED: State.ASKED,
        State.ANSWERED: State.ANSWERED,
    },
    "begin": {State.CLAIMED: State.WORKING},
    "ask": {
        State.CLAIMED: State.ASKED,
        State.WORKING: State.ASKED,
        State.ANSWERED: State.ASKED,
    },
    "reply": {
        State.CLAIMED: State.ANSWERED,
        State.WORKING: State.ANSWERED,
        State.ASKED: State.ANSWERED,
        State.ANSWERED: State.ANSWERED,
    },
    "resolve": {
        State.CLAIMED: State.RESOLVED,
        State.WORKING: State.RESOLVED,
        State.ASKED: State.RESOLVED,
        State.ANSWERED: State.RESOLVED,
    },
    "give back": {
        State.CLAIMED: State.NEW,
        State.WORKING: State.NEW,
        State.ASKED: State.ASKED,
        State.ANSWERED: State.ANSWERED,
    },
    "transfer": {
        State.NEW: State.NEW,
        State.CLAIMED: State.NEW,
        State.WORKING: State.NEW,
        State.ASKED: State.ASKED,
        State.ANSWERED: State.ANSWERED,
    },
    "reopen": {State.RESOLVED: State.CLAIMED},
}
"""What is done → the states it is possible in → the state it leads to."""
_WORDS = {
    "claim": "认领", "begin": "开始处理", "ask": "要求补材料", "reply": "回复", "resolve": "办结",
    "give back": "退回", "transfer": "转派", "reopen": "重开",
}  # fmt: skip


def allowed(what: str, ticket: Ticket) -> bool:
    """Whether a move is possible in the state the ticket is in."""
    return ticket.state in MOVES[what]


def moved(what: str, ticket: Ticket) -> State:
    """Where a move leads. Raises Refused when it is not possible."""
    if ticket.state not in MOVES[what]:
        if ticket.state == State.RESOLVED:
            raise Refused("工单已办结；要继续处理请先重开")
        if what == "reopen":
            raise Refused("只有已办结的工单才能重开")
        hint = "；请先认领" if ticket.owner is None else ""
        raise Refused(f"“{ticket.state}”的工单不能{_WORDS[what]}{hint}")
    return MOVES[what][ticket.state]
