"""What a person does with a request they handed in: add, withdraw, object, say what went wrong."""

from __future__ import annotations

from handlers.dialogue import Do, Steps, ask
from handlers.effects import AddToTicket, ObjectToAnswer, RateTicket, WithdrawTicket
from handlers.messages import Choice, Reply
from handlers.questions import Choose, Text

_NEXT = (Choice("/status", "查进度"), Choice("/menu", "回到菜单"))


def add(number: str) -> Steps:
    """Add something to a request."""
    text = yield from ask(Text("text", f"给 {number} 补充什么？请打字。", minimum=2))
    added = yield Do("added", AddToTicket(number, text))
    yield Reply(_added(number, added), choices=_NEXT)


def _added(number: str, added: str) -> str:
    if not added:
        return f"没有找到您名下的 {number}。"
    if added == number:
        return f"已补充到 {number}，工作人员会看到。"
    return f"{number} 已经办完或合并，您的话记在 {added}，工作人员会看到。"


def withdraw(number: str) -> Steps:
    """Take a request back, after asking once."""
    sure = yield from ask(
        Choose(
            "sure",
            f"撤回后 {number} 不再办理，工作人员会看到是您撤回的。确定撤回吗？",
            (Choice("yes", "确定撤回"), Choice("no", "不撤回")),
        )
    )
    if sure == "no":
        yield Reply("好的，照常办理。", choices=_NEXT)
        return
    done = yield Do("withdrawn", WithdrawTicket(number, ""))
    said = f"{number} 已撤回。" if done else f"{number} 已经办结，或不在您名下，没有撤回。"
    yield Reply(said, choices=_NEXT)


def object_to(number: str) -> Steps:
    """Ask the next desk up to look at an answer, once."""
    reason = yield from ask(
        Text("reason", f"对 {number} 的答复，您哪里不满意？请说具体些，上一级会看。", minimum=4)
    )
    desk = yield Do("objected", ObjectToAnswer(number, reason))
    yield Reply(
        f"已记下，由{desk}重新看这件事，会在这里答复您。"
        if desk
        else f"{number} 还没有答复，或者已经复核过一次，不能再申请。还有话要说可以点“补充”，也可以打 12345。",
        choices=_NEXT,
    )


def dissatisfied(number: str) -> Steps:
    """Say what went wrong; somebody rings the person up."""
    words = yield from ask(Text("words", "哪里没办好？请打几句话；不想说就发“无”。"))
    task = yield Do("rated", RateTicket(number, "bad", "" if words == "无" else words))
    yield Reply(_sorry(task), choices=_NEXT)


def _sorry(task: str | None) -> str:
    if task is None:
        return "这件申请现在不能评价。"
    if task == "":
        return "记下了。"
    return f"记下了，编号 {task}。负责人会联系您了解情况。"
