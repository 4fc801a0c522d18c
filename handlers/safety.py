"""Danger to life comes before everything else, in every state of a conversation.

Fixed texts, no search, no forms. Numbers: 110, 120 and the national psychological line 12356 (facts WQ-08, WQ-09).
"""

from __future__ import annotations

from dataclasses import replace

from handlers.danger import SOFT as SOFT
from handlers.danger import Level as Level
from handlers.danger import level as level
from handlers.danger import worries
from handlers.effects import AlertStaff
from handlers.messages import Choice, Reply, Update
from handlers.turn import Situation, Turn


def safety(update: Update, at: Situation) -> Turn | None:
    """The fixed text for a person in danger; staff are alerted in the same transaction."""
    found = level(update.text)
    if found is None:
        return None
    if found in SOFT:
        return Turn([soft_reply(found)], status="crisis", resume=True)
    sure = found != "heard"
    number = at.perform(AlertStaff(found, update.text, at.memory.get("region", ""), hold=sure))
    return Turn([crisis_reply(found)], status="crisis", resume=True, memory={"crisis": number})


def cared_for(turn: Turn, update: Update, at: Situation) -> Turn:
    """The turn with the numbers below an ordinary answer, once a conversation, where the words may
    come from somebody in despair but do not say so."""
    asked = turn.replies and turn.status not in ("crisis", "command", "handoff")
    if not asked or at.memory.get("cared") or not worries(update.text):
        return turn
    last = turn.replies[-1]
    said = replace(last, text=f"{last.text}\n\n{_CARE}")
    return replace(turn, replies=[*turn.replies[:-1], said], memory=turn.memory | {"cared": True})


def crisis_reply(found: Level) -> Reply:
    """What we say at once; it needs no database."""
    return Reply(_TEXTS[found], choices=(Choice("/human", "我要和工作人员说话"),))


def soft_reply(found: Level) -> Reply:
    """Softer words with the numbers and one offer of a person."""
    return Reply(
        _SOFTLY[found],
        choices=(Choice("/human", "请工作人员联系我"), Choice("/menu", "先看看别的")),
    )


_CARE = "要是心里难受，可以打心理援助热线 12356，不用说姓名；有危险马上打 120 或 110。"
_SOFTLY: dict[Level, str] = {
    "veiled": (
        "听得出来，您现在很难受。您愿意说出来，这很重要。\n"
        "心理援助热线 12356，免费，可以不说姓名。\n"
        "要是有伤害自己的念头，请马上打 120 或 110，并让家人或战友陪着您。\n"
        "也可以让工作人员联系您。您遇到的难处，也请接着跟我说。"
    ),
    "abuse": (
        "正在挨打、有危险，请马上打 110；受了伤打 120。先到邻居、亲友家去，别一个人待着。\n"
        "伤要去医院看，病历、照片、报警回执都留好。\n"
        "想问怎么维权，打法律援助热线 12348；心里难受打 12356。\n"
        "也可以让工作人员联系您。要问别的，接着跟我说。"
    ),
}


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
    "heard": (
        "人命要紧。有人要寻短见、急病、受伤、被打，马上打 120 或 110。\n"
        "· 别让有危险的人一个人待着；把药、刀、绳子这些东西拿远\n"
        "· 有人要打人、拿刀：先离开，到有人的地方去\n"
        "· 心里过不去：心理援助热线 12356，可以不说姓名\n"
        "我已经把您这句话给值班的工作人员看。请不要等这里的回复，先打电话。\n"
        "要他们接着看您的话，点下面的按钮。要是我听岔了，没有人有危险，请接着说您的事。"
    ),
    "violence": (
        "有人身危险，请马上打 110；有人受伤打 120。\n"
        "· 先离开危险的地方，到有人的地方去\n"
        "· 气头上先别动手，跟家人、战友说说；心理援助热线 12356\n" + _CLOSING
    ),
}
