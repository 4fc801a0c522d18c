"""How often somebody may guess: wrong passwords and codes, counted by account, browser and network.

Who guesses must not be able to keep the right person out: a browser that signed in before is
counted by itself, and neither the strangers' count nor their network's concerns it.
(https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, insert, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col

from bot.db.desk import Attempts

LOCK = timedelta(minutes=15)
"""How long a count that is full stays closed, and how long one wrong guess is remembered."""
_FORGOTTEN = timedelta(days=1)


class Locked(Exception):
    """No more guesses until ``until``."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


@dataclass(frozen=True)
class Meter:
    """One count: ``kind`` says of what, ``who`` of whom, ``most`` how many guesses it takes."""

    kind: str
    who: str
    most: int

    @property
    def key(self) -> str:
        """The row's key; names and addresses are not kept as they are."""
        return f"{self.kind}:{hashlib.sha256(self.who.encode()).hexdigest()[:32]}"


def count(session: Session, meter: Meter, now: datetime) -> datetime | None:
    """Count one guess before it is looked at; the end of the lock if it was the last one allowed.

    Commits, so that guessing in parallel gains nothing. Raises Locked.
    """
    if not _add(session, meter, now):
        row = session.get(Attempts, meter.key, populate_existing=True)
        until = (row.locked_until if row else None) or now
        session.rollback()
        raise Locked(until)
    row = session.get_one(Attempts, meter.key, populate_existing=True)
    if row.failures >= meter.most:
        row.failures, row.locked_until = 0, now + LOCK
    locked_until = row.locked_until
    session.exec(delete(Attempts).where(col(Attempts.at) < now - _FORGOTTEN))
    session.commit()
    return locked_until


def forget(session: Session, meter: Meter) -> None:
    """The guess was right: start anew. The caller commits."""
    session.exec(delete(Attempts).where(col(Attempts.key) == meter.key))


def give_back(session: Session, meter: Meter) -> None:
    """The guess was right: it alone does not count, what others guessed does. The caller commits."""
    closed_by_it = col(Attempts.locked_until).is_not(None)
    session.exec(
        update(Attempts)
        .where(col(Attempts.key) == meter.key, or_(col(Attempts.failures) > 0, closed_by_it))
        .values(
            failures=case((closed_by_it, meter.most - 1), else_=col(Attempts.failures) - 1),
            locked_until=None,
        )
        .execution_options(synchronize_session=False)
    )


def _add(session: Session, meter: Meter, now: datetime) -> bool:
    """Whether one more guess was counted; False while the count is closed."""
    try:
        with session.begin_nested():
            session.execute(insert(Attempts).values(key=meter.key, failures=1, at=now))
    except IntegrityError:
        again = case((col(Attempts.at) < now - LOCK, 1), else_=col(Attempts.failures) + 1)
        free = or_(col(Attempts.locked_until).is_(None), col(Attempts.locked_until) <= now)
        done = session.exec(
            update(Attempts)
            .where(col(Attempts.key) == meter.key, free)
            .values(failures=again, at=now, locked_until=None)
            .execution_options(synchronize_session=False)
        )
        return done.rowcount == 1
    return True
