"""Examples of a rule: who is entitled, who just not, what must be known."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, TypeAlias

from knowledge.eligibility import Result
from knowledge.schema import File, Slug

Said: TypeAlias = dict[str, Any]


class Cases(File):
    """The examples of one rule, each judged on ``day``."""

    id: Slug
    """The rule."""
    day: date
    base: Said
    """Somebody who is entitled."""
    fails: tuple[Said, ...]
    """Changes of ``base`` that make a no."""
    holds: tuple[Said, ...] = ()
    """Changes that leave the yes."""
    open: tuple[str, ...] = ()
    """Facts without which nothing can be said."""

    def worked(self) -> Iterator[tuple[Said, Result, tuple[str | int, ...]]]:
        """What is said, what must follow, and where it is written."""
        yield self.base, "符合", ("base",)
        for number, change in enumerate(self.fails):
            yield {**self.base, **change}, "不符合", ("fails", number)
        for number, change in enumerate(self.holds):
            yield {**self.base, **change}, "符合", ("holds", number)
        for number, gone in enumerate(self.open):
            left = {key: value for key, value in self.base.items() if key != gone}
            yield left, "还差信息", ("open", number)
