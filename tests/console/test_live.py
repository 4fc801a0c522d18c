"""Open pages hear of changes by server-sent events, as long as the sign-in lasts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.console import access, live
from bot.db.tables import Staff


async def test_a_page_hears_at_once_of_every_change_and_of_the_end_of_its_sign_in(
    office: Any,
) -> None:
    staff = office.account("li")
    stream = live.stream(office.console, access.begin(staff, office.clock()), pause=0.01)

    first = await anext(stream)
    office.ticket()
    second = await anext(stream)
    office.change(Staff, staff.id, epoch=staff.epoch + 1)
    last = await anext(stream)

    assert first.startswith("event: changed\ndata: ")
    assert first.endswith("\n\n")
    assert second.startswith("event: changed\ndata: ")
    assert json.loads(second.partition("data: ")[2]) != json.loads(first.partition("data: ")[2])
    assert last.startswith("event: ended\n")
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
