"""The console at 100,000 tickets: ``python -m benchmarks.desk sqlite:////tmp/desk.db``.

The database is filled if it is empty; PostgreSQL by its address. Prints a table for
``docs/benchmarks.md``. CPU is this process's: on SQLite all there is, and what a busy machine does
not change.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from datetime import timedelta
from http.cookies import SimpleCookie

import httpx
from cryptography.fernet import Fernet
from sqlalchemy import Engine, insert, text
from sqlmodel import Session, func, select
from starlette.applications import Starlette
from starlette.responses import Response

from bot.console import Console, access, routes
from bot.db import schema
from bot.db.cipher import make_cipher
from bot.db.engine import connect
from bot.db.learning import Gap, Receipt, Unanswered, Wording
from bot.db.tables import Staff, State, Ticket, now
from bot.desk.finding import phone_hash
from bot.receipts import code
from knowledge.gazetteer import Gazetteer

TICKETS = 100_000
OPEN = 0.3
"""Share of tickets that are open: many more than any office has."""
ROUNDS = 30
SECRET = "benchmark"  # noqa: S105
KEY = Fernet.generate_key().decode()
PAGES = {
    "city, all open": ("/desk/", "zhao"),
    "city, unclaimed": ("/desk/?view=unclaimed", "zhao"),
    "city, overdue, page 20": ("/desk/?view=overdue&page=20", "zhao"),
    "city, resolved": ("/desk/?view=resolved", "zhao"),
    "county, all open": ("/desk/", "li"),
    "county, mine": ("/desk/?view=mine", "li"),
    "county, resolved": ("/desk/?view=resolved", "li"),
    "county, one service and state": ("/desk/?service=hardship-aid&state=新建", "li"),
    "search by number": ("/desk/?q=T012345", "zhao"),
    "search by phone": ("/desk/?q=13800012345", "zhao"),
    "live fragment": ("/desk/queue?view=open", "li"),
    "ticket": ("/desk/tickets/T012345", "zhao"),
    "gaps": ("/desk/gaps", "zhao"),
    "gaps, one county": ("/desk/gaps", "li"),
    "gap, asked most": ("/desk/gaps/2", "zhao"),
    "week": ("/desk/digest", "zhao"),
    "month": ("/desk/report?month={last}", "zhao"),
    "month as a file": ("/desk/report.csv?month={last}", "zhao"),
    "month, one county": ("/desk/report?month={last}", "hua"),
    "receipt": ("/desk/receipts?code=" + code(54_321), "li"),
    "notices": ("/desk/notices", "li"),
    "canned replies": ("/desk/canned", "li"),
    "history, before checking it": ("/desk/audit", "zhao"),
}
QUESTIONS, GAPS, RECEIPTS = 30_000, 3_000, 200_000
"""Unanswered questions and their gaps; questions altogether: a busy year."""


def fill(engine: Engine) -> None:
    """Store the tickets, unless they are there."""
    schema.migrate(engine)
    with Session(engine) as session:
        if session.exec(select(func.count()).select_from(Ticket)).one():
            return
        session.add(Staff(username="zhao", name="赵主任", password_hash="-", role="admin"))  # noqa: S106
        session.add(Staff(username="li", name="李同志", password_hash="-", county="海门区"))  # noqa: S106
        session.commit()
        session.add(  # the head of a county
            Staff(username="hua", name="华组长", password_hash="-", role="leader", county="海门区")  # noqa: S106
        )
        dice = random.Random(1)  # noqa: S311
        counties = Gazetteer.load().counties()
        for start in range(0, TICKETS, 5000):
            rows = [_row(n, dice, counties) for n in range(start, start + 5000)]
            session.execute(insert(Ticket), rows)
        session.commit()
        _fill_learning(session, dice, counties)
        session.execute(text("ANALYZE"))
        session.commit()


def _fill_learning(session: Session, dice: random.Random, counties: tuple[str, ...]) -> None:
    """Gaps, the questions in them – a few are asked most – and receipts."""
    session.execute(insert(Gap), [{"state": "new", "reason": ""} for _ in range(GAPS)])
    session.flush()
    session.execute(insert(Unanswered), [_question(n, dice, counties) for n in range(QUESTIONS)])
    for start in range(0, RECEIPTS, 10_000):
        rows = [_receipt(dice, counties) for _ in range(start, start + 10_000)]
        session.execute(insert(Receipt), rows)
    session.execute(insert(Wording), [{"digest": "sample", "text": "示例答复" * 60}])


def _question(number: int, dice: random.Random, counties: tuple[str, ...]) -> dict[str, object]:
    return {
        "gap": min(GAPS, 1 + int(dice.paretovariate(0.4))),
        "question": f"示例问题{number}",
        "status": dice.choice(("unknown", "useless")),
        "county": dice.choice(("", *counties)),
        "near": "rural-veteran-60",
        "at": now() - timedelta(minutes=dice.randrange(500_000)),
    }


def _receipt(dice: random.Random, counties: tuple[str, ...]) -> dict[str, object]:
    at = now() - timedelta(minutes=dice.randrange(500_000))
    return {
        "at": at,
        "channel": dice.choice(("web", "wechat", "telegram")),
        "status": dice.choices(("answered", "unclear", "unknown"), (8, 1, 1))[0],
        "county": dice.choice(("", *counties)),
        "topic": dice.choice(("medical", "housing", "allowances")),
        "article": "rural-veteran-60",
        "version": "0123456789",
        "wording": "sample",
        "ticket_at": at if dice.random() < 0.05 else None,
    }


def _row(number: int, dice: random.Random, counties: tuple[str, ...]) -> dict[str, object]:
    opened = now() - timedelta(minutes=dice.randrange(400_000))
    due = opened + timedelta(days=dice.randrange(1, 300))
    open_ = dice.random() < OPEN
    return {
        "number": f"T{number:06d}",
        "contact": f"telegram:{dice.randrange(20_000)}",
        "service": dice.choice(("hardship-aid", "job-help", "other-help")),
        "topic": "hardship",
        "county": dice.choice(counties),
        "town": "示例镇",
        "priority": "crisis" if dice.random() < 0.001 else "normal",
        "details": [["困难", "示例"]],
        "phone": "13800138000",
        "phone_hash": phone_hash(f"138{number:08d}", SECRET),
        "state": dice.choice((State.NEW, State.CLAIMED)) if open_ else State.RESOLVED,
        "owner": dice.choice((None, 1, 2)),
        "opened_at": opened,
        "due_at": due,
        "queue_at": due if open_ else None,
        "resolved_at": None if open_ else due,
        "version": 1,
        "paused_minutes": 0,
        "relation": "",
    }


async def measure(engine: Engine) -> None:
    """Open every page many times and print its times."""
    console = Console(
        engine=engine, secret=SECRET, secure_cookies=False, clock=now, wake=lambda: None,
        service_title=str, counties=Gazetteer.load().counties(),
    )  # fmt: skip
    app = Starlette(routes=routes(console))
    print("| page | least ms | p50 ms | p95 ms | CPU ms |\n|---|---|---|---|---|")
    last = f"{now() - timedelta(days=31):%Y-%m}"
    for title, (address, username) in PAGES.items():
        path = address.format(last=last)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
            http.cookies.set(access.COOKIE, _cookie(console, username), domain="desk.test")
            times, spent = [], []
            for _ in range(ROUNDS):
                start, cpu = time.perf_counter(), time.process_time()
                answer = await http.get(path)
                spent.append((time.process_time() - cpu) * 1000)
                times.append((time.perf_counter() - start) * 1000)
                assert answer.status_code == 200, answer.text
        times.sort()
        half, most = times[ROUNDS // 2], times[int(ROUNDS * 0.95)]
        worked = sorted(spent)[ROUNDS // 2]
        print(f"| {title} | {times[0]:.0f} | {half:.0f} | {most:.0f} | {worked:.0f} |", flush=True)


def _cookie(console: Console, username: str) -> str:
    with Session(console.engine) as session:
        staff = session.exec(select(Staff).where(Staff.username == username)).one()
        response = Response()
        access.keep(console, response, access.begin(staff, now()))
    return SimpleCookie(response.headers["set-cookie"])[access.COOKIE].value


if __name__ == "__main__":
    database = connect(sys.argv[1], make_cipher([KEY]))
    fill(database)
    asyncio.run(measure(database))
