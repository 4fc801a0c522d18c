"""Questions nothing answered and receipts are kept as long as the settings say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Engine, func
from sqlmodel import Session, col, delete, select

from bot.db.learning import Gap, Receipt, Unanswered, Wording
from bot.db.tables import now


def purge_questions(engine: Engine, age: timedelta, *, dry_run: bool = False) -> int:
    """Delete unanswered questions older than ``age``, and gaps without any; returns how many
    questions."""
    with Session(engine) as session:
        count = _delete(session, Unanswered, col(Unanswered.at) < now() - age, dry_run=dry_run)
        if not dry_run:
            kept = select(Unanswered.gap).where(col(Unanswered.gap).is_not(None))
            _delete(session, Gap, col(Gap.id).not_in(kept), dry_run=False)
        return count


def purge_receipts(engine: Engine, age: timedelta, *, dry_run: bool = False) -> int:
    """Delete receipts older than ``age`` and texts nobody was told since; returns how many
    receipts. The latest stays, so that its number is not given twice."""
    latest = select(func.max(Receipt.id)).scalar_subquery()
    old = (col(Receipt.at) < now() - age, col(Receipt.id) < latest)
    with Session(engine) as session:
        count = _delete(session, Receipt, *old, dry_run=dry_run)
        if not dry_run:
            told = select(Receipt.wording).where(col(Receipt.wording).is_not(None))
            _delete(session, Wording, col(Wording.digest).not_in(told), dry_run=False)
        return count


def _delete(session: Session, table: Any, *where: Any, dry_run: bool) -> int:
    if dry_run:
        return session.exec(select(func.count()).select_from(table).where(*where)).one()
    count: int = session.exec(delete(table).where(*where)).rowcount
    session.commit()
    return count
