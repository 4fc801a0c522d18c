"""The list of ASVS requirements: each once, and what is named as evidence exists."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

TEXT = Path("docs/asvs.md").read_text("utf-8")
LINES = re.findall(r"^\| (\d+\.\d+\.\d+) \| [12] \| (✓|◐|✗|n/a) \| (.+) \|$", TEXT, re.MULTILINE)
NAMED = re.findall(r"`([\w./-]+/[\w.-]+\.(?:py|yaml|conf|service|html|js))`", TEXT)


def test_every_requirement_stands_once_and_is_counted_right() -> None:
    numbers = Counter(number for number, _, _ in LINES)
    assert len(numbers) == 259
    assert max(numbers.values()) == 1
    verdicts = Counter(verdict for _, verdict, _ in LINES)
    for verdict, count in verdicts.items():
        assert re.search(rf"{verdict}[^·.]*\({count}\)", TEXT), (verdict, count)


@pytest.mark.parametrize("path", sorted(set(NAMED)))
def test_what_is_named_as_evidence_exists(path: str) -> None:
    assert Path(path).exists() or Path("tests", path).exists() or Path("bot", path).exists()
