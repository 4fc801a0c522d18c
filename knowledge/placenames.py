"""Names of places as people type them: which of them stand in a text, and which belong together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from knowledge.coordinates import Degrees
from knowledge.text import simplified

RANK = {
    "landmark": 0,
    "town": 1,
    "former-town": 2,
    "zone": 2,
    "village": 3,
    "former-county": 4,
    "county": 4,
    "city": 5,
}
"""Which kind a name means first when it is the name of several."""
COUNTIES = ("county", "former-county")
_LONGEST_TEXT = 200
_FORMS = ("街道", "镇", "乡")
_ROAD = re.compile(r"[东南西北中]?(?:路|大道|大街|公路|高速)")
_JOINING = re.compile(r"[的原市区县镇,，、/（(·-]?")
_AROUND = re.compile(
    r"我们?|现在|目前|家?住在?|人在|家在|在|到|去|来|从|离|是|的|原来?|江苏省?|南通市?|附近|旁边|边上|周边|周围|"
    r"这[里边儿]|那[里边儿]|这块|一带|最近|请问|[有哪啊呢吗呀吧了]|什么|[,，。.?？!！、]|想|找|查|看看|"
    r"商户|医院|景区|服务站|服务中心"
)


@dataclass(frozen=True)
class Named:
    """A place with a name: where it is (WGS-84 degrees) and how vague that is (metres).

    ``kind`` is one of ``RANK``, ``point`` for a shared position, or ``outside``. ``county`` and
    ``town`` are today's; ``note`` says in Chinese what has changed since.
    """

    name: str
    kind: str
    county: str
    town: str = ""
    point: Degrees | None = None
    vagueness_m: int = 3000
    zone: str = ""
    note: str = ""
    shown: str = ""

    @property
    def label(self) -> str:
        """The name as a button shows it; typed back, it means this place and no other."""
        return self.shown or self.name


@dataclass(frozen=True)
class Meaning:
    """One thing a name may mean. ``official`` names go before short and old ones; ``weak`` ones
    are ordinary words too and count only alone or right after their county."""

    place: Named
    official: bool = True
    weak: bool = False


@dataclass(frozen=True)
class Mention:
    """A name found in a text."""

    start: int
    end: int
    word: str
    meanings: tuple[Meaning, ...]

    def of(self, *kinds: str) -> bool:
        """Whether all it may mean is of these kinds."""
        return all(meaning.place.kind in kinds for meaning in self.meanings)

    def within(self, county: str, town: str = "") -> Mention | None:
        """The same name with only what lies in a county (and town); None if nothing does."""
        kept = tuple(
            m
            for m in self.meanings
            if m.place.county == county and town in ("", m.place.town or town)
        )
        return replace(self, meanings=kept) if kept else None


@dataclass(frozen=True)
class Names:
    """All names by their first two characters, longest first. No meanings: a phrase to skip."""

    by_start: Mapping[str, tuple[tuple[str, tuple[Meaning, ...]], ...]]

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, Meaning | None]]) -> Names:
        """Collect what each name may mean; None marks a phrase that is no place."""
        known: dict[str, dict[Named, Meaning]] = {}
        skipped: set[str] = set()
        for name, meaning in pairs:
            meanings = known.setdefault(name, {})
            if meaning is None:
                skipped.add(name)
            elif meaning.place not in meanings or meaning.official:
                meanings[meaning.place] = meaning
        by_start: dict[str, list[tuple[str, tuple[Meaning, ...]]]] = {}
        for name in sorted(known, key=lambda one: (-len(one), one)):
            kept = () if name in skipped else tuple(known[name].values())
            by_start.setdefault(name[:2], []).append((name, kept))
        return cls({start: tuple(names) for start, names in by_start.items()})

    def mentions(self, text: str) -> list[Mention]:
        """The names in ``text`` (as ``plain`` gives it), leftmost and longest, not overlapping.

        A name that is an ordinary word here gives way to a shorter one: 南通港闸 is 港闸.
        """
        without: frozenset[str] = frozenset()
        while True:
            found = [one for one in self._mentions(text, without) if one.meanings]
            kept = [_strong(one, text, found) for one in found]
            dropped = {one.word for one, strong in zip(found, kept, strict=True) if not strong}
            if not dropped:
                return [one for one in kept if one]
            without |= dropped

    def _mentions(self, text: str, without: frozenset[str]) -> Iterator[Mention]:
        at = 0
        while at < len(text) - 1:
            mention = self._at(text, at, without)
            if mention is None:
                at += 1
                continue
            road = None if self._at(text, mention.end) else _ROAD.match(text, mention.end)
            if road is None or mention.of("landmark"):
                yield mention
            at = road.end() if road else mention.end

    def _at(self, text: str, at: int, without: frozenset[str] = frozenset()) -> Mention | None:
        for name, meanings in self.by_start.get(text[at : at + 2], ()):
            if text.startswith(name, at) and name not in without:
                return Mention(at, at + len(name), name, meanings)
        return None


def plain(text: str) -> str:
    """``text`` in simplified characters, folded in width and case, without blanks, at most 200
    characters."""
    folded = unicodedata.normalize("NFKC", text[:_LONGEST_TEXT])
    return re.sub(r"\s", "", simplified(folded)).lower()


def without_fillers(text: str) -> str:
    """What ``text`` says besides the words that stand around a place name."""
    return _AROUND.sub("", text)


def forms(name: str) -> tuple[str, ...]:
    """How else a town is written: without its suffix, or with the suffix it had or may get."""
    suffix = next((one for one in _FORMS if name.endswith(one)), "")
    base = name.removesuffix(suffix)
    if len(base) < 2:
        return ()
    bare = base.removesuffix("镇") if suffix == "街道" and len(base) > 2 else base
    found = [base, bare, *(f"{bare}{form}" for form in _FORMS)]
    return tuple(dict.fromkeys(one for one in found if one != name))


def joined(before: Mention, after: Mention, text: str) -> bool:
    """Whether two names stand side by side, as in 海门区三星镇 or 海门的三星."""
    return _JOINING.fullmatch(text, before.end, after.start) is not None


def marked(mention: Mention, text: str) -> bool:
    """Whether the person says to be there: the name follows 在 or 住."""
    return text[: mention.start].endswith(("在", "住"))


def only(text: str, mentions: Iterable[Mention]) -> bool:
    """Whether nothing but ``mentions`` (at least one) and words around them is said."""
    rest, at = "", 0
    for mention in mentions:
        rest, at = rest + text[at : mention.start], mention.end
    return at > 0 and not without_fillers(rest + text[at:])


def _strong(mention: Mention, text: str, found: list[Mention]) -> Mention | None:
    """The mention without meanings that are ordinary words here; None if nothing is left."""
    if not any(meaning.weak for meaning in mention.meanings):
        return mention
    counties = {
        m.place.county
        for one in found
        if one.of(*COUNTIES) and joined(one, mention, text)
        for m in one.meanings
    }
    alone = not _AROUND.sub("", text[: mention.start] + text[mention.end :])
    kept = tuple(m for m in mention.meanings if not m.weak or alone or m.place.county in counties)
    return replace(mention, meanings=kept) if kept else None
