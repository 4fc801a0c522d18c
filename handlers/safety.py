"""Danger to life comes before everything else, in every state of a conversation.

Fixed texts, no search, no forms. The patterns are deliberately plain: a person in danger writes
plainly. What only sounds alike (累死了, 打死也不, 牺牲, 生死状, policy questions about the dead) is
taken out first. Numbers: 110, 120 and the national psychological line 12356 (facts WQ-08, WQ-09).
"""

from __future__ import annotations

import re
from typing import Literal

from handlers.effects import AlertStaff
from handlers.messages import Choice, Reply, Update
from handlers.turn import Situation, Turn

Level = Literal["explicit", "veiled", "other", "medical", "violence"]

_BENIGN = re.compile(
    r"(累|气|笑|急|忙|烦|热|冷|饿|困|吓|愁|疼|痛|羡慕|高兴|乐|堵|渴|难听|恨)死(?:了|我了?|人|个人|啦)?"
    r"|打死(?:我)?(?:也|都)不|死(?:心|板|角|活不|机|皮|记硬背|守|理|扣|结|磕|规定|工资|期|档案)"
    r"|(?:出)?生入死|生死(?:状|战友|与共|之交|关头)|视死如归|该死的?|死不(?:认|承认|松口)"
    r"|(?:小说|电影|电视剧|歌里|歌词|新闻|报道)(?:里|上|说|讲)?[^，。！？]{0,12}(?:自杀|跳楼|想死)"
)
_SELF = r"(?:我|俺|咱|自己|老子|本人|吾|伲|唔)"
_EXPLICIT = re.compile(
    r"不想(?:再)?活|活不(?:下去|下了|起了|成了)|不(?:要|愿|愿意|打算)(?:再)?活(?:了|下去)|想(?:去)?死(?!心)"
    r"|(?:要|去|打算|准备|决定|真想|只想|就想|还不如|不如)(?:去)?(?:一)?死(?:了|掉|算)"
    r"|(?:自杀|自尽|轻生|寻短见|寻死|自寻短路|自我了断|跳楼|跳河|跳江|跳桥|上吊|割腕|卧轨|烧炭)"
    r"|(?:活着)?(?:还)?不如去死|去死算了|喝(?:了)?(?:一瓶)?(?:农药|药水|百草枯|敌敌畏)|吞(?:了)?(?:安眠药|药片|一瓶)|吃(?:了)?一瓶(?:安眠)?药"
    r"|结束(?:自己|我|生命|这条命|这一生)|了(?:断|结|却)(?:自己|我自己|残生|这条命|此生)"
    r"|(?:死|走)了(?:就)?(?:一了百了|干净|拉倒|解脱)|一死了之|以死(?:明志|抗议|相)|死给(?:你们?|他们?)看"
    r"|遗书|最后一(?:次|句)(?:跟|和|同)你们?(?:说话|讲)|(?:没|勿|弗)想活|活勿下去|弗想活|不想活勒"
)
_THIRD = re.compile(
    r"(?:我|俺)?(?:儿子|女儿|老公|丈夫|老婆|妻子|爱人|父亲|爸|妈|母亲|战友|朋友|邻居|哥|弟|姐|妹|他|她|有人)"
)
_ASKS_RULE = re.compile(
    r"抚恤|补助|待遇|烈士|算(?:不算)?|认定|赔|丧葬|保险|规定|政策|评定|遗属|家属能|家属有|公墓|褒扬"
)
_PAST_OTHER = re.compile(
    r"(?:战友|儿子|女儿|父亲|爸|妈|母亲|哥|弟|爷爷|丈夫|老公|他|她|军人|士兵|战士)[^，。！？]{0,12}"
    r"(?:自杀|跳楼|跳河|上吊|轻生|自尽|喝农药)(?:死|身亡|去世|走|了|的)"
)
_VEILED = re.compile(
    r"活着(?:没|无|真没|还有什么|有什么|有啥|也没|太|好)[^，。]{0,4}(?:意思|意义|劲|累|用)|撑不(?:下去|住)了"
    r"|熬不(?:下去|住|过去)了?|(?:没|无)(?:有)?(?:活路|盼头|指望)了?|生不如死|走投无路|没有出路|绝望"
    r"|(?:不如|还不如|宁可|宁愿)死|(?:死|走)了(?:算了|倒好|也好)|多余的人|(?:大家|你们|家里人)?没有我(?:会|更|就)好"
    r"|(?:一觉|睡(?:着|过去))[^，。]{0,4}(?:不醒|别醒|醒不来)|早点(?:走|死|去见|解脱)|想(?:解脱|消失)"
    r"|拖累(?:大家|家里|儿女|孩子)[^，。]{0,6}(?:不如|算了|走)"
)
_MEDICAL = re.compile(
    r"(?:晕倒|昏倒|昏迷|不省人事|叫不醒|没(?:有)?(?:呼吸|气)了|喘不(?:上|过)气|大出血|吐血|抽搐|心梗|"
    r"心脏病(?:犯|发)|胸口(?:剧痛|疼得|痛得)|中风了|脑溢血|触电|煤气中毒|溺水)"
)
_MEDICAL_NOW = re.compile(r"怎么办|救|快|现在|刚|正|急|赶紧|不行了|了[！!。]?$|怎么弄")
_VIOLENCE = re.compile(
    r"(?:有人|他|她|对方|他们)?(?:正在|在|要|拿(?:着)?刀)[^，。]{0,4}(?:打我|砍我|杀我|砍人|杀人|捅)"
    r"|(?:要|想|去|敢)(?:杀了|弄死|砍死|捅死|炸了?|炸死|烧了|烧死|杀|砍)(?=他|她|你|们|人|局|单位|全家|大家|政府)"
    r"|(?<!自)(?:杀了|弄死|砍死|捅死)(?:他|她|你|全家)|同归于尽"
)


def level(text: str) -> Level | None:
    """How ``text`` speaks of danger to life, or None."""
    said = _BENIGN.sub("", re.sub(r"\s+", "", text))
    if _VIOLENCE.search(said):
        return "violence"
    if match := _EXPLICIT.search(said):
        if _ASKS_RULE.search(said) and (
            _PAST_OTHER.search(said) or not re.search(_SELF + r"|不想活|活不", said)
        ):
            return None
        return "other" if _about_other(said, match.start()) else "explicit"
    if _MEDICAL.search(said) and _MEDICAL_NOW.search(said) and not _ASKS_RULE.search(said):
        return "medical"
    return "veiled" if _VEILED.search(said) else None


def _about_other(said: str, at: int) -> bool:
    """Whether the one in danger is somebody else: the nearest person before the words."""
    people = list(_THIRD.finditer(said, 0, at))
    if not people:
        return False
    return not re.search(r"我|俺", said[people[-1].end() : at])


def safety(update: Update, at: Situation) -> Turn | None:
    """The fixed text for a person in danger; staff are alerted in the same transaction."""
    found = level(update.text)
    if found is None:
        return None
    if found == "veiled":
        return Turn([veiled_reply()], status="crisis", resume=True)
    number = at.perform(AlertStaff(found, update.text, at.memory.get("region", "")))
    return Turn([crisis_reply(found)], status="crisis", resume=True, memory={"crisis": number})


def crisis_reply(found: Level) -> Reply:
    """What we say at once; it needs no database."""
    return Reply(_TEXTS[found], choices=(Choice("/human", "我要和工作人员说话"),))


def veiled_reply() -> Reply:
    """Softer words with the same numbers and one offer of a person."""
    return Reply(
        "听得出来，您现在很难受。您愿意说出来，这很重要。\n"
        "心理援助热线 12356，免费，可以不说姓名。\n"
        "要是有伤害自己的念头，请马上打 120 或 110，并让家人或战友陪着您。\n"
        "也可以让工作人员联系您。您遇到的难处，也请接着跟我说。",
        choices=(Choice("/human", "请工作人员联系我"), Choice("/menu", "先看看别的")),
    )


_CLOSING = "我已经通知值班的工作人员。这里的话会直接给他们看，请不要等这里的回复，先打电话。"
_TEXTS: dict[Level, str] = {
    "explicit": (
        "您的命最要紧，请先别一个人待着。\n"
        "· 现在就有危险：打 120 或 110\n"
        "· 心理援助热线：12356，免费，可以不说姓名\n"
        "· 请马上叫家人、战友或邻居到您身边来，把药、刀、绳子这些东西拿远\n" + _CLOSING
    ),
    "other": (
        "请先保证那个人的安全：\n"
        "· 有危险：马上打 120 或 110\n"
        "· 尽量陪在身边，别让他一个人；把药、刀、绳子这些东西拿远\n"
        "· 心理援助热线 12356，您也可以替他打去问怎么办\n" + _CLOSING
    ),
    "medical": (
        "请马上打 120。\n"
        "· 说清楚地址、病人现在的样子，电话别挂，按接线员说的做\n"
        "· 让人到路口接救护车；带上身份证、医保卡和优待证件\n"
        "· 付不起急救费也先打，国家有疾病应急救助\n" + _CLOSING
    ),
    "violence": (
        "有人身危险，请马上打 110；有人受伤打 120。\n"
        "· 先离开危险的地方，到有人的地方去\n"
        "· 气头上先别动手，跟家人、战友说说；心理援助热线 12356\n" + _CLOSING
    ),
}
