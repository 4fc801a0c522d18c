"""Understands what is asked on top of the last answer: 那要带什么, 孩子呢, 如东的呢.

Rules, not guesses: a short message that asks only for one side of a matter (materials, place, time,
sum, conditions) is about the last article; one that names only another person or another place is the
last question asked for them. Anything else is a question of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from knowledge.library import Library
from knowledge.regions import named
from knowledge.render import Side
from knowledge.schema import Article

_LONGEST = 14
"""Characters of a message that can lean on the last answer."""
_LEAD = r"(?:那么?|那个|这个|还有|另外|请问|我|要|需要|再问|办这个|它|这)*"
_TAIL = r"(?:呢|啊|呀|吗|的|办|要|是|给|才能|能|可以|一般|大概|分别)*[?？。]*"
_GOT = r"(?:办|领|申请|交|问)"
_SIDES: tuple[tuple[Side, str], ...] = (
    (
        "materials",
        r"(?:带|准备|交|拿|提供|用|要)(?:些)?(?:什么|啥|哪些)(?:材料|证件|手续|东西|资料)?|材料|证件|手续",
    ),
    (
        "where",
        rf"(?:去|到|上|在)?(?:哪里|哪儿|哪|什么地方|哪个部门|哪个窗口)(?:去)?{_GOT}?|找谁|谁管|地址",
    ),
    ("steps", r"怎么(?:办理?|申请|领|弄|走|操作)|流程|步骤|怎么个办法"),
    (
        "conditions",
        rf"(?:什么|哪些|啥)(?:条件|人|资格|要求)|条件|谁(?:能|可以){_GOT}?|我(?:能|可以){_GOT}",
    ),
    ("amounts", r"多少(?:钱|块|元)?|几(?:块|元)(?:钱)?|标准|给多少|一个月多少"),
    ("exceptions", r"有(?:什么)?例外|什么情况(?:不行|不能|不给)"),
)
_PERSON = re.compile(
    r"(?:那|那么|要是|如果|换成|我)?(孩子|儿子|女儿|小孩|老伴|老婆|妻子|丈夫|爱人|父母|父亲|母亲|爸爸|妈妈|家属|遗属"
    r"|战友|军属|烈属|残疾军人|义务兵|军官|士官)(?:呢|可以吗|能不能|行吗|有没有|有吗|也能吗|也行吗)[?？。]*"
)
_PLACE = re.compile(
    r"(?:那|那么|要是|如果|换成|在|我在|户口在)?.{2,6}?(?:的|那边|这边|人)?(?:呢|怎么办|行吗|可以吗|有吗)[?？。]*"
)


@dataclass(frozen=True)
class FollowUp:
    """What a message on top of the last answer means: a side of the last article, the question as
    it would be asked in full, or the place it is asked for."""

    side: Side | None = None
    question: str | None = None
    region: str | None = None


def follow_up(library: Library, text: str, last: Article) -> FollowUp | None:
    """How ``text`` leans on ``last``, the article shown before; None if it stands alone."""
    said = text.strip()
    if len(said) > _LONGEST:
        return None
    for side, words in _SIDES:
        if re.fullmatch(_LEAD + f"(?:{words})" + _TAIL, said):
            return FollowUp(side=side)
    if person := _PERSON.fullmatch(said):
        return FollowUp(question=f"{person.group(1)}{last.title}")
    places = named(library, said)
    if len(places) == 1 and _PLACE.fullmatch(said):
        return FollowUp(region=places[0])
    return None
