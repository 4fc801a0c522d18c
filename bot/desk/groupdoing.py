"""What a member of a group does to a ticket: every change that the console makes, by a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from sqlmodel import col, select

from bot import linked
from bot.db import outbox
from bot.db.tables import Desk, Staff, Ticket
from bot.desk import canned, groupshow, links, moving, reach, tickets
from bot.desk.finding import NotYours, Refused, hold
from bot.desk.groupoffice import Answer, Doing
from bot.desk.grouptalk import PROMPTS, Wish
from bot.privacy import mask
from handlers.messages import Choice, Contact, Link, Reply

Action: TypeAlias = Callable[[Doing, Staff, Wish], Answer]
_LONGEST = 4000
"""Characters of one reply or note, as in the console."""
_PERSONAL = "\n⚠ 这条消息里有电话、证件号或卡号，请马上把它从群里删掉"
_NO_REPLIES = "本部门不从 Telegram 回复当事人（个人信息不出境），请到工作台回复"


def do(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    """Carry a wish out. Raises Refused; then nothing has changed."""
    action = _ACTIONS.get(wish.what)
    if action is None:
        raise Refused(f"没有命令 /{wish.what}。发 /help 看能做什么")
    return action(doing, staff, wish)


def _claim(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    ticket = _held(doing, staff, wish)
    tickets.claim(doing.session, ticket, staff, at=doing.now)
    return Answer(f"✓ {ticket.number} 已由{staff.name}接单。当事人的话请到工作台看")


def _assign(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    ticket = _held(doing, staff, wish)
    name, _, reason = wish.words.partition(" ") if " " in wish.words else wish.words.partition("，")
    if not name:
        return _prompt(
            "assign", ticket, f"写“同事的登录名”，或“部门编号 原因”。{_desks(doing, ticket)}"
        )
    colleague = doing.session.exec(
        select(Staff).where((Staff.username == name.casefold()) | (Staff.name == name))
    ).first()
    if colleague is not None:
        moving.assign(doing.session, ticket, staff, colleague, at=doing.now)
        return Answer(f"✓ {ticket.number} 已指派给{colleague.name}")
    desk = doing.session.exec(select(Desk).where((Desk.code == name) | (Desk.name == name))).first()
    if desk is None:
        raise Refused(f"没有叫“{name}”的同事或部门。{_desks(doing, ticket)}")
    moving.transfer(doing.session, ticket, staff, desk, reason.strip(), at=doing.now)
    return Answer(f"✓ {ticket.number} 已转到{desk.name}")


def _note(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    ticket = _held(doing, staff, wish)
    if not wish.words:
        words = "写备注，不会发给当事人。请不要写姓名、电话、证件号、住址"
        return _prompt("note", ticket, words)
    _fits(wish.words)
    tickets.note(doing.session, ticket, staff, wish.words, at=doing.now)
    return Answer(f"✓ {ticket.number} 备注已记下，没有发给当事人{_warning(wish.words)}")


def _reply(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    return _speak(doing, staff, wish, "reply")


def _ask(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    return _speak(doing, staff, wish, "ask")


def _speak(doing: Doing, staff: Staff, wish: Wish, what: str) -> Answer:
    """Answer the person, where the desk allows it; lines with ``//`` become a note."""
    ticket = _held(doing, staff, wish)
    _may_reply(doing, ticket)
    if not wish.words:
        return _prompt(what, ticket, "写要发给当事人的话；行首打 // 的行只留作备注")
    _fits(wish.words)
    send = tickets.ask if what == "ask" else tickets.reply
    send(doing.session, ticket, staff, wish.words, version=ticket.version, at=doing.now)
    if wish.note:
        tickets.note(doing.session, ticket, staff, wish.note, at=doing.now)
    kept = "；// 的行只记作备注" if wish.note else ""
    said = f"✓ {ticket.number} 已发给当事人{kept}{_reach(doing, ticket)}"
    return Answer(said + _warning(f"{wish.words}\n{wish.note}"))


def _canned(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    """List the canned replies for a ticket, or send the one with a number."""
    ticket = _held(doing, staff, wish)
    usable = canned.usable(doing.session, ticket.county)
    if not wish.words:
        return groupshow.canned_list(ticket, [one.title for one in usable])
    chosen = int(wish.words) if wish.words.isdecimal() and len(wish.words) < 4 else 0
    if not 1 <= chosen <= len(usable):
        raise Refused(f"常用语序号从 1 到 {len(usable)}；发 /canned {ticket.number} 看列表")
    desk = doing.session.get(Desk, ticket.desk) if ticket.desk else None
    title = doing.settings.title(ticket.service)
    text = canned.filled(usable[chosen - 1].text, canned.values(ticket, title, desk, staff))
    return _speak(doing, staff, Wish("reply", ticket.number, text), "reply")


def _sure(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    """The button is pressed easily: ask before the person hears that all is done."""
    ticket = _held(doing, staff, wish)
    tickets.may_resolve(doing.session, ticket, staff)
    sure = Choice(f"/close {ticket.number}", f"确认办结 {ticket.number}")
    return Answer(f"要办结 {ticket.number} 吗？当事人会收到办结通知，并可以评价。", (sure,))


def _close(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    ticket = _held(doing, staff, wish)
    tickets.resolve(doing.session, ticket, staff, at=doing.now)
    return Answer(f"✓ {ticket.number} 已办结，已告诉当事人")


def _reopen(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    ticket = _held(doing, staff, wish)
    tickets.reopen(doing.session, ticket, staff, at=doing.now)
    return Answer(f"✓ {ticket.number} 已重开，已告诉当事人")


def _console(doing: Doing, staff: Staff, wish: Wish) -> Answer:
    """Send a link to the ticket, to the person who asked and nobody else."""
    ticket = _held(doing, staff, wish, what="see")
    base, secret = doing.settings.public_url, doing.settings.secret
    if not base:
        raise Refused("没有设置本站网址（web.public_url），给不出链接；请直接登录工作台")
    path = links.make(doing.session, staff, ticket, secret=secret, at=doing.now)
    minutes = int(links.LASTS.total_seconds() // 60)
    words = (
        f"{ticket.number} 的工作台链接，{minutes} 分钟内有效，只能用一次，要用您自己的账号登录。"
    )
    reply = Reply(words, links=(Link(base + path, f"打开 {ticket.number}"),))
    outbox.put(doing.session, Contact("telegram", str(staff.telegram_id)), [reply])
    return Answer(
        f"✓ {ticket.number} 的链接已私下发给{staff.name}，{minutes} 分钟内有效。"
        "没收到的话，先私聊本机器人发一次 /start，再点一次"
    )


def _held(doing: Doing, staff: Staff, wish: Wish, what: str = "work") -> Ticket:
    """The ticket, locked, if both ``staff`` and this group may deal with it."""
    if not wish.number:
        raise Refused(f"请写编号，例如 /{wish.what.rstrip('?')} T000012，或者到工单的话题里发")
    ticket = hold(doing.session, wish.number, staff=staff, what=what)
    if not doing.office.covers(ticket):
        raise NotYours
    return ticket


def _may_reply(doing: Doing, ticket: Ticket) -> None:
    desk = doing.session.get(Desk, ticket.desk) if ticket.desk else None
    if desk is None or not desk.telegram_replies:
        raise Refused(_NO_REPLIES)


def _prompt(what: str, ticket: Ticket, words: str) -> Answer:
    return Answer(f"{PROMPTS[what]} {ticket.number}：请“回复”这条消息，{words}")


def _desks(doing: Doing, ticket: Ticket) -> str:
    """Where it may go: the desk above, and those of the county."""
    here = doing.session.get(Desk, ticket.desk) if ticket.desk else None
    query = select(Desk).where(col(Desk.closed_at).is_(None), Desk.id != ticket.desk)
    near = [
        f"{desk.code}（{desk.name}）"
        for desk in doing.session.exec(query.order_by(col(Desk.id))).all()
        if desk.county == ticket.county or (here and desk.id == here.parent)
    ]
    return f"附近的部门：{'、'.join(near[:8])}" if near else ""


def _fits(words: str) -> None:
    if len(words) > _LONGEST:
        raise Refused(f"内容有 {len(words)} 个字，最多 {_LONGEST} 个，请分几次写")


def _warning(words: str) -> str:
    return _PERSONAL if mask(words) != words else ""


def _reach(doing: Doing, ticket: Ticket) -> str:
    words = reach.words(doing.session, linked.nearest(doing.session, ticket.contact), doing.now)
    return f"（{words}）" if words else ""


_ACTIONS: dict[str, Action] = {
    "open": groupshow.show,
    "mine": groupshow.mine,
    "sla": groupshow.time_left,
    "help": groupshow.usage,
    "start": groupshow.usage,
    "claim": _claim,
    "assign": _assign,
    "note": _note,
    "reply": _reply,
    "ask": _ask,
    "close": _close,
    "close?": _sure,
    "reopen": _reopen,
    "canned": _canned,
    "console": _console,
}
