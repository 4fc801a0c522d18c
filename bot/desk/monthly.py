"""The tickets of a month as columns of numbers: what its report is made of, nothing encrypted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Float, cast, extract
from sqlmodel import Session, col, select

from bot.db.tables import Ticket
from bot.desk.worked import Floats


@dataclass(frozen=True)
class Tickets:
    """One place a ticket in every column. Moments are whole seconds since 1970, NaN where there is none."""

    names: tuple[str, ...]
    """The services there are; ``service`` counts in them."""
    service: NDArray[np.int64]
    opened: Floats
    answered: Floats
    due: Floats
    resolved: Floats
    promised: Floats
    """By when it should have been resolved."""
    rating: NDArray[np.str_]

    def by_service(self, which: NDArray[np.bool_]) -> list[int]:
        """How many of ``which`` each service has."""
        found: list[int] = np.bincount(self.service[which], minlength=len(self.names)).tolist()
        return found


def tickets(
    session: Session, start: datetime, end: datetime, counties: frozenset[str] | None
) -> Tickets:
    """Tickets opened between two moments in some counties, or in all; merged ones count once."""
    columns: list[Any] = [
        Ticket.opened_at, Ticket.answered_at, Ticket.due_at, Ticket.resolved_at,
        Ticket.resolve_due_at,
    ]  # fmt: skip
    # In seconds from the database: making moments of them would take most of the time.
    seconds = [cast(extract("epoch", column), Float) for column in columns]
    query: Any = select(Ticket.service, Ticket.rating, *seconds).where(
        Ticket.opened_at >= start, Ticket.opened_at < end, col(Ticket.merged_into).is_(None)
    )
    if counties is not None:
        query = query.where(col(Ticket.county).in_(counties))
    rows = session.execute(query).all()
    services, ratings, *moments = zip(*rows, strict=True) if rows else ((),) * 7
    names = tuple(sorted(set(services)))
    place = {name: number for number, name in enumerate(names)}
    opened, answered, due, resolved, promised = (np.array(one, np.float64) for one in moments)
    return Tickets(
        names,
        np.array([place[one] for one in services], dtype=np.int64),
        opened,
        answered,
        due,
        resolved,
        promised,
        np.array([one or "" for one in ratings], dtype=np.str_),
    )
