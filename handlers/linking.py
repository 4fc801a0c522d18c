"""关联: what is said while somebody makes two channels one person, and when they part again."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from handlers.channelnames import called, listed
from handlers.effects import AnswerLink, ListLinks, OfferLink, Unlink, UseLinkCode
from handlers.messages import Choice, Reply
from handlers.turn import Situation, Turn

_TYPED = re.compile(r"(?:关联|绑定)\s*[:：]?\s*((?:\d[\s-]*){8})")
_MENU = Choice("/menu", "回到菜单")
_HAVE = Choice("/link-code", "我手上有号码")
_PART = Choice("/unlink", "取消关联")
_AGREE = (Choice("/link-yes", "是，都是我本人"), Choice("/link-no", "不是，不关联"))


def typed(said: str) -> str:
    """The eight figures of ``关联 1234 5678``, however they were typed; "" for anything else."""
    match = _TYPED.fullmatch(unicodedata.normalize("NFKC", said).strip("“”\"'。.!！ "))
    return digits(match[1]) if match else ""


def digits(said: str) -> str:
    """The figures in what was typed."""
    return re.sub(r"\D", "", unicodedata.normalize("NFKC", said))


def link(code: str, at: Situation) -> Turn:
    """Show a code, the open question, or take the code that was typed."""
    if code:
        return Turn([taken(at.perform(UseLinkCode(digits(code))))], resume=True)
    return Turn([_offered(at.perform(OfferLink()))], resume=True)


def agree(_argument: str, at: Situation) -> Turn:
    """Yes to the question that is open."""
    return Turn([_answered(at.perform(AnswerLink(agree=True)))], resume=True)


def refuse(_argument: str, at: Situation) -> Turn:
    """No to the question that is open."""
    return Turn([_answered(at.perform(AnswerLink(agree=False)))], resume=True)


def unlink(which: str, at: Situation) -> Turn:
    """Ask which links to undo, then undo them."""
    if which in ("here", "all"):
        parted = at.perform(Unlink(everything=which == "all"))
        return Turn([_parted(parted)], resume=True)
    return Turn([_parting(at.perform(ListLinks()))], resume=True)


def taken(found: dict[str, str]) -> Reply:
    """What became of a code that was typed."""
    channel = called(found.get("channel", ""))
    match found["outcome"]:
        case "found":
            return claimant_question(found["channel"])
        case "own":
            return Reply("这个号码就是在这里要的。请到另一处去发。", (_MENU,))
        case "already":
            return Reply(f"这里和{channel}早就关联好了，不用再办。", (_PART, _MENU))
        case "full":
            return Reply("关联的太多了。请先发“取消关联”，去掉不用的。", (_PART, _MENU))
        case "slow":
            return Reply("号码错得太多，暂时不能再试。请过半小时，再要一个新号码。", (_MENU,))
    return Reply(
        "号码不对，或者过期了、用过了。请到给号码的那一边重新发“关联”，要一个新号码。",
        (Choice("/link-code", "再填一次"), _MENU),
    )


def claimant_question(channel: str) -> Reply:
    """Asked of whoever typed a code: somebody else may have told them to."""
    return Reply(
        f"号码是从{called(channel)}来的。关联以后，那边能看到您的全部申请和工作人员的答复。\n"
        "那边也是您本人在用吗？要是别人叫您发这个号码，请选“不是”。",
        _AGREE,
    )


def owner_question(channel: str) -> Reply:
    """Asked of whoever got the code, once the other side has agreed."""
    return Reply(
        f"有人在{called(channel)}里用了您的关联号码。关联以后，两边都能看到全部申请和答复。\n"
        "那边也是您本人吗？不是您，请选“不是”。",
        _AGREE,
    )


def done(channel: str) -> Reply:
    """Both sides have agreed."""
    return Reply(
        f"已和{called(channel)}关联。两边都能查进度、补充材料；"
        "工作人员的答复发到您最近说话的那一边。\n不是您本人办的，请马上点“取消关联”。",
        (Choice("/status", "查进度"), _PART, _MENU),
    )


def refused(channel: str) -> Reply:
    """The other side said no."""
    return Reply(f"{called(channel)}那边选了“不是”，没有关联。", (_MENU,))


def unlinked(channel: str) -> Reply:
    """The other side has undone the link."""
    return Reply(
        f"您在{called(channel)}里取消了关联，这里看不到那边的申请了。\n"
        "不是您本人办的，请发“人工”告诉我们。",
        (_MENU,),
    )


def _offered(found: dict[str, Any]) -> Reply:
    match found.get("asks"):
        case "claimant":
            return claimant_question(found["channel"])
        case "owner":
            return owner_question(found["channel"])
        case "wait":
            return Reply(
                f"{called(found['channel'])}那边已填了号码，正等那边点“是”。请先到那边看一看。",
                (Choice("/link", "再看一次"), _MENU),
            )
    code, known = found["code"], found["linked"]
    return Reply(
        (f"这里已和{listed(known)}关联。要再关联一个：\n" if known else "")
        + "请到另一处（微信、网页或 Telegram）给我发：\n"
        f"关联 {code[:4]} {code[4:]}\n"
        f"{found['minutes']} 分钟内有效，只能用一次。不要告诉别人。",
        (_HAVE, *((_PART,) if known else ()), _MENU),
    )


def _answered(found: dict[str, str]) -> Reply:
    channel = called(found.get("channel", ""))
    match found["outcome"]:
        case "agreed":
            return Reply(
                f"好的。还差一步：请回到{channel}，在那边也点“是”。那边没看到，就在那边发“关联”。"
            )
        case "linked":
            return done(found["channel"])
        case "refused":
            return Reply("好的，没有关联，谁也看不到您的申请。", (_MENU,))
    return Reply("现在没有等您确认的关联，可能过期了。要关联请发“关联”。", (_MENU,))


def _parting(known: list[str]) -> Reply:
    if not known:
        return Reply("这里没有和别处关联。", (Choice("/link", "关联"), _MENU))
    sure = [Choice("/unlink all", "确定，全部取消"), Choice("/menu", "不取消")]
    if len(known) > 1:
        sure.insert(0, Choice("/unlink here", "只取消这一个"))
    return Reply(
        f"这里和{listed(known)}关联着。取消以后，各看各的申请，申请照常办理。确定取消吗？",
        tuple(sure),
    )


def _parted(channels: list[str]) -> Reply:
    if not channels:
        return Reply("这里没有和别处关联。", (_MENU,))
    return Reply(f"已取消和{listed(channels)}的关联。", (_MENU,))
