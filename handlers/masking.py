"""Numbers and military details people paste that nobody needs: found and taken out.

What stays: short hotlines (110, 12345, 12356, 400-…), document numbers (〔2019〕49号), amounts,
dates, ticket numbers, article ids. The table of examples is ``tests/handlers/masking.yaml``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

IDENTITY = "［身份证号已隐去］"
CARD = "［卡号已隐去］"
NUMBER = "［号码已隐去］"
UNIT = "［部队番号已隐去］"
STATION = "［驻地已隐去］"

# One for one, so that what is found here stands at the same place in what was typed.
_PLAIN = str.maketrans("０１２３４５６７８９Ｘｘ－—–＋　\u00a0·．", "0123456789Xx---+    ")
_GAP = r"[ .-]?"
_PROVINCE = r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[123])"
_MONTH, _DAY = r"(?:0[1-9]|1[0-2])", r"(?:0[1-9]|[12]\d|3[01])"


def _spaced(pattern: str, *, gap: str = _GAP) -> str:
    """The pattern of a number, with a gap allowed after each of its figures."""
    figure = re.compile(r"\\d|\[[^\]]*\]|[0-9]")
    return figure.sub(lambda one: f"{one.group()}{gap}", pattern)


def _number(pattern: str) -> str:
    return rf"(?<!\d){_spaced(pattern)}(?<![ .-])(?![\dXx])"


_IDENTITIES = re.compile(
    "|".join(
        (
            _number(rf"{_PROVINCE}\d\d\d\d(?:18|19|20)\d\d{_MONTH}{_DAY}\d\d\d[\dXx]"),
            _number(rf"{_PROVINCE}\d\d\d\d\d\d{_MONTH}{_DAY}\d\d\d"),
        )
    )
)
_CARDS = re.compile(
    r"(?<!\d)\d{15,19}[Xx]?(?!\d)"
    r"|(?<!\d)(?:3[4-7]|4\d|5[1-5]|6[0-9]|9\d)\d{2}([ -])\d{4}\1\d{4}\1\d{4}(?:\1?\d{1,3})?(?!\d)"
    r"|(?<!\d)6\d{5}[ -]\d{10,13}(?!\d)"
)
_PAPERS = re.compile(
    r"((?:军官|士兵|军人|文职干部|退伍|退役|残疾军人|伤残人员|优待|护照|驾驶)证?(?:件)?"
    r"(?:号码|编号|号|字第)[是为:：\s]*)[A-Za-z\u4e00-\u9fff]{0,4}[A-Za-z0-9]*\d{5,}[A-Za-z0-9]*"
)
_MOBILES = re.compile(r"(?<!\d)(?:(?:\+|00)?86[ -]?)?(1[ -]?[3-9](?:[ -]?\d){9})(?!\d)")
_GROUPS = {(11,), (3, 4, 4), (4, 3, 4), (4, 4, 3), (3, 3, 5), (3, 8), (7, 4), (5, 6), (1,) * 11}
_LANDLINES = re.compile(
    r"(?<!\d)(\(?(?:(?:\+|00)?86[ -]?)?\(?0(?:10|2\d|[3-9]\d\d)\)?[ -]?)[2-9]\d{2,3}[ -]?(\d{4})(?![\d万元])"
    r"|((?:电话|座机)[是为:： ]{0,2})[2-9]\d{2,3}[ -]?(\d{4})(?![\d万元])"
)
_SPELT = re.compile(r"[〇零一二三四五六七八九幺]{11,}")
_UNITS = re.compile(
    r"(?<!\d)\d{4,6} ?(?:部队|部(?=[，。,. ]|$))"
    r"|[〇零一二三四五六七八九幺]{5} ?部队"
    r"|第? ?(?<!\d)\d{1,3} ?集团军"
    r"|第? ?(?<!\d)\d{2,3} ?(?:旅(?![游行客程馆社途居])|师(?![傅范生父长])|团(?![队购体圆聚结员]))"
)
_STATIONS = re.compile(
    r"((?:部队|单位|连队|营区|营房)?(?:驻地|驻扎|驻防|驻守|驻|营区|营房)(?:在|于|是))"
    r"(?!哪|什么|何|当地|本地|外地|南通|这|那)[^，。！？；,!?;\s]{2,20}"
)
_WORTH = re.compile(r"\d\D?\d|[〇零一二三四五六七八九幺]{5}|驻|营")
"""Without any of these there is nothing to look for."""


def mask(text: str) -> str:
    """``text`` as a transcript, a gap or a log may keep it: no numbers of persons, no units."""
    return hide_units(_phones(hide_numbers(text))) if _worth(text) else text


def hide_numbers(text: str) -> str:
    """``text`` without identity, card and certificate numbers; phones and units stay, which the
    staff of a request may need."""
    if not _worth(text):
        return text
    text = _replace(_IDENTITIES, text, lambda _found: IDENTITY)
    text = _replace(_PAPERS, text, lambda found: found[1] + NUMBER)
    text = _replace(_CARDS, text, lambda _found: CARD)
    return _replace(_SPELT, text, lambda _found: NUMBER)


def hide_units(text: str) -> str:
    """``text`` without numbers of military units and where they lie."""
    text = _replace(_UNITS, text, lambda _found: UNIT)
    return _replace(_STATIONS, text, lambda found: found[1] + STATION)


def has_numbers(text: str) -> bool:
    """Whether ``text`` holds an identity, card or certificate number."""
    return hide_numbers(text) != text


def _phones(text: str) -> str:
    text = _replace(_MOBILES, text, _mobile)
    return _replace(
        _LANDLINES,
        text,
        lambda found: f"{found[1]}****{found[2]}" if found[1] else f"{found[3]}****{found[4]}",
    )


def _mobile(found: re.Match[str]) -> str | None:
    groups = tuple(len(part) for part in re.split("[ -]", found[1]))
    if groups not in _GROUPS:
        return None
    figures = re.sub(r"\D", "", found[1])
    return f"{figures[:3]}****{figures[-4:]}"


def _worth(text: str) -> bool:
    return _WORTH.search(text.translate(_PLAIN)) is not None


def _replace(
    pattern: re.Pattern[str], text: str, instead: Callable[[re.Match[str]], str | None]
) -> str:
    """Replace what is found in the plain form of ``text``, leaving everything else as typed."""
    parts, last = [], 0
    for found in pattern.finditer(text.translate(_PLAIN)):
        if (words := instead(found)) is not None:
            parts += [text[last : found.start()], words]
            last = found.end()
    return "".join([*parts, text[last:]])
