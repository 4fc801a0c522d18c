"""What a group on Telegram is shown of its tickets: number, kind, region, state, time left."""

from __future__ import annotations

from bot.db.tables import Staff, Ticket
from bot.desk import finding, queues, rooms, tickets
from bot.desk.finding import NotYours
from bot.desk.groupoffice import Answer, Doing
from bot.desk.grouptalk import COMMANDS, Wish
from bot.desk.standing import remaining

_MOST = 15
"""Tickets of one list; a screen of a phone."""
_USAGE = """✓ 在工单的话题里发命令，或在命令后面写编号（例如 /claim T000012）：
{commands}
行首打 // 的话只记作内部备注，不发给当事人。
允许从 Telegram 回复的部门，“回复”机器人的消息，就是回复当事人。
不要在群里写当事人的姓名、电话、证件号、住址：当事人说的话只在工作台里看。"""


def show(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    """One ticket, in its topic; without a number everything open."""
    if not wish.number:
        return _list(doing, staff, "open", "在办工单")
    ticket = _seen(doing, staff, wish.number)
    card = Answer(_card(doing, ticket), rooms.buttons(ticket))
    here = rooms.chat_of(doing.session, ticket, doing.settings.staff_group) == doing.chat
    if doing.topic or not here or not rooms.has_topics(doing.session, doing.chat):
        return card
    rooms.enter(doing.session, ticket, doing.chat)
    rooms.say(doing.session, doing.chat, card.text, ticket=ticket, choices=card.choices)
    return Answer(f"✓ {ticket.number} 已在它的话题里打开")


def mine(doing: Doing, staff: Staff, _wish: Wish) -> Answer:
    """What somebody has in hand."""
    return _list(doing, staff, "mine", f"{staff.name}手上的工单")


def time_left(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    """How a ticket stands against its promises; without a number those that are short of time."""
    if not wish.number:
        return _list(doing, staff, "soon", "4 小时内到期和已超时的工单")
    ticket = _seen(doing, staff, wish.number)
    return Answer(f"✓ {_line(doing, ticket)}")


def usage(_doing: Doing, _staff: Staff, _wish: Wish) -> Answer:
    """What can be typed."""
    lines = "\n".join(f"/{name} {words}" for name, words in COMMANDS.items())
    return Answer(_USAGE.format(commands=lines))


def canned_list(ticket: Ticket, titles: list[str]) -> Answer:
    """The canned replies that may be used for a ticket."""
    if not titles:
        return Answer(f"✓ {ticket.number} 还没有能用的常用语，请在工作台里写，再请同志审核")
    lines = "\n".join(f"{number}. {title}" for number, title in enumerate(titles, start=1))
    return Answer(
        f"✓ {ticket.number} 能用的常用语：\n{lines}\n发出去：/canned {ticket.number} 序号"
    )


def _seen(doing: Doing, staff: Staff, number: str) -> Ticket:
    ticket = finding.find(doing.session, number, staff=staff)
    if not doing.office.covers(ticket):
        raise NotYours
    return ticket


def _list(doing: Doing, staff: Staff, view: str, head: str) -> Answer:
    """Tickets that both ``staff`` and this group may see, the most urgent first."""
    asked = queues.Asked(view=view)
    found, more = queues.fetch(doing.session, staff, asked, now=doing.now, size=200)
    here = [ticket for ticket in found if doing.office.covers(ticket)]
    if not here:
        return Answer(f"✓ 没有{head}")
    lines = "\n".join(_line(doing, ticket) for ticket in here[:_MOST])
    rest = "\n还有更多，请到工作台看" if more or len(here) > _MOST else ""
    return Answer(f"✓ {head}：\n{lines}{rest}")


def _line(doing: Doing, ticket: Ticket) -> str:
    owner = tickets.owner_name(doing.session, ticket) if ticket.owner else "未认领"
    what, where = doing.settings.title(ticket.service), ticket.town or ticket.county or "地区未填"
    left = remaining(ticket, doing.now)
    return f"{ticket.number} {what} {where} · {ticket.state} · {owner} · {left}"


def _card(doing: Doing, ticket: Ticket) -> str:
    urgent = "【紧急】" if ticket.priority == "crisis" else ""
    return f"✓ {urgent}{_line(doing, ticket)}\n当事人的话和材料请到工作台看。"
