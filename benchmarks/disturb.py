"""Makes of a question what people also type: slips of the finger, and a story around it."""

from __future__ import annotations

import random
from dataclasses import replace

from bot.evaluating import Question
from knowledge.pinyin import readings

_BEFORE = (
    "我是八几年当的兵，在部队待了四年",
    "领导您好，我是如东人",
    "我今年六十七岁，身体不太好",
    "我父亲以前在部队上干过，人老实",
    "家里就我和老伴两个人",
    "前两天去镇上问了，窗口的小姑娘说不清楚",
    "听战友说别的地方早就有了",
    "我在外面打工十几年，今年才回来",
    "村里干部叫我自己打电话问",
    "我儿子在外地上班，平时没人管这些事",
    "我们那一批一起回来的有好几个",
    "跑了三四趟都没有结果",
    "电话打了好多次没人接",
    "我识字不多，麻烦您说得简单点",
    "网上看到一篇文章不知道真假",
    "当年的事情现在也说不清了",
    "家里去年盖了房子欠了点债",
    "老伴腿脚不便，一直是我照顾",
    "我爱人也是本地人，没有正式工作",
    "我在通州这边住了二十年了",
)
_AFTER = (
    "请领导给个答复",
    "盼回复，谢谢",
    "希望能尽快解决",
    "真的很着急",
    "麻烦了",
    "谢谢您",
    "不知道该找谁",
    "",
)


def slipped(query: Question, chance: random.Random) -> Question:
    """The question with one slip in about ten characters: dropped, swapped or a homophone."""
    slip = chance.choice((_dropped, _swapped, _homophone))
    text = query.text
    for _ in range(max(1, len(text) // 10)):
        text = slip(text, chance)
    return replace(query, text=text)


def told(query: Question, chance: random.Random) -> Question:
    """The question at the end, or in the middle, of a story."""
    before = chance.sample(_BEFORE, chance.randint(1, 4))
    after = chance.choice(_AFTER)
    return replace(query, text="，".join((*before, query.text)) + "。" + after)


def _dropped(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text)) if len(text) > 3 else len(text)
    return text[:at] + text[at + 1 :]


def _swapped(text: str, chance: random.Random) -> str:
    if len(text) < 4:
        return text
    at = chance.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _homophone(text: str, chance: random.Random) -> str:
    at = chance.randrange(len(text))
    sounding = [one for one in _COMMON if set(readings(one)[:1]) & set(readings(text[at])[:1])]
    return text[:at] + chance.choice(sounding or [text[at]]) + text[at + 1 :]


_COMMON = tuple(
    bytes((row, cell)).decode("gb2312") for row in range(0xB0, 0xD7) for cell in range(0xA1, 0xF9)
)
