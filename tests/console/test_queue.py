"""The queue: order, filters, counts, and nothing personal."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session

from bot.db.tables import Ticket


def numbers(page: Any) -> list[str]:
    return re.findall(r'id="open-(T\d+)"', page.text)


async def test_crisis_comes_first_then_the_earliest_promise(office: Any, li: Any) -> None:
    late = office.ticket(due=timedelta(days=3))
    soon = office.ticket(due=timedelta(hours=1))
    crisis = office.ticket(service="crisis", priority="crisis", due=timedelta(days=9))

    assert numbers(await li.get("/desk/")) == [crisis, soon, late]


async def test_nothing_personal_is_listed(office: Any, li: Any) -> None:
    office.ticket(details=(("遇到的困难", "妻子重病"),), phone="13912345678")

    for path in ("/desk/", "/desk/queue"):
        page = (await li.get(path)).text
        assert "妻子重病" not in page
        assert "13912345678" not in page
        assert "3527065" not in page


async def test_a_clerk_sees_only_their_county_and_the_city_sees_all(
    office: Any, li: Any, zhao: Any
) -> None:
    haimen = office.ticket(county="海门区")
    rudong = office.ticket(county="如东县", town="掘港街道")

    assert numbers(await li.get("/desk/")) == [haimen]
    assert "如东县" not in (await li.get("/desk/")).text
    assert set(numbers(await zhao.get("/desk/"))) == {haimen, rudong}


async def test_each_view_shows_its_tickets_and_counts_all(office: Any, li: Any, zhao: Any) -> None:
    mine, theirs, free, late, done = (office.ticket() for _ in range(5))
    await li.act(mine, "claim")
    await zhao.act(theirs, "claim")
    await li.act(done, "claim")
    await li.act(done, "resolve")
    office.change(Ticket, office.load(late).id, due_at=office.clock())

    expected = {
        "open": [late, mine, theirs, free],
        "mine": [mine],
        "unclaimed": [late, free],
        "overdue": [late],
        "resolved": [done],
        "nonsense": [late, mine, theirs, free],
    }
    for view, listed in expected.items():
        page = await li.get(f"/desk/?view={view}")
        assert numbers(page) == listed, view
        counts = re.findall(r'id="count-(\w+)">(\d+)<', page.text)
        assert counts == [("open", "4"), ("unclaimed", "2"), ("mine", "1"), ("overdue", "1")]
    assert "<title>(2) " in (await li.get("/desk/")).text


@pytest.mark.parametrize(
    ("view", "words"), [("open", "没有在办的工单"), ("overdue", "没有超时的工单")]
)
async def test_an_empty_view_says_what_it_means(li: Any, view: str, words: str) -> None:
    assert words in (await li.get(f"/desk/?view={view}")).text


async def test_a_late_ticket_says_so_in_words(office: Any, li: Any, read: Any) -> None:
    office.ticket(due=timedelta(hours=-2, minutes=-5))

    assert "⚠ 已超时 2小时" in read(await li.get("/desk/"))


async def test_a_ticket_that_was_answered_is_not_late(office: Any, li: Any, read: Any) -> None:
    number = office.ticket(due=timedelta(minutes=30))
    await li.act(number, "claim")
    await li.act(number, "reply", text="材料收到了")
    office.later = timedelta(hours=1)

    page = read(await li.get("/desk/"))

    assert "⚠" not in page
    assert "已答复" in page


async def test_what_a_person_adds_is_marked_until_it_is_answered(
    office: Any, li: Any, read: Any
) -> None:
    number = office.ticket()
    await li.act(number, "claim")
    assert "有新留言" not in read(await li.get("/desk/"))

    office.say("还要补充一点", number=number)
    assert "有新留言" in read(await li.get("/desk/"))

    await li.act(number, "reply", text="知道了")
    assert "有新留言" not in read(await li.get("/desk/"))


async def test_the_poll_brings_the_table_counts_and_title_when_something_changed(
    office: Any, li: Any
) -> None:
    office.ticket()
    page = await li.get("/desk/")
    seen = re.search(r'id="seen" name="seen" value="(\w+)"', page.text)
    assert seen
    params = {"view": "open", "seen": seen[1]}

    assert (await li.get("/desk/queue", params=params)).status_code == 204

    number = office.ticket()
    fresh = await li.get("/desk/queue", params=params)
    assert number in numbers(fresh)
    assert "<title>(2) " in fresh.text
    assert '<span class="count" id="count-unclaimed" hx-swap-oob="true">2</span>' in fresh.text
    assert "<html" not in fresh.text


async def test_a_long_queue_says_how_much_is_left_out(office: Any, li: Any, read: Any) -> None:
    with Session(office.engine) as session:
        session.add_all(
            Ticket(number=f"T{i:06d}", contact="web:a", service="x", topic="x", county="海门区")
            for i in range(305)
        )
        session.commit()

    page = await li.get("/desk/")

    assert len(numbers(page)) == 300
    assert "另有 5 张没有列出" in read(page)


async def test_the_queue_reads_the_same_on_both_databases(
    office_on_both: Any, two_clerks: list[Any], read: Any
) -> None:
    late = office_on_both.ticket(due=timedelta(hours=-1))
    crisis = office_on_both.ticket(priority="crisis")
    office_on_both.say("还有一件事", number=late)

    page = await two_clerks[0].get("/desk/")

    assert numbers(page) == [crisis, late]
    assert "有新留言" in read(page)
    assert numbers(await two_clerks[0].get("/desk/?view=overdue")) == [late]
