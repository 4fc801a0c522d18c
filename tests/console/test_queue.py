"""The queue: order, filters, counts, and nothing personal."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.db.tables import Ticket, TicketEvent


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
    office.change(Ticket, office.load(late).id, due_at=office.clock(), queue_at=office.clock())

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
        counts = dict(re.findall(r'id="count-(\w+)">(\d+)<', page.text))
        assert counts == {"mine": "1", "unclaimed": "2", "soon": "1", "overdue": "1", "open": "4"}
    assert "<title>(2) " in (await li.get("/desk/")).text


@pytest.mark.parametrize(
    ("view", "words"), [("open", "没有在办的工单"), ("overdue", "没有超时的工单")]
)
async def test_an_empty_view_says_what_it_means(li: Any, view: str, words: str) -> None:
    assert words in (await li.get(f"/desk/?view={view}")).text


async def test_a_late_ticket_says_so_in_words(office: Any, li: Any, read: Any) -> None:
    office.ticket(due=timedelta(hours=-2, minutes=-5))

    assert "⚠ 首次答复已超时 2小时" in read(await li.get("/desk/"))


async def test_a_ticket_that_was_answered_is_not_late(office: Any, li: Any, read: Any) -> None:
    number = office.ticket(due=timedelta(minutes=30))
    await li.act(number, "claim")
    await li.act(number, "reply", text="材料收到了")
    office.later = timedelta(hours=1)

    page = read(await li.get("/desk/"))

    assert "⚠" not in page
    assert "已答复" in page
    assert "办结还剩" in page


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


async def test_a_long_queue_is_turned_page_by_page(office: Any, li: Any, read: Any) -> None:
    moment = office.clock()
    with Session(office.engine) as session:
        session.add_all(
            Ticket(
                number=f"T{i:06d}", contact="web:a", service="x", topic="x", county="海门区",
                queue_at=moment,
            )
            for i in range(105)
        )  # fmt: skip
        session.commit()

    pages = [await li.get(f"/desk/?page={page}") for page in (1, 2, 3)]

    listed = [numbers(page) for page in pages]
    assert [len(one) for one in listed] == [50, 50, 5]
    assert len({number for one in listed for number in one}) == 105
    assert "page=2" in pages[0].text
    assert "下一页" not in read(pages[2])


@pytest.mark.parametrize(
    ("search", "found"),
    [("T000001", 1), ("t1", 1), ("1", 1), ("T000009", 0), ("13800138000", 1), ("138-0013-8000", 1),
     ("+8613800138000", 1), ("13800138001", 0), ("%", 0)],
)  # fmt: skip
async def test_a_ticket_is_found_by_number_or_whole_phone(
    office: Any, li: Any, wang: Any, search: str, found: int
) -> None:
    number = office.ticket(phone="13800138000")

    page = await li.get("/desk/", params={"q": search})

    assert len(numbers(page)) == found
    assert numbers(await wang.get("/desk/", params={"q": search})) == []
    assert number == "T000001"


@pytest.mark.parametrize(
    ("narrowed", "listed"),
    [
        ("service=medical", ["T000002"]),
        ("county=如东县", ["T000002"]),
        ("state=新建", ["T000001", "T000002"]),
        ("state=待补材料", []),
        ("county=如东县&service=hardship", []),
    ],
)
async def test_the_list_can_be_narrowed(
    office: Any, zhao: Any, narrowed: str, listed: list[str]
) -> None:
    office.ticket(due=timedelta(hours=1))
    office.ticket(service="medical", county="如东县", due=timedelta(hours=2))

    assert numbers(await zhao.get(f"/desk/?{narrowed}")) == listed


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


async def test_a_search_is_noted_once_and_not_with_every_poll(office: Any, li: Any) -> None:
    office.ticket()
    await li.get("/desk/?q=13800138000")
    for _ in range(3):
        await li.get("/desk/queue?q=13800138000")

    with Session(office.engine) as session:
        lines = session.exec(select(TicketEvent).where(TicketEvent.kind == "searched")).all()
    assert [line.actor for line in lines] == ["staff:li"]
