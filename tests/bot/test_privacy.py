"""What editors read of people's questions points to nobody."""

from __future__ import annotations

import pytest

from bot.privacy import anonymous


@pytest.mark.parametrize(
    ("said", "gone"),
    [
        ("我叫王建国，想问补助", "王建国"),
        ("我是张三，在哪里办", "张三"),
        ("姓名：李卫东 想查进度", "李卫东"),
        ("张主任说我不够条件", "张主任"),
        ("住在人民路12号3幢502室", "12号"),
        ("老家通海村3组", "通海村"),
        ("电话 138 0013 8000", "8000"),
        ("座机0513-85123456", "85123456"),
        ("证号苏A12345678", "12345678"),
        ("身份证320624195001011234", "3206"),
        ("邮箱 lao.bing@example.com", "lao.bing"),
        ("微信号：laobing1950", "laobing1950"),
    ],
)
def test_names_addresses_and_numbers_are_taken_out(said: str, gone: str) -> None:
    assert gone not in anonymous(said)


@pytest.mark.parametrize(
    "said",
    [
        "2012年退伍的义务兵，退役金24000元要交税吗",
        "我是退役军人，农村户口，60岁以后有补助吗",
        "残疾军人抚恤金100000元怎么算",
        "打12345没人接",
    ],
)
def test_what_the_question_is_about_stays(said: str) -> None:
    assert anonymous(said) == said


def test_what_is_known_of_somebody_is_taken_out_too() -> None:
    assert "三星镇" not in anonymous("我在三星镇，T000012 还没办", "三星镇", "T000012")
