"""The groups of people that a text about preferential treatment names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

GROUPS = ("退役军人", "残疾军人", "三属", "军属", "现役军人", "消防救援人员", "优待证持有人")
_GROUP_WORDS: Mapping[str, tuple[str, ...]] = {
    "退役军人": ("退役军人", "退伍军人", "复员", "转业", "军休", "老兵"),
    "残疾军人": ("残疾军人", "伤残军人"),
    "三属": ("三属", "烈士遗属", "烈属", "因公牺牲军人遗属", "病故军人遗属"),
    "军属": (
        "军属",
        "军人家属",
        "军人配偶",
        "军人子女",
        "随军家属",
        "现役军人及其",
        "现役军人及家属",
    ),
    "现役军人": ("现役军人", "现役"),
    "消防救援人员": ("消防救援", "消防员"),
    "优待证持有人": ("优待证",),
}


@lru_cache(maxsize=4096)
def groups(said: str) -> tuple[str, ...]:
    """The groups named in a text about who qualifies, in the order of ``GROUPS``.

    The families of serving soldiers are 军属 and do not make soldiers of themselves.
    """
    said = said.replace("退役军人家属", "").replace("现役军人家属", "军人家属")
    return tuple(group for group, words in _GROUP_WORDS.items() if any(w in said for w in words))
