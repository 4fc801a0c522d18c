"""While staff have the conversation, the assistant is silent and passes everything on."""

from __future__ import annotations

from handlers.effects import AddToTicket
from handlers.messages import Choice, Reply, Update
from handlers.turn import Situation, Turn


def handoff(update: Update, at: Situation) -> Turn | None:
    """Hand what the person says to the ticket whose staff hold the conversation.

    Says so once per ticket, with the way back; after that it is silent.
    """
    if at.held is None or _about_a_request(at):
        return None
    if not at.perform(AddToTicket(at.held, said(update))):
        return Turn([], status="handoff", resume=True, release=True)
    if at.memory.get("relayed") == at.held:
        return Turn([], status="handoff", resume=True)
    return Turn([_receipt(at)], status="handoff", resume=True, memory={"relayed": at.held})


def _about_a_request(at: Situation) -> bool:
    """Whether the person is just telling us what to do with a request of theirs: that is asked
    by us, and goes to the desk anyway."""
    kind = (at.flow or "").partition(":")[0]
    return kind in ("add", "withdraw", "object", "dissatisfied", "forget") and not in_crisis(at)


def said(update: Update) -> str:
    """What a ticket keeps of an update."""
    if update.point:
        return f"［位置］{update.point.latitude:.5f}, {update.point.longitude:.5f}"
    if update.phone:
        return f"［电话］{update.phone}"
    if update.unsupported:
        return f"［{update.unsupported}］"
    mark = "［语音］" if update.spoken else "［改为］" if update.edited_after is not None else ""
    return mark + update.text


def in_crisis(at: Situation) -> bool:
    """Whether the conversation is held because of danger to life."""
    return at.held is not None and at.memory.get("crisis") == at.held


def _receipt(at: Situation) -> Reply:
    if in_crisis(at):
        return Reply(
            "您的话已经转给值班的工作人员。情况危急请马上打 120、110；心里难受可以打 12356。"
        )
    return Reply(
        f"已转给办理 {at.held} 的工作人员，上班后会在这里答复您。\n要继续问政策，点“回到自动问答”。",
        choices=(Choice("/menu", "回到自动问答"),),
    )
