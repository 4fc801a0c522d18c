"""What we do not keep: identity numbers, bank cards, phones and military units that people paste
into the chat; and what else editors need not read.

Phones a person gives in a request live in that ticket, encrypted. What stays and what goes is
described in docs/privacy.md.
"""

from __future__ import annotations

import re

from handlers.masking import has_numbers, hide_numbers, mask

__all__ = ["anonymous", "has_numbers", "hide_numbers", "mask"]


_SURNAME = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁"
    "魏薛叶阎余潘杜戴夏钟汪田任姜范石姚谭廖邹熊金陆郝孔崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易"
    "武乔贺赖龚文施缪倪严季樊翁茅瞿"
)
_TITLES = "主任|局长|科长|书记|站长|所长|队长|村长|医生|老师|师傅|同志|先生|女士|大爷|大妈|阿姨"
_PERSONAL = (
    (r"(我的?名字叫|我叫|名叫|姓名[是为:：]?|名字[是为:：])\s*[\u4e00-\u9fff]{2,4}?(?=[，,。；;、\s]|$)", r"\1某某"),
    (rf"(我是|本人|联系人[是:：]?)\s*[{_SURNAME}][\u4e00-\u9fff]{{1,2}}(?=[，,。；;、\s]|$)", r"\1某某"),
    (rf"[{_SURNAME}][\u4e00-\u9fff]{{0,2}}?({_TITLES})", r"某\1"),
    (r"[\u4e00-\u9fff]{1,4}(?:路|街|巷|弄|大道)\s*\d+\s*(?:号|弄)", "［地址已隐去］"),
    (r"\d+\s*(?:号楼|幢|栋|单元|室)", "［地址已隐去］"),
    (r"[\u4e00-\u9fff]{2}(?<!农)(?<!乡)村(?:\s*[\d一二三四五六七八九十]+\s*组|委会)?", "［地址已隐去］"),
    (r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", "［邮箱已隐去］"),
    (r"((?:微信|QQ|qq)号?[:：是]?\s*)[A-Za-z0-9_-]{5,}", r"\1［号码已隐去］"),
    (r"0\d{2,3}[- ]\d{7,8}(?!\d)", "［号码已隐去］"),
    (r"[A-Za-z]{0,3}(?<![\d.])\d{6,}(?![\d.]|元|块|万|亿)", "［号码已隐去］"),
)  # fmt: skip
_RULES = tuple((re.compile(pattern), instead) for pattern, instead in _PERSONAL)


def anonymous(text: str, *known: str) -> str:
    """``text`` without what points to somebody: :func:`mask` and names, addresses, accounts and
    numbers as people write them, and everything in ``known``. It rather takes too much."""
    for word in sorted(filter(None, known), key=len, reverse=True):
        text = text.replace(word, "［已隐去］")
    text = re.sub(
        r"(?:1[3-9]\d|\(?0\d{2,3}\)?[ -]?|(?<=[电座机话][是为:： ]))\*{4}\d{4}",
        "［电话已隐去］",
        mask(text),
    )
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text
