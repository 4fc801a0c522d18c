"""What a handler may want done outside the conversation; the service does it in the same
transaction and returns the outcome as a JSON value."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OpenTicket:
    """Open a ticket for staff. Outcome: its number."""

    service: str
    topic: str
    county: str
    town: str
    phone: str
    details: tuple[tuple[str, str], ...]
    """(heading, what the person said), in the order asked."""
    respond_within_working_days: int
    priority: str = "normal"
    relation: str = ""
    """Whom they ask for, if not for themselves."""


@dataclass(frozen=True)
class AddToTicket:
    """Add what the person says to their ticket. Outcome: the number it was added to (another one
    if that was merged, or done long ago), ``""`` if it is not theirs."""

    number: str
    text: str


@dataclass(frozen=True)
class WithdrawTicket:
    """Take a request back. Outcome: False if it is not theirs or done already."""

    number: str
    reason: str


@dataclass(frozen=True)
class ObjectToAnswer:
    """The answer does not satisfy. Outcome: who looks at it now; ``""`` if this was done before,
    there was no answer, or it is not theirs."""

    number: str
    reason: str


@dataclass(frozen=True)
class RateTicket:
    """How satisfied the person is: ``good fair bad``. Outcome: the number of the call-back task
    that dissatisfaction opens, ``""`` if none, None if it is not theirs or not done."""

    number: str
    rating: str
    words: str = ""


@dataclass(frozen=True)
class AskTime:
    """Outcome: the moment in Nantong (ISO 8601), for what is open now."""


@dataclass(frozen=True)
class AskDuty:
    """Outcome: None if staff are on duty, else when they are again (ISO 8601)."""


@dataclass(frozen=True)
class ListTickets:
    """Outcome: the person's latest tickets, newest first, each a dict with ``number``, ``title``,
    ``state``, ``opened_at``, ``due_at`` (ISO 8601), ``desk``, ``owner`` (how staff are called, or
    ``""``), ``merged_into`` (a number or None) and ``may_object``."""


@dataclass(frozen=True)
class AlertStaff:
    """Danger to life: tell staff at once and keep the conversation for a person.

    Outcome: the number of the crisis ticket.
    """

    level: str
    text: str
    county: str = ""


@dataclass(frozen=True)
class CallPerson:
    """The person wants to talk to staff. Outcome: the number of the ticket that carries it."""

    county: str
    about: str


@dataclass(frozen=True)
class NoteGap:
    """Nothing answered this question; editors should know. Outcome: None."""

    question: str
    status: str


@dataclass(frozen=True)
class NoteFeedback:
    """The person judged an answer. Outcome: None."""

    article: str
    useful: bool
    reason: str = ""


@dataclass(frozen=True)
class ForgetMe:
    """Erase what we keep of this person except tickets the law wants kept.

    Outcome: dict with the number of ``messages`` erased and ``tickets`` anonymised.
    """


@dataclass(frozen=True)
class Recall:
    """What a calculation starts from. Outcome: dict with ``today`` (ISO date in Beijing) and
    ``profile``, the answers the person asked us to keep, or None."""


@dataclass(frozen=True)
class KeepProfile:
    """The person asks us to keep these answers for next time. Outcome: the answers."""

    said: tuple[tuple[str, str], ...]
