"""Hears that somebody looks for a place nearby, or only says where they are."""

from __future__ import annotations

import re
from collections.abc import Mapping

from knowledge.gazetteer import Gazetteer

_LONGEST = 40
"""Characters of a wish; a longer message tells a story, and the knowledge base reads it."""
_NAMED = 3
"""Characters of a place named out of the blue; two may be any word, 团结 or 合作."""
_NEAR = re.compile(
    r"附近|就近|周边|周围|最近的|近一点|近点|离.{0,12}近|旁边有|边上有|哪[里儿块]有|那边有"
)
_POLICY = re.compile(
    r"怎么|怎样|如何|政策|规定|申请|报销|补助|补贴|条件|流程|手续|材料|为什么|凭什么|发放|标准|多少钱|投诉|赔偿|军人家庭"
)
_AROUND = re.compile(
    r"拥军|示范|优待|定点|退役军人|在什么地方|在哪[里儿]?|哪[里儿]有|哪个|有哪些|有没有|有什么|有吗|吗|呢|的|我要找|我想找|找"
)
"""What may stand around a place and a kind of place when nothing else is said: 如东的优待医院有哪些."""
_KINDS: Mapping[str, str] = {
    "service-station": r"服务站|服务中心|退役军人站",
    "memorial": r"烈士陵园|烈士墓|陵园|纪念馆|纪念碑|祭扫",
    "hospital": r"看病|医院|卫生院|门诊|体检|看医生|挂号|急诊",
    "scenic": r"景区|景点|公园|旅游|游玩|好玩|玩的",
    "merchant": r"商户|商家|店|超市|饭馆|餐馆|吃饭|理发|剪头|宾馆|旅馆|加油|买东西|买菜|优惠|打折|折扣",
}
_SOMEWHERE = ("ok", "ambiguous", "county", "outside")
"""A place that is more exact than the whole city, of which articles speak."""


def near_wish(text: str, gazetteer: Gazetteer) -> str | None:
    """The flow that a wish for something nearby starts: ``nearby:<group>``, ``nearby`` for who
    only says where they are, or None. Questions about rules are no such wish."""
    for group, words in _KINDS.items():
        if re.search(words, text):
            near = _NEAR.search(text) and not _POLICY.search(text)
            wished = near or _somewhere(re.sub(words, "", text), gazetteer)
            return f"nearby:{group}" if wished and len(text) <= _LONGEST else None
    where = gazetteer.resolve(text).status if gazetteer.only_a_place(text) else "none"
    named = where in ("ok", "ambiguous") and len(text.strip()) >= _NAMED
    return "nearby" if named or where == "county" else None


def _somewhere(around: str, gazetteer: Gazetteer) -> bool:
    """Whether what stands around a kind of place is only the name of a place."""
    bare = _AROUND.sub("", around)
    return gazetteer.only_a_place(bare) and gazetteer.resolve(bare).status in _SOMEWHERE
