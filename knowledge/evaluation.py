"""How well questions are answered: what is right, offered, wrong, refused – and how sure we were."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

GIVEN = frozenset({"answered", "expired", "elsewhere", "flow"})
_POLICY = frozenset({"answered", "expired", "elsewhere"})
_BINS = 5


@dataclass(frozen=True)
class Verdict:
    """What became of one question. ``gold``: every entry that is right (none: must not be answered).
    ``ranked``: the entry that came first in the search; ``given``: the one that was shown."""

    text: str
    gold: frozenset[str]
    topic: str
    status: str
    ranked: str | None
    given: str | None
    offered: frozenset[str]
    score: float

    @property
    def right_first(self) -> bool:
        """Whether a right entry came first."""
        return self.ranked in self.gold

    @property
    def right_offered(self) -> bool:
        """Whether a right entry was shown or offered."""
        return self.given in self.gold or bool(self.offered & self.gold)

    @property
    def wrong(self) -> bool:
        """Whether a wrong entry was shown without asking; of what must not be answered: any policy."""
        if self.gold:
            return self.status in GIVEN and self.given not in self.gold
        return self.status in _POLICY and self.given != "wrong-door"

    @property
    def refused(self) -> bool:
        """Whether nothing was shown and nothing offered."""
        return self.status in ("unknown", "smalltalk") and not self.offered


def summary(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The shares of a set of questions; macro-averages count every topic alike."""
    asked = [one for one in verdicts if one.gold]
    foreign = [one for one in verdicts if not one.gold]
    topics: dict[str, list[Verdict]] = defaultdict(list)
    for one in asked:
        topics[one.topic].append(one)
    return {
        "questions": len(asked),
        "right_first": _share(one.right_first for one in asked),
        "right_first_macro": _mean([_share(v.right_first for v in own) for own in topics.values()]),
        "right_offered": _share(one.right_offered for one in asked),
        "given": _share(one.status in GIVEN for one in asked),
        "wrong_given": _share(one.wrong for one in asked),
        "refused": _share(one.refused for one in asked),
        "unanswerable": len(foreign),
        "unanswerable_answered": _share(one.wrong for one in foreign),
        "unanswerable_refused": _share(one.refused for one in foreign),
        "by_topic": {
            topic: _share(one.right_first for one in own) for topic, own in sorted(topics.items())
        },
        "calibration": calibration(verdicts),
        "confusions": confusions(asked),
    }


def calibration(verdicts: Sequence[Verdict]) -> list[dict[str, float]]:
    """In fifths of the likelihood: how many questions, the mean likelihood, the share right."""
    rows = []
    for number in range(_BINS):
        low, high = number / _BINS, (number + 1) / _BINS
        own = [v for v in verdicts if low <= v.score < high or (v.score == 1 and high == 1)]
        if own:
            said = _mean([one.score for one in own])
            rows.append(
                {"count": len(own), "said": said, "right": _share(v.right_first for v in own)}
            )
    return rows


def confusions(verdicts: Iterable[Verdict], most: int = 10) -> list[dict[str, Any]]:
    """The pairs that are taken for one another most often."""
    pairs = Counter(
        ("、".join(sorted(one.gold)), one.ranked or "") for one in verdicts if not one.right_first
    )
    ordered = sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"wanted": a, "got": b, "count": count} for (a, b), count in ordered[:most]]


def worse(now: Mapping[str, Any], before: Mapping[str, Any], slack: float = 0.005) -> list[str]:
    """What has fallen behind a baseline by more than ``slack``."""
    up = ("right_first", "right_first_macro", "right_offered")
    down = ("wrong_given", "unanswerable_answered")
    fallen = [name for name in up if now[name] < before[name] - slack]
    return fallen + [name for name in down if now[name] > before[name] + slack]


def _share(found: Iterable[bool]) -> float:
    return _mean([float(one) for one in found])


def _mean(values: Sequence[float]) -> float:
    return round(sum(values) / len(values), 4) if values else 0.0
