"""The desk's rules as data: working hours, promised times, routing, ladders of warning."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from sqlmodel import Session, col, select

from bot.db.desk import DeskRules

Minutes = Annotated[int, Field(ge=1, le=100_000)]
Level = Literal["市", "县", "镇"]


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Frame(_Rule):
    """Working hours of a day, Nantong time: one before lunch, one after."""

    start: time
    end: time

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"开始 {self.start:%H:%M} 应早于结束 {self.end:%H:%M}")
        return self

    @property
    def minutes(self) -> int:
        """How long it is."""
        return (self.end.hour - self.start.hour) * 60 + self.end.minute - self.start.minute


class Route(_Rule):
    """Where a topic of a region goes if not simply to the nearest desk; ``*`` is any."""

    topic: str = "*"
    region: str = "*"
    """County or town."""
    desk: str | None = None
    """Code of the desk that takes it …"""
    level: Level | None = None
    """… or the lowest level that does."""

    @model_validator(mode="after")
    def _says_where(self) -> Self:
        if (self.desk is None) == (self.level is None):
            raise ValueError("写部门编号，或者写级别（市、县、镇），两者写一个")
        return self


class Promised(_Rule):
    """What is promised for a service and priority, in working minutes; ``*`` is any."""

    service: str = "*"
    priority: str = "*"
    first: Minutes | None = None
    """First answer; None takes the service's own promise in working days."""
    next: Minutes = 420
    """Answer to what the person adds."""
    resolve: Minutes = 15 * 420


class Crisis(_Rule):
    """The ladder for danger to life, in minutes by the clock on the wall, day and night."""

    steps: tuple[int, ...] = (0, 3, 6, 10)
    """The desk, its leaders, the next desk up, everybody up to the city."""
    repeat: Minutes = 5
    first: Minutes = 10


class Rules(_Rule):
    """Everything at once; what is not written holds as here."""

    frames: tuple[Frame, ...] = (
        Frame(start=time(9), end=time(12)),
        Frame(start=time(14), end=time(18)),
    )
    routes: tuple[Route, ...] = ()
    promises: tuple[Promised, ...] = ()
    crisis: Crisis = Crisis()
    percents: tuple[int, int, int] = (80, 100, 150)
    """Of a promise: the owner is warned, the leader is told, the next desk up is told."""
    repeat: Minutes = 210
    """Working minutes between warnings after the last, until somebody acts."""
    unclaimed: tuple[int, int] = (50, 100)
    """Of the first promise: the leaders are told of an unclaimed ticket; it climbs."""

    @model_validator(mode="after")
    def _frames_in_order(self) -> Self:
        if not self.frames:
            raise ValueError("工作时间至少写一段")
        for one, other in zip(self.frames, self.frames[1:], strict=False):
            if other.start < one.end:
                raise ValueError("工作时间的各段要按先后写，不能重叠")
        return self

    def day(self) -> int:
        """Minutes of a working day."""
        return sum(frame.minutes for frame in self.frames)

    def promised(self, service: str, priority: str) -> Promised:
        """The most particular promise for a service and priority."""
        fitting = [
            one
            for one in self.promises
            if one.service in (service, "*") and one.priority in (priority, "*")
        ]
        return max(
            fitting,
            key=lambda one: (one.service != "*", one.priority != "*"),
            default=Promised(),
        )


def load(session: Session) -> Rules:
    """The rules in force: those imported last, else the defaults."""
    query = select(DeskRules).order_by(col(DeskRules.id).desc()).limit(1)
    stored = session.exec(query).first()
    return Rules.model_validate(stored.document) if stored else Rules()
