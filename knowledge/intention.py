"""What kind of answer a question wants – an amount, a reason, a way, a place – and whether it
says no. General Chinese, nothing about any field."""

from __future__ import annotations

import re

_KINDS = {
    "amount": "多少|几(?!乎)|多大|多高|费用|价格|额度|标准|比例",
    "comparison": "区别|不同|不一样|哪个好|差别|比较|还是|对比",
    "definition": "是什么(?!原因|毛病)|什么意思|含义|什么是|什么叫|定义|指什么|指的是|算不算",
    "effect": "作用|疗效|效果|功效|好不好|好吗|有用|管用|好处|用处",
    "harm": "影响|危害|副作用|坏处|后果|严重|不良反应|风险|伤害|危险",
    "material": "材料|证件|手续|资料|带什么|准备什么|凭什么",
    "permission": "能|可以|可否|行吗|行不行|允许|准不准",
    "person": "谁|哪位|什么人|哪些人|对象|符合|条件|资格",
    "place": "哪里|哪儿|在哪|什么地方|何处|地址|去哪|找哪",
    "reason": "为什么|为何|为啥|原因|怎么回事|咋回事|病因|起因|缘故|凭啥",
    "selection": "哪些|哪几|什么|哪种|有啥",
    "sign": "症状|表现|特征|征兆|迹象",
    "time": "什么时候|何时|多久|几天|几时|多长|几号|哪天|期限|时限|周期|啥时",
    "way": "怎么办|怎么治|怎么(?!样|回事)|如何|方法|办法|怎样|步骤|流程|咋(?!回事)",
    "duty": "必须|一定要|必要|需要|要不要|应该|得不得",
    "whether": "吗|是否|是不是|会不会|有没有|能不能|么$|不$",
}
_WANTS = tuple((1 << place, re.compile(words)) for place, words in enumerate(_KINDS.values()))
_CLOSED = ("permission", "selection", "duty", "whether")
OPEN = sum(1 << place for place, kind in enumerate(_KINDS) if kind not in _CLOSED)
"""Kinds that cannot stand for one another: a reason is no amount."""
_HARMLESS = re.compile(
    r"(.)[不没]\1|可不可以|不良|不同|不适|不舒服|不好意思|差不多|不错|不足|对不起|没关系|不一样|无线|是否|能否"
    r"|不得了|了不起|别人|别的|区别|特别|性别|级别|个别|识别|分别|不管|不论|只不过|不过|不仅|不但|不少|不久|不断"
    r"|非常|有没有|未来|不动产|无锡|不$"
)
_NO = re.compile("[不没无未别勿禁非]")


def wants(text: str) -> int:
    """The kinds of answer that ``text`` asks for, a bit each."""
    return sum(bit for bit, words in _WANTS if words.search(text))


def denials(text: str) -> int:
    """How often ``text`` says no, at most twice: 不能 does, 能不能 and 不同 do not."""
    return min(2, len(_NO.findall(_HARMLESS.sub("", text))))
