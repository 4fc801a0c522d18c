"""A code under each answer, and behind it exactly what was said – and nobody's name."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine, inspect
from sqlmodel import Session, func, select

from bot import asking, receipts
from bot.db import forgetting
from bot.db.learning import Receipt, Wording
from bot.db.tables import Ticket, now
from knowledge.version import version
from tests.person import Person

QUESTION = "优待证丢了怎么补办"


def test_every_number_has_a_code_and_every_code_its_number() -> None:
    numbers = [*range(1, 4000), 923_521, 923_522, 923_521 + 28_629_151, 923_522 + 28_629_151]
    codes = [receipts.code(number) for number in numbers]
    assert len(set(codes)) == len(codes)
    assert [receipts.number(code) for code in codes] == numbers
    assert {len(code) for code in codes} == {5, 6, 7}


def test_a_wrong_or_exchanged_character_is_noticed() -> None:
    code = receipts.code(4711)
    for place in range(len(code)):
        for other in set(receipts.ALPHABET) - {code[place]}:
            assert receipts.number(code[:place] + other + code[place + 1 :]) is None
        turned = [*code]
        turned[place - 1], turned[place] = turned[place], turned[place - 1]
        if "".join(turned) != code:
            assert receipts.number("".join(turned)) is None


@pytest.mark.parametrize("written", ["{}", " {} ", "回执 {}", "回执{}"])
def test_a_code_is_read_however_it_is_written(written: str) -> None:
    code = receipts.code(12)
    assert receipts.number(written.format(code.lower())) == 12


@pytest.mark.parametrize("written", ["", "K7M", "O0I1L", "回执", "退役军人证"])
def test_what_is_no_code_is_none(written: str) -> None:
    assert receipts.number(written) is None


def test_codes_are_found_in_what_people_write() -> None:
    text = (
        f"你们上次说能补，回执：{receipts.code(5)}，还有回执码是{receipts.code(9)}。电话13800138000"
    )
    assert list(receipts.quoted(text)) == [5, 9]


def test_an_answer_ends_with_its_receipt_and_staff_find_exactly_what_was_said(
    person: Person, engine: Engine
) -> None:
    said = person.says(QUESTION)[-1]
    text, _, last = said.rpartition("\n")
    number = receipts.number(last)
    article = person.service.knowledge.library.articles["preferential-card-lost-replace"]
    with Session(engine) as session:
        receipt = session.get(Receipt, number)
        assert receipt is not None
        wording = session.get(Wording, receipt.wording)
    assert wording is not None
    assert wording.text == text
    assert (receipt.article, receipt.version) == (article.id, version(article))
    assert (receipt.channel, receipt.assured_on) == (person.contact.channel, article.assured_on)


def test_the_same_words_are_kept_once(person: Person, engine: Engine) -> None:
    first, second = person.says(QUESTION)[-1], person.says(QUESTION)[-1]
    assert first != second
    with Session(engine) as session:
        assert session.exec(select(func.count()).select_from(Receipt)).one() == 2
        assert session.exec(select(func.count()).select_from(Wording)).one() == 1


def test_nothing_in_a_receipt_says_who_asked_or_what(person: Person, engine: Engine) -> None:
    person.says(f"{QUESTION}，我电话13800138000")
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM receipt").all()
    assert str(person.contact) not in str(rows)
    assert "13800138000" not in str(rows)
    assert not {"contact", "question"} & {c["name"] for c in inspect(engine).get_columns("receipt")}


def test_what_was_not_answered_is_counted_without_a_code(person: Person, engine: Engine) -> None:
    said = person.says("量子计算机怎么造")
    assert "回执" not in said[-1]
    with Session(engine) as session:
        receipt = session.exec(select(Receipt)).one()
    assert (receipt.status, receipt.wording) == ("unknown", None)


def test_the_command_line_answers_without_a_receipt(person: Person) -> None:
    assert "回执" not in asking.ask(person.service.knowledge, QUESTION)["text"]


@pytest.mark.parametrize(("hours", "follows"), [(0, True), (23, True), (25, False)])
def test_a_ticket_within_a_day_shows_that_the_answer_did_not_suffice(
    person: Person, engine: Engine, hours: int, follows: bool
) -> None:
    person.says(QUESTION)
    with Session(engine) as session:
        receipt = session.exec(select(Receipt)).one()
        receipt.at -= timedelta(hours=hours)
        session.commit()
        number = receipt.id
    person.says("人工")
    person.says("优待证的事")
    person.presses("海门区")
    with Session(engine) as session:
        ticket, receipt = session.exec(select(Ticket)).one(), session.exec(select(Receipt)).one()
    assert (receipt.ticket_at is not None) is follows
    assert ticket.receipt == (number if follows else None)


def test_old_receipts_and_their_words_are_deleted_but_no_number_is_given_twice(
    person: Person, engine: Engine
) -> None:
    person.says(QUESTION)
    person.says("量子计算机怎么造")
    with Session(engine) as session:
        for receipt in session.exec(select(Receipt)).all():
            receipt.at = now() - timedelta(days=800)
        session.commit()
    age = timedelta(days=730)
    assert forgetting.purge_receipts(engine, age, dry_run=True) == 1
    assert forgetting.purge_receipts(engine, age) == 1
    with Session(engine) as session:
        assert session.exec(select(Receipt.id)).all() == [2]
        assert session.exec(select(Wording)).all() == []
