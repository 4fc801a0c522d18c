"""Conversation flows: generator functions replayed from their own record.

A flow yields steps. Every step that needs an outcome carries a key, and the outcome is recorded
under that key. To continue after a restart, we run the flow again from the top and feed it the
record; the first step without an outcome is where the conversation stands. A flow is
deterministic given its record: no clock, no random, no input or output.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, TypeVar

from handlers.messages import Reply, Update

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Record: TypeAlias = dict[str, Any]


class Invalid(Exception):
    """The person's message does not answer the question; says what would."""


class Leave(Exception):
    """The person speaks of something else: the flow is over, and others may answer."""


class Question(Protocol[T_co]):
    """Something a flow asks. ``parse`` returns a JSON value or raises :class:`Invalid`."""

    @property
    def key(self) -> str: ...

    def prompt(self) -> Reply: ...
    def parse(self, update: Update) -> T_co: ...


class Passing:
    """Marks a question that waits for nothing: who comes back later is not reminded of it."""


@dataclass(frozen=True)
class Do:
    """Something the flow wants done once, outside the conversation."""

    key: str
    effect: object


Step: TypeAlias = "Reply | Question[Any] | Do"
Steps: TypeAlias = Generator[Step, Any, None]
Flow: TypeAlias = Callable[[], Steps]
Perform: TypeAlias = Callable[[object], Any]


def ask(question: Question[T]) -> Generator[Step, Any, T]:
    """Ask, wait for the answer, and return it: ``age = yield from ask(...)``."""
    answer: T = yield question
    return answer


@dataclass
class Progress:
    """How far one update carried a flow."""

    replies: list[Reply] = field(default_factory=list)
    record: Record = field(default_factory=dict)
    finished: bool = False
    passing: bool = False
    """Whether the open question waits for nothing."""


def advance(flow: Flow, record: Record, update: Update | None, perform: Perform) -> Progress:
    """Run the flow up to the next unanswered question; raises :class:`Leave` where a question
    that need not be answered is not.

    ``update`` None shows the open question again. A key that is met twice in one run is a
    programming error and raises ``RuntimeError``.
    """
    turn = Progress(record=dict(record))
    steps, seen, outcome = flow(), set[str](), None
    while True:
        try:
            step = steps.send(outcome)
        except StopIteration:
            turn.finished = True
            return turn
        outcome = None
        if isinstance(step, Reply):
            turn.replies.append(step)
            continue
        if step.key in seen:
            raise RuntimeError(f"the flow asks {step.key!r} twice")
        seen.add(step.key)
        if step.key in turn.record:
            outcome = turn.record[step.key]
            if not isinstance(step, Do):
                turn.replies.clear()  # said in an earlier turn
        elif isinstance(step, Do):
            outcome = turn.record[step.key] = perform(step.effect)
        elif update is None:
            turn.replies.append(step.prompt())
            turn.passing = isinstance(step, Passing)
            return turn
        else:
            try:
                outcome = turn.record[step.key] = step.parse(update)
            except Invalid as problem:
                turn.replies[:] = [Reply(str(problem)), step.prompt()]
                return turn
            update = None
            turn.replies.clear()


def step_back(record: Record) -> Record:
    """The record without its last answer: where the person was one question ago."""
    return dict(list(record.items())[:-1])
