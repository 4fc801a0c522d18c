"""Kept true: what a clerk has to look at, what confirming does, what merchants kept and broke."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from bot.db.placetables import PlaceCheck
from bot.db.tables import State, Ticket
from bot.desk import tickets
from bot.places import promises, records, upkeep
from bot.service import Service
from handlers import effects
from handlers.messages import Contact
from tests import sheets
from tests.person import Person


def words(page: Any) -> str:
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)))


@pytest.fixture
async def shops(desk: Any, clerks: Any, tmp_path: Path) -> list[Any]:
    """Three shops of 海门区: fresh, with an offer that is over, and never verified."""
    today = desk.clock().date()
    rows = [row for row in sheets.shops(300) if row["county"] == "海门区"][:3]
    fresh = (today - timedelta(days=5)).isoformat()
    for row in rows:
        row |= {"verified_on": fresh, "valid_to": (today + timedelta(days=400)).isoformat()}
    rows[1]["valid_to"] = (today - timedelta(days=1)).isoformat()
    rows[2]["verified_on"] = ""
    response = await clerks["li"].bring(sheets.write_csv(tmp_path / "a.csv", rows))
    address = response.headers["location"].removeprefix("/desk/places")
    await clerks["li"].get(address)
    assert (await clerks["li"].post(f"{address}/apply")).status_code == 303
    desk.live.refresh()
    named = {one.name: one for one in desk.knowledge.directory.locations}
    return [named[row["name"]] for row in rows]


def complain(desk: Any, *details: tuple[str, str], county: str = "海门区") -> str:
    wanted = effects.OpenTicket(
        service="benefit-complaint",
        topic="complaint",
        county=county,
        town="",
        phone="13800138000",
        details=details,
        respond_within_working_days=3,
        priority="normal",
    )
    with Session(desk.engine) as session:
        ticket = tickets.open_ticket(session, Contact("terminal", "1"), wanted, due_at=desk.clock())
        number = ticket.number
        session.commit()
    return number


async def why(clerk: Any, reason: str) -> str:
    return words(await clerk.get(f"/work?why={reason}"))


async def test_expired_offers_and_verifications_are_listed_and_confirming_is_written_down(
    desk: Any, clerks: Any, shops: list[Any]
) -> None:
    li, (fresh, over, never) = clerks["li"], shops
    assert over.name in await why(li, "offer-over")
    listed = await why(li, "unverified")
    assert never.name in listed
    assert fresh.name not in listed

    assert (await li.post(f"/work/{never.id}", found="verified")).status_code == 303
    assert never.name not in await why(li, "unverified")
    assert desk.live.refresh()
    now = {one.id: one for one in desk.knowledge.directory.locations}[never.id]
    assert now.verified_by == "海门区李同志"
    assert not upkeep.stale(now, desk.clock().date())
    with Session(desk.engine) as session:
        (check,) = session.exec(select(PlaceCheck)).all()
    assert (check.actor, check.kind, check.place_id) == ("staff:li", "verified", never.id)
    assert check.substance == records.substance(never)

    desk.later = timedelta(days=181)
    assert never.name in words(await _again(desk, "li").get("/work?why=unverified"))


def _again(desk: Any, name: str) -> Any:
    """The sign-in of half a year ago is over."""
    from tests.directory.conftest import Clerk

    return Clerk(desk, name)


async def test_a_check_holds_for_what_was_checked_and_not_for_another_address(
    desk: Any, clerks: Any, shops: list[Any], tmp_path: Path
) -> None:
    li, never = clerks["li"], shops[2]
    await li.get("/work")
    await li.post(f"/work/{never.id}", found="verified")
    row = next(row for row in sheets.shops(300) if row["name"] == never.name)
    moved = row | {"verified_on": "", "address": "示例路新址", "id": never.id}
    response = await li.bring(sheets.write_csv(tmp_path / "b.csv", [moved]))
    address = response.headers["location"].removeprefix("/desk/places")
    await li.post(f"{address}/apply")
    desk.live.refresh()
    assert never.name in await why(li, "unverified")
    await li.post(f"{address}/revert")  # and back: the check holds again
    desk.live.refresh()
    assert never.name not in await why(li, "unverified")


async def test_a_check_between_preview_and_confirmation_does_not_spoil_the_preview(
    desk: Any, clerks: Any, shops: list[Any], tmp_path: Path
) -> None:
    li = clerks["li"]
    row = next(row for row in sheets.shops(300) if row["county"] == "海门区")
    file = sheets.write_csv(
        tmp_path / "b.csv", [row | {"name": "示例·新开的店", "address": "示例路"}]
    )
    address = (await li.bring(file)).headers["location"].removeprefix("/desk/places")
    await li.get("/work")
    await li.post(f"/work/{shops[2].id}", found="verified")
    assert (await li.post(f"{address}/apply")).status_code == 303


async def test_a_closed_shop_is_no_longer_shown_and_can_be_opened_again(
    desk: Any, clerks: Any, shops: list[Any]
) -> None:
    li, never = clerks["li"], shops[2]
    await li.get("/work")
    await li.post(f"/work/{never.id}", found="defunct")
    desk.live.refresh()
    assert never.id not in {one.id for one in desk.knowledge.directory.of(("海门区",))}
    assert never.name not in words(await li.get("/work"))
    assert never.name in await why(li, "closed")
    await li.post(f"/work/{never.id}", found="reopened")
    desk.live.refresh()
    assert never.id in {one.id for one in desk.knowledge.directory.of(("海门区",))}
    assert never.name not in await why(li, "closed")


async def test_who_finds_an_entry_wrong_in_the_chat_is_read_by_the_countys_clerk(
    desk: Any, clerks: Any, shops: list[Any]
) -> None:
    veteran = Person(Service(desk.engine, desk.knowledge), Contact("web", "veteran"))
    veteran.says(f"/place {shops[0].id}")
    veteran.presses("信息不对")
    (said,) = veteran.presses("已经关门")
    number = said.partition("编号 ")[2][:7]
    page = words(await clerks["li"].get("/work?why=reported"))
    assert number in page
    assert shops[0].name in page
    assert number not in words(await clerks["wang"].get("/work?why=reported"))


async def test_a_complaint_comes_first_and_the_clerks_finding_is_in_the_monthly_list(
    desk: Any, clerks: Any, shops: list[Any]
) -> None:
    li, (fresh, over, _) = clerks["li"], shops
    by_number = complain(desk, ("地点编号", fresh.id), ("经过", "不给打折"))
    by_name = complain(desk, ("单位和地点", f"海门的{over.name}"), ("经过", "说没这回事"))
    vague = complain(desk, ("单位和地点", "一家店"), ("经过", "不认"))
    page = words(await li.get("/work?why=reported"))
    for seen in (by_number, fresh.name, by_name, over.name):
        assert seen in page
    assert f"没有写明是哪个地点： {vague}" in page
    month = words(await li.get("/promises"))
    assert "待核 2 张" in month

    await li.post(f"/work/{fresh.id}", found="kept", ticket=by_number)
    await li.post(f"/work/{over.id}", found="broken", ticket=by_name)
    assert by_number not in words(await li.get("/work?why=reported"))
    month = words(await li.get("/promises"))
    assert "兑现 1 次，没有兑现 1 次，待核 0 张" in month
    table = (await li.get("/promises.csv")).text.splitlines()
    assert table[0].endswith("核实次数,兑现,没有兑现,待核,结论")
    lines = {line.split(",")[2]: line.split(",")[-5:] for line in table[1:]}
    assert lines[fresh.name] == ["0", "1", "0", "0", "兑现"]
    assert lines[over.name] == ["0", "0", "1", "0", "没有兑现"]
    last = words(await li.get("/promises?month=2026-01"))
    assert "兑现 0 次，没有兑现 0 次" in last


async def test_another_county_sees_and_changes_none_of_it(
    desk: Any, clerks: Any, shops: list[Any]
) -> None:
    wang, never = clerks["wang"], shops[2]
    number = complain(desk, ("地点编号", never.id))
    page = words(await wang.get("/work"))
    assert never.name not in page
    assert number not in page
    assert (await wang.post(f"/work/{never.id}", found="verified")).status_code == 404
    assert never.name not in (await wang.get("/promises.csv")).text
    with Session(desk.engine) as session:
        assert session.exec(select(PlaceCheck)).all() == []


@pytest.mark.parametrize(("found", "status"), [("", 400), ("gone", 400), ("point", 409)])
async def test_a_step_that_makes_no_sense_changes_nothing(
    desk: Any, clerks: Any, shops: list[Any], found: str, status: int
) -> None:
    await clerks["li"].get("/work")
    answer = await clerks["li"].post(f"/work/{shops[0].id}", found=found)
    assert answer.status_code == status
    with Session(desk.engine) as session:
        assert session.exec(select(PlaceCheck)).all() == []


def test_of_two_names_in_a_complaint_none_is_guessed(desk: Any, shops: list[Any]) -> None:
    first, second, _ = shops
    places = {one.id: one for one in shops}
    unclear = Ticket(
        number="T1", contact="a:1", service="benefit-complaint", topic="", county="海门区",
        details=[["单位", f"{first.name}和{second.name}"]], state=State.NEW,
    )  # fmt: skip
    elsewhere = Ticket(
        number="T2", contact="a:1", service="benefit-complaint", topic="", county="如东县",
        details=[["单位", first.name]], state=State.NEW,
    )  # fmt: skip
    found, unknown = promises.about([unclear, elsewhere], places)
    assert (found, [one.number for one in unknown]) == ({}, ["T1", "T2"])
