"""The monthly page: right figures, and nobody to be recognised in them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from bot.db.tables import Ticket
from bot.desk.suppression import HIDDEN


def rows(page: Any) -> dict[str, list[str]]:
    """The first table, by service."""
    table = page.text.partition("</table>")[0]
    found = re.findall(r'<tr[^>]*><th scope="row">(.*?)</th>(.*?)</tr>', table)
    return {name: re.findall(r"<td>(.*?)</td>", cells) for name, cells in found}


@pytest.fixture
async def hua(office: Any, browsers: Any) -> Any:
    office.staff("hua", "华组长", "海门区", role="leader")
    return await browsers[0].enter("hua")


async def test_a_month_counts_its_tickets_and_hides_few(office: Any, hua: Any) -> None:
    for number in range(8):
        ticket = office.load(office.ticket(contact=f"web:{number}"))
        late = timedelta(days=4) if number == 0 else timedelta()
        at = ticket.opened_at
        office.change(
            Ticket, ticket.id, answered_at=at + late, resolved_at=at, rating="good" if number else "bad"
        )  # fmt: skip
    for number in range(6):
        office.ticket(service="medical", contact=f"web:m{number}")
    office.ticket(service="crisis", contact="web:c")
    office.ticket(county="如东县", contact="web:r")

    page = await hua.get("/desk/report")
    found = rows(page)

    assert found["合计"][0] == "15"
    assert found["生活困难帮扶"][:2] == ["8", "8"]
    assert found["生活困难帮扶"][2] == HIDDEN  # 88 % of 8 would say that one was late
    assert found["紧急求助"][0] == HIDDEN
    assert found["医疗困难"][0] == HIDDEN  # else 15 - 8 - 6 gives the hidden one away
    assert "13800138000" not in page.text

    csv = (await hua.get("/desk/report.csv")).content.decode("utf-8-sig")
    assert "合计,15," in csv
    assert "T0000" not in csv


@pytest.mark.parametrize("month", ["2026-13", "x", "2020-02", "2026-12"])
async def test_a_month_that_is_none_or_empty_is_no_error(hua: Any, month: str) -> None:
    assert (await hua.get(f"/desk/report?month={month}")).status_code == 200


async def test_clerks_have_no_report(li: Any) -> None:
    assert (await li.get("/desk/report")).status_code == 403
