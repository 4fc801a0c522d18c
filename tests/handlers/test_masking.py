"""What people paste is masked, however they write it, and what is no personal number stays."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handlers.masking import has_numbers, hide_numbers, mask

TABLE = yaml.safe_load((Path(__file__).parent / "masking.yaml").read_text("utf-8"))
FULL = str.maketrans("0123456789Xx", "０１２３４５６７８９Ｘｘ")
WORDS = st.text("我的你好号是在家里，。！？、 \n", max_size=6)
provinces = st.sampled_from(["11", "21", "32", "37", "44", "51", "65"])
days = st.dates(date(1880, 1, 1), date(2030, 12, 31))
mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)


@st.composite
def identities(draw: st.DrawFn) -> str:
    """Of 18 or 15 figures."""
    begin = draw(provinces) + draw(st.from_regex(r"[0-9]{4}", fullmatch=True))
    day, rest = draw(days), draw(st.from_regex(r"[0-9]{3}", fullmatch=True))
    if draw(st.booleans()):
        return f"{begin}{day:%y%m%d}{rest}"
    return f"{begin}{day.year:04}{day:%m%d}{rest}{draw(st.sampled_from('0123456789xX'))}"


@st.composite
def written(draw: st.DrawFn, number: str) -> str:
    """The same number as somebody else would write it."""
    number = number.translate(FULL) if draw(st.booleans()) else number
    gap = draw(st.sampled_from(["", " ", "-", "　", "—"]))
    cuts = draw(st.sets(st.integers(1, len(number) - 1), max_size=5)) if gap else set()
    return "".join(gap * (at in cuts) + figure for at, figure in enumerate(number))


@pytest.mark.parametrize(("typed", "kept"), TABLE["masked"].items())
def test_numbers_and_units_are_masked(typed: str, kept: str) -> None:
    assert mask(typed) == kept
    assert mask(kept) == kept


@pytest.mark.parametrize("typed", TABLE["stays"])
def test_what_is_no_personal_number_stays(typed: str) -> None:
    assert mask(typed) == typed


@settings(max_examples=200, deadline=None)
@given(WORDS, identities(), WORDS, st.data())
def test_no_identity_number_survives_however_it_is_written(
    before: str, number: str, after: str, data: st.DataObject
) -> None:
    typed = before + data.draw(written(number)) + after
    kept = hide_numbers(typed)
    assert kept == f"{before}［身份证号已隐去］{after}"
    assert has_numbers(typed)


@settings(max_examples=200, deadline=None)
@given(WORDS, mobiles, st.sampled_from(["", "+86", "86 ", "0086-"]), WORDS)
@example("", "13900138000", "", "")
def test_no_mobile_number_survives(before: str, number: str, prefix: str, after: str) -> None:
    for form in (number, f"{number[:3]} {number[3:7]} {number[7:]}", number.translate(FULL)):
        kept = mask(f"{before}{prefix}{form}{after}")
        assert kept == f"{before}{number[:3]}****{number[-4:]}{after}"


@settings(max_examples=200, deadline=None)
@given(WORDS, st.from_regex(r"62[0-9]{14,17}", fullmatch=True), WORDS)
def test_no_card_number_survives(before: str, number: str, after: str) -> None:
    grouped = " ".join(number[at : at + 4] for at in range(0, len(number), 4))
    for form in (number, grouped, number.translate(FULL)):
        assert number[6:12] not in hide_numbers(before + form + after)
        assert "已隐去" in hide_numbers(before + form + after)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=80))
def test_masking_twice_is_masking_once_and_never_fails(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**12), st.integers(1, 999), st.integers(1, 3000), st.dates())
def test_amounts_documents_tickets_and_days_stay(
    amount: int, ticket: int, document: int, day: object
) -> None:
    text = f"{amount // 100}元，T{ticket:06}，〔2019〕{document}号，{day}"
    assert hide_numbers(text) == text
