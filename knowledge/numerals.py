"""Chinese numerals in front of a unit as digits: 一九七九年, 六十岁, 八级."""

from __future__ import annotations

import re

_DIGITS = {word: str(value) for value, word in enumerate("零一二三四五六七八九")} | {"〇": "0"}
_UNITS = "年|周岁|岁|级|月|日|号|元|块|天|等功"
_YEAR = re.compile(f"[一二][九〇零][{''.join(_DIGITS)}]{{2}}(?=年|届)")
_TENS = re.compile(f"([二三四五六七八九]?)十([一二三四五六七八九]?)(?={_UNITS})")
_ONE = re.compile("([一二三四五六七八九])(?=级|岁|周岁|等功)(?<![两几数多])")


def arabic(text: str) -> str:
    """``text`` with years, ages, grades, days and sums up to 99 in digits. Words such as
    一次性 or 两三年 are left alone."""
    text = _YEAR.sub(lambda found: "".join(_DIGITS[one] for one in found.group()), text)
    text = _TENS.sub(_number, text)
    return _ONE.sub(lambda found: _DIGITS[found.group(1)], text)


def _number(found: re.Match[str]) -> str:
    tens, ones = found.groups()
    return _DIGITS.get(tens, "1") + _DIGITS.get(ones, "0")
