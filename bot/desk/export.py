"""The history as a table for inspection: who did what when, with its place in the chain."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from sqlmodel import Session, col, select

from bot.db.tables import Ticket, TicketEvent
from bot.desk.clock import BEIJING
from bot.desk.words import KINDS
from bot.plaintext import cell

_HEAD = ("序号", "时间", "工单", "操作人", "操作", "变更前", "变更后", "文字指纹", "校验码")


def write(session: Session, path: Path) -> int:
    """Write the whole history to ``path`` as CSV that Excel opens; returns how many lines.

    What people wrote stays out; its digest is in.
    """
    count = -1  # the head
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        for row in rows(session):
            csv.writer(file).writerow(row)
            count += 1
    return count


def text(session: Session) -> str:
    """The same as one string."""
    first, *rest = rows(session)
    return table(first, rest)


def table(head: tuple[str, ...], lines: list[tuple[str, ...]]) -> str:
    """A table as CSV that Excel opens."""
    out = io.StringIO()
    csv.writer(out).writerows([head, *([cell(str(one)) for one in row] for row in lines)])
    return "\ufeff" + out.getvalue()


def rows(session: Session) -> Iterator[tuple[str, ...]]:
    """The head and a row for every line of the history."""
    yield _HEAD
    query = (
        select(TicketEvent, Ticket.number)
        .join(Ticket, col(Ticket.id) == col(TicketEvent.ticket_id), isouter=True)
        .order_by(col(TicketEvent.seq))
    )
    for line, number in session.exec(query.execution_options(yield_per=1000)):
        yield (
            str(line.seq or ""),
            f"{line.at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}",
            number or "",
            cell(line.actor),
            KINDS.get(line.kind, line.kind),
            cell(line.before),
            cell(line.after),
            line.digest,
            line.link,
        )
