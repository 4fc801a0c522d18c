"""Gaps: what people ask and nothing answers well, grouped by what they ask and counted.

Questions are noted without personal data while answering; :func:`gather` groups them afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Engine, case, insert
from sqlmodel import Session, SQLModel, col, func, select

from bot.db.learning import Gap, Unanswered
from bot.db.tables import Conversation, Message, Staff, Status
from bot.desk import history, roles
from bot.desk.finding import NotYours, Refused
from bot.privacy import anonymous
from handlers import effects
from handlers.messages import Contact
from knowledge.grouping import Groups
from knowledge.search import Index

STATES = {"new": "新", "doing": "处理中", "done": "已解决", "wont": "不做"}
_OPEN = ("new", "doing")
_LONGEST = 200
"""Characters of a question that are kept."""
_WAITING = "questions to note"
_UNANSWERED = SQLModel.metadata.tables["unanswered"]
RECENT = timedelta(days=7)


def note(session: Session, wanted: effects.NoteGap, *, at: datetime) -> None:
    """Keep a question that nothing answered, without what points to a person."""
    session.add(Unanswered(**_row(wanted, at)))


def keep(session: Session, wanted: Iterable[effects.NoteGap], *, at: datetime) -> None:
    """As :func:`note`, but :func:`write` stores it."""
    session.info.setdefault(_WAITING, []).extend(_row(one, at) for one in wanted)


def write(session: Session) -> None:
    """Store what is kept, all at once: every fifth question may be one of them."""
    if waiting := session.info.pop(_WAITING, None):
        session.connection().execute(insert(_UNANSWERED), waiting)


def _row(wanted: effects.NoteGap, at: datetime) -> dict[str, Any]:
    return {
        "question": anonymous(wanted.question)[:_LONGEST],
        "status": wanted.status,
        "near": wanted.near[:60],
        "county": wanted.county[:20],
        "at": at,
    }


def note_useless(
    session: Session, contact: Contact, judged: effects.NoteFeedback, *, at: datetime
) -> None:
    """Keep the question whose answer the person judges useless, if they typed one."""
    conversation = session.get(Conversation, str(contact))
    memory = conversation.memory if conversation else {}
    if judged.useful or not memory.get("asked") or memory.get("article") != judged.article:
        return
    query = select(Message.text).where(
        Message.contact == str(contact),
        Message.external_id == memory["asked"],
        col(Message.status) == Status.RECEIVED,
    )
    if conversation and (question := session.exec(query).first()):
        conversation.memory = {key: it for key, it in memory.items() if key != "asked"}  # once
        county = memory.get("region") or ""
        note(session, effects.NoteGap(question, "useless", judged.article, county), at=at)


def gather(engine: Engine, index: Index, *, batch: int = 500) -> int:
    """Put what was noted since the last time into groups; returns how many questions that were.

    Oldest first, so that the same questions always make the same groups. A gap that was solved and
    is asked again opens again.
    """
    with Session(engine) as session:
        query = select(Unanswered).where(col(Unanswered.gap).is_(None))
        locked = query.order_by(col(Unanswered.id)).limit(batch).with_for_update()
        if not (fresh := session.exec(locked).all()):
            return 0
        groups = Groups(index)
        for gap, question in _leads(session):
            groups.start(gap, question)
        for one in fresh:
            _place(session, groups, one)
        session.commit()
        return len(fresh)


def _leads(session: Session) -> list[tuple[int, str]]:
    """The oldest question of every gap."""
    oldest = select(func.min(Unanswered.id)).where(col(Unanswered.gap).is_not(None))
    query = select(Unanswered.gap, Unanswered.question).where(
        col(Unanswered.id).in_(oldest.group_by(col(Unanswered.gap)))
    )
    return [
        (gap or 0, question) for gap, question in session.exec(query.order_by(col(Unanswered.gap)))
    ]


def _place(session: Session, groups: Groups, one: Unanswered) -> None:
    found = groups.nearest(one.question)
    if found is None:
        gap = Gap()
        session.add(gap)
        session.flush()
        groups.start(gap.id or 0, one.question)
        one.gap = gap.id
        return
    one.gap = found
    known = session.get(Gap, found)
    if known and known.state == "done" and known.decided_at and one.at > known.decided_at:
        known.state, known.reason = "new", ""
        history.note(
            session, None, "system", "gap", before="已解决", after=f"缺口 {found} 又有人问"
        )


@dataclass(frozen=True)
class Line:
    """One gap as the list shows it, counted over what somebody may see."""

    id: int
    question: str
    state: str
    count: int
    recent: int
    """In the last seven days."""
    before: int
    """In the seven days before those."""
    useless: int
    """Of ``count``, those that were answered, and the answer judged useless."""
    last: datetime
    near: str
    reason: str


def ranked(
    session: Session, staff: Staff, *, now: datetime, state: str = "", page: int = 1, size: int = 50
) -> tuple[list[Line], bool]:
    """One page of the gaps somebody may see, the most asked of late first, and whether there are
    more. ``state`` empty shows what is open."""
    wanted = (state,) if state in STATES else _OPEN
    recent, total = _since(now - RECENT), func.count()
    useless = func.sum(case((col(Unanswered.status) == "useless", 1), else_=0))
    columns: list[Any] = [
        Gap.id, Gap.state, Gap.reason, total, recent, _since(now - 2 * RECENT), useless,
        func.max(Unanswered.at), func.min(Unanswered.id),
    ]  # fmt: skip
    query: Any = select(*columns).join(Unanswered, col(Unanswered.gap) == col(Gap.id))
    query = query.where(col(Gap.state).in_(wanted), _scope(session, staff))
    query = query.group_by(col(Gap.id), col(Gap.state), col(Gap.reason))
    query = query.order_by(recent.desc(), total.desc(), col(Gap.id))
    rows = session.exec(query.offset((page - 1) * size).limit(size + 1)).all()
    firsts = select(Unanswered).where(col(Unanswered.id).in_([row[8] for row in rows]))
    leads = {one.id: one for one in session.exec(firsts).all()}
    lines = [_line(row, leads[row[8]]) for row in rows]
    return lines[:size], len(lines) > size


def _line(row: Any, first: Unanswered) -> Line:
    id, state, reason, count, recent, both, useless, last, _ = row
    return Line(
        id=id,
        question=first.question,
        state=state,
        count=count,
        recent=recent,
        before=both - recent,
        useless=useless,
        last=last,
        near=first.near,
        reason=reason,
    )


def find(session: Session, staff: Staff, id: int) -> tuple[Gap, list[Unanswered]]:
    """A gap and its questions that somebody may see, oldest first. Raises NotYours if they may see
    none of them: it does not say whether the gap exists."""
    query = select(Unanswered).where(Unanswered.gap == id, _scope(session, staff))
    questions = list(session.exec(query.order_by(col(Unanswered.id)).limit(2000)).all())
    gap = session.get(Gap, id)
    if gap is None or not questions:
        raise NotYours("没有找到这个缺口，或它不在您负责的区县")
    return gap, questions


def decide(
    session: Session, gap: Gap, staff: Staff, state: str, reason: str, *, at: datetime
) -> None:
    """Say what becomes of a gap. Raises Refused without a reason for doing nothing."""
    if state not in STATES:
        raise Refused("请选一个状态")
    reason = anonymous(reason.strip())[:_LONGEST]
    if state == "wont" and not reason:
        raise Refused("不做要写明原因")
    before, gap.state, gap.reason = STATES[gap.state], state, reason
    gap.decided_by, gap.decided_at = staff.id, at
    what = f"缺口 {gap.id}：{STATES[state]}"
    by = f"staff:{staff.username}"
    history.note(session, None, by, "gap", text=reason, before=before, after=what, at=at)


def _since(moment: datetime) -> Any:
    return func.sum(case((col(Unanswered.at) >= moment, 1), else_=0))


def _scope(session: Session, staff: Staff) -> ColumnElement[bool]:
    """Questions from the counties somebody writes for, and from nobody knows where."""
    counties = roles.counties(roles.grants(session, staff), "write")
    if counties is None:
        return col(Unanswered.gap).is_not(None)
    return col(Unanswered.county).in_(["", *sorted(counties)] if counties else [])
