"""Different ways of typing one thing read the same; different things stay different."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.base import Knowledge
from knowledge.schema import Lexicon
from knowledge.text import Reader, grams

READER = Reader.of(
    Lexicon(
        synonyms={
            "优待证": ("优代证", "优待卡"),
            "退役军人": ("退伍军人", "老兵"),
            "优待金": ("补偿款",),
            "义务兵家庭优待金": ("家庭优待金",),
        },
        stopwords=("请问", "您好"),
    )
)


@pytest.mark.parametrize(
    "typed",
    ["优待证", "優待證", "优 待 证", "“优待证”！", "优代证", "请问，优待证？", "您好。优待卡"],
)
def test_width_script_punctuation_courtesy_and_old_names_make_no_difference(typed: str) -> None:
    assert READER.plain(typed) == "优待证"


def test_full_width_letters_and_capitals_are_folded() -> None:
    assert READER.plain("ＡＢｃ１２") == "abc12"


def test_the_longest_form_wins() -> None:
    assert READER.plain("家庭优待金") == "义务兵家庭优待金"


def test_a_standard_term_is_left_alone_though_a_form_stands_within_it() -> None:
    assert READER.plain("义务兵家庭优待金") == "义务兵家庭优待金"


def test_a_message_of_courtesies_alone_is_not_emptied() -> None:
    assert READER.plain("您好") == "您好"


@pytest.mark.parametrize("text", ["什么时候", "怎么", "可以吗", "多少钱"])
def test_a_fragment_without_a_subject_asks_nothing(text: str) -> None:
    assert READER.asks_nothing(text)


def test_a_subject_makes_it_a_question() -> None:
    assert not READER.asks_nothing("优待证怎么办")


def test_years_and_dates_of_the_person_are_not_searched_for() -> None:
    assert READER.asked("我是2013年12月退伍的，优待金何时发放") == READER.asked(
        "我是1998年9月退伍的，优待金何时发放"
    )


def test_grams_are_characters_and_neighbouring_pairs() -> None:
    assert grams("优待证") == ["优", "待", "证", "优待", "待证"]


@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    assert re.fullmatch(r"[0-9a-z㐀-鿿]*", READER.plain(text))


@pytest.mark.parametrize(
    ("typed", "other"),
    [("复员费", "一次性退役金"), ("优抚医院", "定点医院"), ("参试", "参战"), ("复员", "转业")],
)
def test_the_shipped_lexicon_keeps_apart_what_the_law_keeps_apart(
    knowledge: Knowledge, typed: str, other: str
) -> None:
    plain = knowledge.library.reader.plain
    assert plain(typed) != plain(other)


@pytest.mark.parametrize(
    ("typed", "standard"),
    [
        ("荣军证", "残疾军人证"),
        ("优侍证", "优待证"),
        ("退伍兵", "退役军人"),
        ("光荣之家牌子", "光荣牌"),
        ("軍嫂", "随军家属"),
        ("啟東蘇州", "启东苏州"),
        ("姑娘", "姑娘"),
    ],
)
def test_the_shipped_lexicon_knows_the_old_and_misspelt_names(
    knowledge: Knowledge, typed: str, standard: str
) -> None:
    assert knowledge.library.reader.plain(typed) == standard


def test_every_standard_term_of_the_shipped_lexicon_stands_for_itself(
    knowledge: Knowledge,
) -> None:
    library = knowledge.library
    changed = [term for term in library.lexicon.synonyms if library.reader.plain(term) != term]
    assert changed == []
