"""The console at 100,000 tickets: ``python -m benchmarks.desk sqlite:////tmp/desk.db``.

The database is filled if it is empty; PostgreSQL by its address. Prints a table for
``docs/benchmarks.md``.
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
from bot.db.tables import Staff, State, Ticket, now
from bot.desk.finding import phone_hash
from knowledge.gazetteer import Gazetteer

TICKETS = 100_000
OPEN = 0.3
"""Share of tickets that are open: many more than any office has."""
ROUNDS = 60
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
}


def fill(engine: Engine) -> None:
    """Store the tickets, unless they are there."""
    schema.migrate(engine)
    with Session(engine) as session:
        if session.exec(select(func.count()).select_from(Ticket)).one():
            return
        session.add(Staff(username="zhao", name="赵主任", password_hash="-", role="admin"))  # noqa: S106
        session.add(Staff(username="li", name="李同志", password_hash="-", county="海门区"))  # noqa: S106
        session.commit()
        dice = random.Random(1)  # noqa: S311
        counties = Gazetteer.load().counties()
        for start in range(0, TICKETS, 5000):
            rows = [_row(n, dice, counties) for n in range(start, start + 5000)]
            session.execute(insert(Ticket), rows)
        session.commit()
        session.execute(text("ANALYZE"))
        session.commit()


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
    print("| page | p50 ms | p95 ms |\n|---|---|---|")
    for title, (path, username) in PAGES.items():
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as http:
            http.cookies.set(access.COOKIE, _cookie(console, username), domain="desk.test")
            times = []
            for _ in range(ROUNDS):
                start = time.perf_counter()
                answer = await http.get(path)
                times.append((time.perf_counter() - start) * 1000)
                assert answer.status_code == 200, answer.text
        times.sort()
        print(f"| {title} | {times[ROUNDS // 2]:.0f} | {times[int(ROUNDS * 0.95)]:.0f} |")


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
