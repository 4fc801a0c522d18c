"""An article to be written: what is known of a gap or a ticket, as a file an editor fills in.

The draft fails ``youjun check`` until somebody gives a source, a conclusion and the dates: nothing
here invents any of them. What points to a person is taken out; an editor still has to look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import yaml
from sqlmodel import Session, col, select

from bot.db.learning import Gap, Unanswered
from bot.db.tables import Message, Ticket, TicketEvent
from bot.privacy import anonymous

_MOST_QUESTIONS = 20
_FEWEST_QUESTIONS = 8
_LONGEST = 200
_FORM = """\
# 文章草稿：{about}
# 个人信息已由程序遮去，请再看一遍，不要留下能认出人的内容。
# 补全后放到 knowledge/articles/<主题>/<编号>.yaml，运行 make check。没有真实来源通不过检查。
{hints}
id:                # 英文编号，和文件名一样，如 subsidy-for-example
title:             # 群众看到的标题，4–40 字
topic:             # 和目录名一样{topic}
audience: []       # 适用的人，如 [退役军人]
region:            # 全国、江苏省、南通市，或某个县市区
questions:         # 8–20 种真实问法；下面是群众的原话（已遮去个人信息）{missing}
{questions}
answer:
  summary:         # 结论，8–80 字，要有依据
  conditions: []
  steps: []
  materials: []
  where:
  exceptions: []
sources: []        # 必填：law 和 articles，或 number、issuer、issued_on，或 url、title、read_on
confidence:        # 高：读过原文；中：转述、报道
assured_on:        # 核对日期，如 2026-11-25
review_by:         # 最迟哪天再核对
"""


def of_gap(gap: Gap, questions: Sequence[Unanswered], *, near: str, topic: str) -> str:
    """A draft from a gap; ``near`` is the title of the nearest article."""
    hints = [f"最接近的文章：{near}。如果其实是同一件事，给那一条加问法就行。"] if near else []
    asked = (one.question for one in questions)
    return _draft(f"缺口 {gap.id}，问过 {len(questions)} 次", asked, hints, topic)


def of_ticket(session: Session, ticket: Ticket) -> str:
    """A draft from a closed ticket: what the person asked, and what staff replied, as a hint."""
    known = (ticket.phone, ticket.town, ticket.number)
    said = [value for _, value in ticket.details]
    said += session.exec(_added(ticket)).all()
    replies = [
        anonymous(message.text, *known)
        for message in session.exec(_sent(ticket)).all()
        if message.extras.get("author")
    ]
    hints = (
        ["工作人员当时的答复（只作线索，要找到依据、用自己的话写）：", *replies] if replies else []
    )
    return _draft("来自一张办结的工单", (anonymous(one, *known) for one in said), hints, "")


def _added(ticket: Ticket) -> Any:
    query = select(TicketEvent.text).where(
        TicketEvent.ticket_id == ticket.id, TicketEvent.kind == "added"
    )
    return query.order_by(col(TicketEvent.id))


def _sent(ticket: Ticket) -> Any:
    return select(Message).where(Message.ticket == ticket.number).order_by(col(Message.id))


def _draft(about: str, asked: Iterable[str], hints: Iterable[str], topic: str) -> str:
    questions = _different(asked)
    short = _FEWEST_QUESTIONS - len(questions)
    listed = yaml.safe_dump(questions, allow_unicode=True, width=1000) if questions else "  []\n"
    return _FORM.format(
        about=about,
        hints="".join(f"# {line}\n" for hint in hints for line in hint.splitlines()).rstrip(),
        topic=f"，最接近的文章在 {topic}" if topic else "",
        missing=f"，还差 {short} 个" if short > 0 else "",
        questions="".join(f"  {line}\n" for line in listed.splitlines()).rstrip(),
    )


def _different(asked: Iterable[str]) -> list[str]:
    """The questions on one line each, every one once, those asked most first."""
    counts: dict[str, int] = {}
    for one in asked:
        line = " ".join(one.split())[:_LONGEST]
        if line:
            counts[line] = counts.get(line, 0) + 1
    return sorted(counts, key=lambda line: -counts[line])[:_MOST_QUESTIONS]
