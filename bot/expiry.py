"""What has a term goes when it is over: one line for each kind, counted before or deleted.

The terms are in docs/privacy.md; tickets and their history have none unless one is set.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Engine, Text, func, or_, type_coerce
from sqlmodel import Session, col, delete, select, update

from bot import erasing
from bot.db import forgetting, retention, scrubbing
from bot.db.desk import Attachment, Notice, Presence, WrittenDraft
from bot.db.group import ConsoleLink
from bot.db.linking import LinkGuess, LinkRequest
from bot.db.setaside import SetAside
from bot.db.tables import Allowance, Conversation, Message, State, Ticket, now
from bot.desk import telling

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Terms:
    """How long things are kept; tickets forever where nothing is set."""

    messages: timedelta
    questions: timedelta = timedelta(days=365)
    receipts: timedelta = timedelta(days=730)
    tickets: timedelta | None = None


def purge(
    engine: Engine, terms: Terms, files: Path | None = None, *, dry_run: bool = False
) -> list[tuple[str, int]]:
    """(kind, how many) of everything whose term is over; deleted unless ``dry_run``.

    ``bot.db.scrubbing.rebuild`` afterwards takes the last traces off the database's pages.
    """
    moment = now()
    found = [("要求删除的人留下的最后几句", _forgotten(engine, moment, dry_run=dry_run))]
    age = terms.messages
    found.append(("聊天记录", retention.purge(engine, age, dry_run=dry_run)))
    for kind, table, where in _rows(moment, age):
        found.append((kind, _delete(engine, table, where, dry_run=dry_run)))
    found.append(("久未来的人的记忆和半截表单", _idle(engine, moment - age, dry_run=dry_run)))
    count = forgetting.purge_questions(engine, terms.questions, dry_run=dry_run)
    found.append(("没答好的问题", count))
    count = forgetting.purge_receipts(engine, terms.receipts, dry_run=dry_run)
    found.append(("答复回执", count))
    if terms.tickets is not None:
        limit = moment - terms.tickets
        found.append(("早已办结的申请的内容", _tickets(engine, limit, files, dry_run=dry_run)))
    if not dry_run:
        scrubbing.empty_log(engine)
    return found


def _rows(moment: datetime, age: timedelta) -> Iterator[tuple[str, Any, ColumnElement[bool]]]:
    old = moment - age
    yield "没能处理的消息", SetAside, col(SetAside.at) < old
    yield "过期的关联码", LinkRequest, col(LinkRequest.expires_at) < moment
    yield "输错的关联码", LinkGuess, col(LinkGuess.at) < moment - _DAY
    yield "过期的微信可发条数", Allowance, col(Allowance.until) < moment
    yield "没发出的草稿", WrittenDraft, col(WrittenDraft.at) < old
    yield "谁在看工单", Presence, col(Presence.seen_at) < moment - _DAY
    yield "看过的提醒", Notice, col(Notice.seen_at) < old
    yield "过期的工作台链接", ConsoleLink, col(ConsoleLink.expires_at) < moment - _DAY


def _delete(engine: Engine, table: Any, where: ColumnElement[bool], *, dry_run: bool) -> int:
    with Session(engine) as session:
        if dry_run:
            return session.exec(select(func.count()).select_from(table).where(where)).one()
        count: int = session.exec(delete(table).where(where)).rowcount
        session.commit()
        return count


def _forgotten(engine: Engine, moment: datetime, *, dry_run: bool) -> int:
    return _in_session(engine, lambda session: erasing.expire(session, moment), dry_run=dry_run)


def _idle(engine: Engine, limit: datetime, *, dry_run: bool) -> int:
    """Conversations nobody came back to: those nothing hangs on go, of the others what they
    remember goes."""
    return _in_session(engine, lambda session: _empty(session, limit), dry_run=dry_run)


def _empty(session: Session, limit: datetime) -> int:
    idle = (col(Conversation.updated_at) < limit, col(Conversation.held).is_(None))
    loose = (
        *idle,
        col(Conversation.person).is_(None),
        col(Conversation.contact).not_in(select(Ticket.contact)),
        col(Conversation.contact).not_in(select(Message.contact)),
    )
    gone: int = session.exec(delete(Conversation).where(*loose)).rowcount
    full = or_(
        col(Conversation.flow).is_not(None),
        type_coerce(col(Conversation.record), Text) != "",
        type_coerce(col(Conversation.memory), Text) != "",
    )
    emptied = update(Conversation).where(*idle, full).values(flow=None, record={}, memory={})
    return gone + session.exec(emptied).rowcount


def _tickets(engine: Engine, limit: datetime, files: Path | None, *, dry_run: bool) -> int:
    return _in_session(engine, lambda session: _anonymise(session, limit, files), dry_run=dry_run)


def _anonymise(session: Session, limit: datetime, files: Path | None) -> int:
    old = (col(Ticket.resolved_at) < limit, Ticket.state == State.RESOLVED)
    query = select(Ticket).where(*old, Ticket.contact != telling.FORGOTTEN)
    found = session.exec(query.with_for_update()).all()
    for ticket in found:
        names = session.exec(select(Attachment.key).where(Attachment.ticket_id == ticket.id)).all()
        erasing.anonymise(session, ticket, actor="system")
        paths = [files / name[:2] / name for name in names] if files else []
        scrubbing.after_commit(session, paths)
    return len(found)


def _in_session(engine: Engine, act: Callable[[Session], int], *, dry_run: bool) -> int:
    """Do it all; a dry run takes it back."""
    with Session(engine) as session:
        count = act(session)
        if dry_run:
            session.rollback()
        else:
            session.commit()
        return count
