"""Danger to life is heard, and what only sounds like it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from handlers.safety import crisis_reply, level, soft_reply

SAID = yaml.safe_load(Path(__file__).with_name("safety.yaml").read_text("utf-8"))
CASES = [(text, wanted) for wanted, texts in SAID.items() for text in texts]


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_level(text: str, wanted: str) -> None:
    assert (level(text) or "none") == wanted


@pytest.mark.parametrize("found", ["explicit", "other", "medical", "violence", "heard"])
def test_every_crisis_text_names_the_emergency_numbers(found: str) -> None:
    said = crisis_reply(found).text  # type: ignore[arg-type]
    assert "120" in said or "110" in said


def test_the_softer_text_names_all_three_numbers_and_offers_a_person() -> None:
    said = soft_reply("veiled")
    assert all(number in said.text for number in ("12356", "120", "110"))
    assert any(choice.value == "/human" for choice in said.choices)


def test_who_is_beaten_at_home_gets_the_numbers_and_a_person() -> None:
    said = soft_reply("abuse")
    assert all(number in said.text for number in ("110", "120", "12348"))
    assert any(choice.value == "/human" for choice in said.choices)
