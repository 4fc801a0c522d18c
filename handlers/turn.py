"""What a handler gets and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from handlers.closing import Closing
from handlers.dialogue import Perform, Record
from handlers.messages import Reply, Update

if TYPE_CHECKING:
    from knowledge.base import Knowledge


@dataclass(frozen=True)
class Situation:
    """Everything a handler may know besides the update itself.

    ``memory`` is what we remember between turns: ``region``, ``article`` (the last one shown),
    ``doubted`` (a question back was asked). ``held`` is the number of the ticket whose staff have
    the conversation, or None. ``idle`` says that the person was away for long.
    ``closing`` is what the operator has switched off.
    """

    now: datetime
    knowledge: Knowledge
    perform: Perform
    flow: str | None = None
    record: Record = field(default_factory=dict)
    memory: Mapping[str, Any] = field(default_factory=dict)
    held: str | None = None
    idle: bool = False
    closing: Closing = field(default_factory=Closing)


@dataclass
class Turn:
    """What one update led to.

    ``status`` is one of the public statuses: ``answered`` ``unclear`` ``unknown`` ``elsewhere``
    ``expired`` ``crisis`` ``smalltalk`` ``command`` ``handoff``. ``article``, ``score``,
    ``options`` and ``offered`` (a flow the person may start) explain it. ``memory`` is merged
    into what we remember; None forgets. ``flow`` None ends any flow; ``resume`` keeps the present
    one as it stands. ``release`` gives a conversation that staff hold back to the assistant.
    """

    replies: list[Reply]
    status: str = "command"
    flow: str | None = None
    record: Record = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict)
    resume: bool = False
    release: bool = False
    article: str | None = None
    offered: str | None = None
    score: float = 0.0
    options: tuple[str, ...] = ()


Handler: TypeAlias = Callable[[Update, Situation], "Turn | None"]
