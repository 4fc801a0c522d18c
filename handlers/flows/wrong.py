"""信息不对？ – somebody tells us that an entry is wrong, and staff get it as a ticket."""

from __future__ import annotations

from handlers.dialogue import Do, Steps, ask
from handlers.effects import OpenTicket
from handlers.messages import Choice, Reply
from handlers.placewords import address
from handlers.questions import Choose, Text
from knowledge.locations import Location

SERVICE = "place-report"
PLACE_LABEL = "地点编号"
"""Heading of the detail that holds a place's id."""
_WRONG = (
    Choice("closed", "已经关门、搬走"),
    Choice("refused", "说好的优待没有给"),
    Choice("phone", "电话不对"),
    Choice("position", "地址、位置不对"),
    Choice("hours", "时间不对"),
    Choice("other", "别的"),
)
_ANSWER_DAYS = 3


def wrong(place: Location | None) -> Steps:
    """Ask what is wrong with ``place`` and hand it to the county's staff."""
    if place is None:
        yield Reply("这个地点已经不在名单里了，谢谢您。", choices=(Choice("/nearby", "找附近"),))
        return
    what = yield from ask(Choose("what", f"“{place.name}”哪里不对？", _WRONG))
    more = ""
    if what in ("refused", "other"):
        more = yield from ask(Text("more", "请简单说说是怎么回事，几句话就行。", minimum=2))
    label = next(choice.label for choice in _WRONG if choice.value == what)
    details = [("地点", place.name), ("地址", address(place)), ("哪里不对", label)]
    if more:
        details.append(("说明", more))
    number = yield Do(
        "ticket",
        OpenTicket(
            service=SERVICE,
            topic="",
            county=place.county,
            town=place.town,
            phone="",
            details=(*details, (PLACE_LABEL, place.id)),
            respond_within_working_days=_ANSWER_DAYS,
        ),
    )
    yield Reply(
        f"谢谢您，已交给工作人员核对，编号 {number}。核对完在这里告诉您。",
        choices=(Choice("/nearby", "接着找附近"), Choice("/menu", "回到菜单")),
    )
