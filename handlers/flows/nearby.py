"""Places nearby: what kind, where are you, here they are; then more, another kind, elsewhere."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from handlers.dialogue import Do, Invalid, Leave, Passing, Record, Step, Steps, ask
from handlers.effects import AskTime
from handlers.flows.nearbylist import PAGE, listing
from handlers.messages import Choice, Point, Reply, Update
from handlers.questions import Choose
from knowledge import places
from knowledge.base import Knowledge
from knowledge.coordinates import inside_nantong, to_wgs84
from knowledge.gazetteer import Gazetteer, Named, Resolution

_ASK = "您现在在哪里？可以发送位置，也可以打镇、街道的名字，比如“海门三星镇”。"
YOU = "您"
"""The name of a place that was shared as a position."""
_OUTSIDE = "这个地方好像不在南通，我只查得到南通的。请发南通的镇、街道名字。"
_NONE = "没有找到这个地名。请发镇或街道的名字，比如“海门三星镇”，或者发送位置。"
_SWAPPED = "收到的经度、纬度好像写反了。请重新发送位置，或打镇、街道的名字。"
_AGAIN = {
    "更多": "more", "还有吗": "more", "还有呢": "more", "只看开着的": "open", "开着的": "open",
    "都看看": "all", "换一类": "kind", "换一种": "kind", "找别的": "kind", "换地点": "place",
    "换个地方": "place", "换地方": "place",
}  # fmt: skip


@dataclass(frozen=True)
class Where:
    """Where the person is: a shared location, or a place name we know.

    The answer is a dict with ``name``, ``county``, ``latitude`` and ``longitude`` (WGS-84
    degrees); or with ``options``, the names it may mean.
    """

    key: str
    text: str
    knowledge: Knowledge

    def prompt(self) -> Reply:
        return Reply(self.text, share="location")

    def parse(self, update: Update) -> dict[str, Any]:
        if update.point:
            return _shared(update.point)
        return _named(self.knowledge.gazetteer.resolve(update.text))


@dataclass(frozen=True)
class Which:
    """Which of several places of a name: by button, or by saying it more exactly.

    Answers as ``Where`` does.
    """

    key: str
    names: tuple[str, ...]
    gazetteer: Gazetteer

    def prompt(self) -> Reply:
        return self._choose.prompt()

    def parse(self, update: Update) -> dict[str, Any]:
        if update.point:
            return _shared(update.point)
        try:
            said = self._choose.parse(update)
        except Invalid:
            meant = self.gazetteer.resolve(update.text)
            if meant.status not in ("ok", "ambiguous", "county"):
                raise
            return _named(meant)
        return _named(self.gazetteer.resolve(said))

    @property
    def _choose(self) -> Choose:
        names = tuple(Choice(name, name) for name in self.names)
        return Choose(
            self.key, "您说的是哪一个？没有您那里的，就打上县名，比如“海门光明村”。", names
        )


@dataclass(frozen=True)
class Shown(Passing):
    """A list that was shown: what next? Whatever else is said leaves the flow.

    The answer is ``{"again": "more" | "open" | "all" | "kind" | "place"}``, or where to look now, as ``Where``
    answers, when the person says another place.
    """

    key: str
    list: Reply
    gazetteer: Gazetteer

    def prompt(self) -> Reply:
        return self.list

    def parse(self, update: Update) -> dict[str, Any]:
        if update.point:
            return _shared(update.point)
        said = update.text.strip().strip("。！!？?“”")
        chosen = said.removeprefix("/again ") if said.startswith("/again ") else _AGAIN.get(said)
        if chosen in _AGAIN.values():
            return {"again": chosen}
        if self.gazetteer.only_a_place(said):
            return _named(self.gazetteer.resolve(said))
        raise Leave


def nearby(group: str, knowledge: Knowledge) -> Steps:
    """Ask what kind (unless ``group`` says so) and where, then list what is there."""
    where: dict[str, Any] = {}
    skip, open_only = 0, False
    for turn in count():
        if group not in places.GROUPS:
            group = yield from _group(turn)
        if not where:
            where = yield from ask(Where(_key("where", turn), _ASK, knowledge))
        where = yield from _exactly(where, turn, knowledge)
        now = datetime.fromisoformat((yield Do(_key("now", turn), AskTime())))
        shown = listing(group, where, knowledge, now=now, skip=skip, open_only=open_only)
        said = yield from ask(Shown(_key("next", turn), shown, knowledge.gazetteer))
        again = said.get("again")
        skip = skip + PAGE if again == "more" else 0
        open_only = again == "open" or (again == "more" and open_only)
        group = "" if again == "kind" else group
        where = {} if again == "place" else where if again else said


def _group(turn: int) -> Generator[Step, Any, str]:
    kinds = tuple(Choice(key, label) for key, label in places.GROUPS.items())
    return (yield from ask(Choose(_key("kind", turn), "您想找什么？", kinds)))


def _exactly(
    where: dict[str, Any], turn: int, knowledge: Knowledge
) -> Generator[Step, Any, dict[str, Any]]:
    """Ask which one is meant until it is one."""
    for round in count(1):
        if "options" not in where:
            break
        key = _key(f"which{round}", turn)
        where = yield from ask(Which(key, tuple(where["options"]), knowledge.gazetteer))
    return where


def origin(said: Point | str, knowledge: Knowledge) -> Record:
    """The record of a flow whose person said or shared where they are before being asked."""
    try:
        if isinstance(said, Point):
            return {"where": _shared(said)}
        return {"where": _named(knowledge.gazetteer.resolve(said))}
    except Invalid:
        return {}


def _key(name: str, turn: int) -> str:
    return f"{name}{turn}" if turn else name


def _shared(given: Point) -> dict[str, Any]:
    at = to_wgs84(given.latitude, given.longitude, given.crs)
    if inside_nantong(*at):
        found = {"name": YOU, "latitude": at[0], "longitude": at[1]}
        return found | {"crs": given.crs} if given.doubtful else found
    raise Invalid(_SWAPPED if inside_nantong(at[1], at[0]) else _OUTSIDE)


def _named(meant: Resolution) -> dict[str, Any]:
    if meant.status == "ok" and meant.origin and meant.origin.point:
        return _place(meant.origin)
    if meant.options:
        return {"options": [option.label for option in meant.options]}
    raise Invalid(_OUTSIDE if meant.status == "outside" else _NONE)


def _place(place: Named) -> dict[str, Any]:
    latitude, longitude = place.point or (0.0, 0.0)
    return {"name": place.label, "latitude": latitude, "longitude": longitude}
