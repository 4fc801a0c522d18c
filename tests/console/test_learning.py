"""Gaps, drafts of articles, receipts and the week in the console: who sees what, and what it says."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from sqlmodel import Session, select

from bot import receipts
from bot.db.learning import Gap, Receipt, Unanswered, Wording
from bot.db.tables import Ticket, TicketEvent, now
from bot.desk import gaps
from handlers.effects import NoteGap
from knowledge.schema import Article
from tests.console.conftest import _library

DOG = "退役军犬怎么领养"


@pytest.fixture
async def bian(office: Any, browsers: Any) -> Any:
    office.staff("bian", "编同志", "海门区", role="editor")
    return await browsers[0].enter("bian")


def ask(office: Any, *questions: str, county: str = "") -> None:
    """Questions nothing answered, grouped."""
    with Session(office.engine) as session:
        for question in questions:
            gaps.note(session, NoteGap(question, "unknown", "rural-veteran-60", county), at=now())
        session.commit()
    gaps.gather(office.engine, _library().index)


def receipt(office: Any, text: str = "当时的原话", version: str = "0123456789") -> Receipt:
    with Session(office.engine, expire_on_commit=False) as session:
        if session.get(Wording, "d") is None:
            session.add(Wording(digest="d", text=text))
        one = Receipt(
            channel="wechat",
            status="answered",
            article="rural-veteran-60",
            version=version,
            wording="d",
        )
        session.add(one)
        session.commit()
        return one


def last_line(office: Any) -> TicketEvent:
    with Session(office.engine, expire_on_commit=False) as session:
        return session.exec(select(TicketEvent).order_by(TicketEvent.id.desc())).first()  # type: ignore[union-attr,return-value]


async def test_editors_rank_look_into_and_decide_on_gaps(office: Any, bian: Any) -> None:
    ask(office, "部队发的旧被装怎么处理", DOG, DOG, "军犬退役后能领养吗")

    page = (await bian.get("/desk/gaps")).text
    assert page.index(DOG) < page.index("部队发的旧被装怎么处理")
    assert "3 次" in page
    assert _library().articles["rural-veteran-60"].title in page

    (address,) = re.findall(rf'href="(/desk/gaps/\d+)">{DOG}<', page)
    one = (await bian.get(address)).text
    assert "军犬退役后能领养吗" in one
    refused = await bian.post(f"{address}/state", state="wont", reason="")
    assert (refused.status_code, "不做要写明原因" in refused.text) == (409, True)
    assert (await bian.post(f"{address}/state", state="doing")).status_code == 303
    assert "处理中" in (await bian.get(address)).text
    assert last_line(office).kind == "gap"


async def test_a_colleague_of_another_county_learns_not_even_that_a_gap_exists(
    office: Any, wang: Any, bian: Any
) -> None:
    ask(office, DOG, county="海门区")
    with Session(office.engine) as session:
        id = session.exec(select(Gap.id)).one()

    for method, path in (("get", ""), ("post", "/state"), ("get", "/draft")):
        theirs = await getattr(wang, method)(f"/desk/gaps/{id}{path}")
        nobodys = await getattr(wang, method)(f"/desk/gaps/999999{path}")
        assert (theirs.status_code, nobodys.status_code) == (404, 404)
        assert theirs.text == nobodys.text
    assert DOG not in (await wang.get("/desk/gaps")).text
    assert DOG in (await bian.get("/desk/gaps")).text


@pytest.mark.parametrize("path", ["/desk/gaps", "/desk/gaps/1", "/desk/gaps/1/draft"])
async def test_who_only_inspects_has_no_gaps(office: Any, browsers: Any, path: str) -> None:
    ask(office, DOG)
    office.staff("an", "安同志", None, role="auditor")
    an = await browsers[0].enter("an")

    page = await an.get(path)

    assert page.status_code == 403
    assert DOG not in page.text


FILLED = {
    "id": "army-dog",
    "title": "退役军犬的领养",
    "topic": "rights",
    "audience": ["退役军人"],
    "region": "全国",
    "confidence": "中",
    "assured_on": "2026-11-25",
    "review_by": "2027-11-25",
    "sources": [{"url": "https://example.gov.cn/", "title": "示例", "read_on": "2026-11-25"}],
}


async def test_a_gap_becomes_a_draft_that_only_a_source_makes_an_article(
    office: Any, bian: Any
) -> None:
    ask(
        office, *(f"{DOG}{end}" for end in ("", "呢", "啊", "？", "！", "吧", "嘛", "呀", "#:'\"-"))
    )
    with Session(office.engine) as session:
        id = session.exec(select(Gap.id)).one()

    answer = await bian.get(f"/desk/gaps/{id}/draft")
    draft = yaml.safe_load(answer.text)

    assert f'filename="draft-gap-{id}.yaml"' in answer.headers["content-disposition"]
    assert f"{DOG}#:'\"-" in draft["questions"]
    assert _library().articles["rural-veteran-60"].title in answer.text
    assert last_line(office).kind == "drafted"
    with pytest.raises(ValidationError):
        Article.model_validate(draft)
    filled = draft | FILLED
    filled["answer"] = draft["answer"] | {"summary": "由部队处理，地方不接收个人申请。"}
    Article.model_validate(filled)
    with pytest.raises(ValidationError) as without:
        Article.model_validate(filled | {"sources": draft["sources"]})
    assert [error["loc"] for error in without.value.errors()] == [("sources",)]


async def test_a_closed_ticket_becomes_a_draft_without_anybody_in_it(office: Any, li: Any) -> None:
    details = (("困难", "我叫王建国，电话13800138000，住三星镇人民路12号，怎么领养军犬"),)
    number = office.ticket(details=details)
    await li.act(number, "claim")
    await li.act(number, "reply", text="王建国同志您好：\n请找部队联系，电话13900139000")
    early = await li.get(f"/desk/tickets/{number}/draft")
    assert early.status_code == 409
    await li.act(number, "resolve")

    draft = (await li.get(f"/desk/tickets/{number}/draft")).text

    assert "怎么领养军犬" in yaml.safe_load(draft)["questions"][0]
    assert "# 请找部队联系" in draft
    for personal in ("王建国", "13800138000", "13900139000", "人民路", "三星镇"):
        assert personal not in draft
    assert office.history(number)[-1].kind == "drafted"


async def test_whoever_works_here_finds_what_was_said_and_that_is_noted(
    office: Any, li: Any, wang: Any, read: Any
) -> None:
    code = receipts.code(receipt(office).id or 0)
    for browser in (li, wang):  # what the public is told is no county's
        words = read(await browser.get(f"/desk/receipts?code={code.lower()}"))
        assert "当时的原话" in words
        assert "微信" in words
        assert "这一条后来改过" in words
        line = last_line(office)
        assert (line.kind, line.after) == ("looked-up", code)


@pytest.mark.parametrize(
    ("code", "words"), [("22222", "回执写错了"), (receipts.code(99), "没有这个回执")]
)
async def test_a_code_that_is_none_says_why(li: Any, code: str, words: str) -> None:
    page = await li.get(f"/desk/receipts?code={code}")
    assert page.status_code == 404
    assert words in page.text


async def test_a_ticket_shows_the_answer_its_person_quotes_or_had_read(
    office: Any, li: Any
) -> None:
    quoted, before = receipt(office), receipt(office)
    number = office.ticket(
        details=(("困难", f"你们答的回执 {receipts.code(quoted.id or 0)} 不对"),)
    )
    office.change(Ticket, office.load(number).id, receipt=before.id)

    page = (await li.get(f"/desk/tickets/{number}")).text

    for one in (quoted, before):
        assert f"回执 {receipts.code(one.id or 0)}，" in page
    assert page.count("当时的原话") == 2


async def test_the_week_is_shown_to_staff_within_their_county(
    office: Any, bian: Any, wang: Any
) -> None:
    ask(office, DOG, county="海门区")
    with Session(office.engine) as session:
        for one in session.exec(select(Unanswered)).all():
            one.at -= timedelta(days=7)
        session.commit()

    assert DOG in (await bian.get("/desk/digest")).text
    assert DOG not in (await wang.get("/desk/digest")).text
    assert (await bian.get("/desk/digest?week=2026-W99")).status_code == 403
