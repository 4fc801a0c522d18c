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
    ``state``, ``opened_at``, ``due_at`` (ISO 8601), ``late`` (whether that is past), ``withdrawn``
    (by themselves), ``desk``, ``owner`` (how staff are called, or ``""``), ``merged_into`` (a
    number or None), ``elsewhere`` (channel and words of staff's last
    answer, if another channel of the person got it, else None) and ``may_object``."""


@dataclass(frozen=True)
class AlertStaff:
    """Danger to life: tell staff at once and, unless we may well have misheard, keep the conversation
    for a person (``hold``).

    Outcome: the number of the crisis ticket.
    """

    level: str
    text: str
    county: str = ""
    hold: bool = True


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
    near: str = ""
    """The entry that comes nearest."""
    county: str = ""


@dataclass(frozen=True)
class NoteFeedback:
    """The person judged an answer. Outcome: None."""

    article: str
    useful: bool
    reason: str = ""


@dataclass(frozen=True)
class ForgetMe:
    """Erase what we keep of this person.

    Outcome: dict with ``kept``, [number, ISO day] of the tickets of which only that stays, and
    ``waiting``, the number of an open ticket about danger to life because of which nothing was
    erased, or ``""``.
    """


@dataclass(frozen=True)
class AskTerms:
    """Outcome: dict with ``messages_days``, how long the transcript is kept."""


@dataclass(frozen=True)
class SumUpMine:
    """What we keep of this person. Outcome: dict with ``channel`` (this one), ``linked`` (other
    channels), ``messages`` and ``files`` (how many) and ``tickets``, [number, ISO day, state]."""


@dataclass(frozen=True)
class Recall:
    """What a calculation starts from. Outcome: dict with ``today`` (ISO date in Beijing) and
    ``profile``, the answers the person asked us to keep, or None."""


@dataclass(frozen=True)
class KeepProfile:
    """The person asks us to keep these answers for next time. Outcome: the answers."""

    said: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class OfferLink:
    """A code that links another channel to this one. Outcome: dict with ``linked`` (the channels
    that are already) and either ``code`` (eight figures) and ``minutes``, or ``asks`` – whose yes
    is missing: ``claimant`` (of this contact, who typed a code), ``owner`` (of this contact, who
    got one) or ``wait`` (of the other side) – and the other's ``channel``."""


@dataclass(frozen=True)
class UseLinkCode:
    """Take a code from another channel. Outcome: dict with ``outcome`` (``found``, ``wrong``,
    ``slow`` after too many wrong ones, ``own``, ``already``, ``full``) and mostly ``channel``."""

    code: str


@dataclass(frozen=True)
class AnswerLink:
    """Say yes or no to a link. Outcome: dict with ``outcome`` (``agreed``: now the other side is
    asked, ``linked``, ``refused``, ``nothing`` was asked) and the other's ``channel``."""

    agree: bool


@dataclass(frozen=True)
class ListLinks:
    """Outcome: the channels this one is linked to."""


@dataclass(frozen=True)
class Unlink:
    """Part this channel from the others, or with ``everything`` all from each other. Outcome: the
    channels it was linked to."""

    everything: bool
