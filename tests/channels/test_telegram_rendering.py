"""Replies as Telegram messages, without a network."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram_pace import Pace
from bot.channels.telegram_render import Outgoing, render, split
from handlers.messages import Choice, Link, Reply
from tests.channels.conftest import Clock


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def rows(message: Outgoing) -> list[list[str]]:
    assert message.markup
    return [[button["text"] for button in row] for row in message.markup["inline_keyboard"]]


@given(st.text(alphabet=st.sampled_from("字。，\n ”a🎖")), st.integers(min_value=2, max_value=40))
def test_parts_fit_and_nothing_but_white_space_is_lost(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(0 < units(part) <= limit for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("第一段。\n\n第二段", ["第一段。", "第二段"]),
        ("第一二行\n第二行第三", ["第一二行", "第二行第三"]),
        ("他说：“好。”走了吧", ["他说：“好。”", "走了吧"]),
        ("没有句号，只有逗号", ["没有句号，", "只有逗号"]),
        ("一句话没有任何标点", ["一句话没有任何标", "点"]),
        ("🎖🎖🎖🎖🎖", ["🎖🎖🎖🎖", "🎖"]),
    ],
)
def test_a_text_is_cut_where_one_would_pause(text: str, parts: list[str]) -> None:
    assert split(text, 8) == parts


def test_short_labels_stand_two_by_two_and_long_ones_alone() -> None:
    labels = ["有用", "没用", "问政策待遇", "找附近的优待商户、医院、景区", "返回", "取消", "菜单"]
    [message] = render(Reply("选一个", choices=tuple(Choice("/x", one) for one in labels)))
    assert rows(message) == [
        ["有用", "没用"],
        ["问政策待遇"],
        ["找附近的优待商户、医院、景区"],
        ["返回", "取消"],
        ["菜单"],
    ]


def test_only_the_last_part_carries_the_buttons() -> None:
    messages = render(Reply("一句话。" * 2000, choices=(Choice("/menu", "菜单"),)))
    assert [one.markup is None for one in messages] == [True, False]
    assert messages[0].text.endswith("。")


def test_links_are_buttons_and_other_addresses_stay_in_the_text() -> None:
    links = (
        Link("https://uri.amap.com/x", "地图"),
        Link("mailto:a@b.cn", "邮箱"),
        Link("tel:12345", "电话"),
    )
    [message] = render(Reply("服务站", links=links))
    assert message.text == "服务站\n邮箱：mailto:a@b.cn"
    assert rows(message) == [["地图"]]


def test_a_reply_of_staff_says_so() -> None:
    [message] = render(Reply("请带身份证来。", author="李 · T000012"))
    assert message.text == "【工作人员 李 · T000012】\n请带身份证来。"


def test_a_share_button_hangs_on_the_text_or_follows_the_choices() -> None:
    [alone] = render(Reply("您在哪儿？", share="location"))
    assert alone.markup
    assert alone.markup["keyboard"][0][0]["request_location"]
    assert alone.markup["one_time_keyboard"]
    first, second = render(Reply("您的电话？", choices=(Choice("/cancel", "取消"),), share="phone"))
    assert rows(first) == [["取消"]]
    assert second.markup
    assert second.markup["keyboard"][0][0]["request_contact"]


def test_a_share_button_left_open_is_taken_away_where_there_is_room() -> None:
    [plain] = render(Reply("收到位置了"), keyboard_open=True)
    assert plain.markup == {"remove_keyboard": True}
    [full] = render(Reply("选一个", choices=(Choice("/x", "好"),)), keyboard_open=True)
    assert rows(full) == [["好"]]


@pytest.mark.parametrize("value", ["", "x" * 65, "字" * 22])
def test_a_value_telegram_would_not_carry_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="64"):
        render(Reply("选一个", choices=(Choice(value, "好"),)))


def test_the_longest_value_is_carried() -> None:
    assert rows(render(Reply("选", choices=(Choice("字" * 21 + "x", "好"),)))[0]) == [["好"]]


def test_an_empty_reply_is_refused() -> None:
    with pytest.raises(ValueError, match="without text"):
        render(Reply(" \n"))


@pytest.mark.parametrize(("chat", "burst", "next_in"), [(7, 3, 1.0), (-100, 5, 4.0)])
def test_a_chat_gets_a_burst_and_then_its_pace(
    chat: int, burst: int, next_in: float, clock: Clock
) -> None:
    pace = Pace(clock)
    assert [pace.enter(chat, 1) for _ in range(burst)] == [0.0] * burst
    assert pace.enter(chat, 1) == pytest.approx(next_in)
    assert pace.enter(chat + 1, 1) == 0.0
    clock.now += next_in
    assert pace.enter(chat, 1) == 0.0
    assert pace.enter(chat, 1) == pytest.approx(next_in)


def test_a_long_reply_waits_for_a_full_allowance_and_pays_later(clock: Clock) -> None:
    pace = Pace(clock)
    assert pace.enter(7, 1) == 0.0
    assert pace.enter(7, 6) == pytest.approx(1.0)
    clock.now += 1
    assert pace.enter(7, 6) == 0.0
    assert pace.enter(7, 1) == pytest.approx(4.0)


def test_no_second_holds_more_than_thirty_messages(clock: Clock) -> None:
    pace = Pace(clock)
    leave = [pace.queue() for _ in range(100)]
    assert all(sum(start <= at < start + 1 for at in leave) <= 30 for start in leave)
    assert leave[-1] < 4


@pytest.mark.parametrize(
    ("seconds", "lanes"), [(0.0, 1), (0.003, 1), (0.04, 1), (0.15, 4), (0.3, 8)]
)
def test_as_many_on_their_way_as_the_pace_needs(clock: Clock, seconds: float, lanes: int) -> None:
    assert Pace(clock).lanes(seconds) == lanes
