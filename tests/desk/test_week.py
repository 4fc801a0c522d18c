"""A simulated week: 2,000 requests of 500 people at 30 desks, some of which sleep.

The expectations are worked out anew here, minute by minute and naively, from what was done –
not with the code that is tested.
"""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import Engine, event, text
from sqlmodel import Session, select

from bot.db.desk import Alarm
from bot.db.tables import Desk, Message, Staff, State, Ticket, TicketEvent
from bot.desk import (
    absence,
    alarms,
    effects,
    finding,
    history,
    importing,
    queues,
    tickets,
    watch,
)
from bot.desk.clock import BEIJING
from bot.desk.organisation import DeskRow, Organisation, StaffRow
from bot.desk.rules import Promised, Rules
from handlers.effects import AddToTicket, AlertStaff, OpenTicket
from handlers.messages import Contact
from knowledge.gazetteer import Gazetteer

START = datetime(2026, 9, 21, 0, 0, tzinfo=BEIJING)
"""A Monday; the Friday after is a holiday, the Sunday before was worked."""
DAYS = 7
REQUESTS = {"sqlite": 2000, "postgresql": 500}
"""On PostgreSQL fewer: what differs there is tested elsewhere, and the week is to stay short."""
PEOPLE = 500
FIRST = 210
"""Working minutes of the first promise; 50, 80 and 150 per cent of it are whole minutes."""
HOLIDAYS = {date(2026, 9, 25), *(date(2026, 10, day) for day in range(1, 8))}
WORKED = {date(2026, 9, 20), date(2026, 10, 10)}
SETTINGS = effects.Settings(staff_group=-100)


def working_minutes(days: int) -> list[datetime]:
    """Every minute somebody works, by looking at each."""
    found = []
    for minute in range(days * 1440):
        moment = START + timedelta(minutes=minute)
        day = moment.date()
        worked = day in WORKED or (moment.weekday() < 5 and day not in HOLIDAYS)
        if worked and (9 <= moment.hour < 12 or 14 <= moment.hour < 18):
            found.append(moment)
    return found


def organisation() -> Organisation:
    """A city, ten counties and zones, nineteen towns; the last three towns have nobody."""
    gazetteer = Gazetteer.load()
    counties = gazetteer.counties()
    towns = [(c, t) for c in counties for t in gazetteer.towns(c)[:3]][:19]
    desks = [DeskRow(code="city", name="示例市中心")]
    desks += [
        DeskRow(code=f"c{n}", name=f"示例{c}中心", parent="city", county=c)
        for n, c in enumerate(counties)
    ]
    desks += [
        DeskRow(code=f"t{n}", name=f"示例{t}站", parent=f"c{counties.index(c)}", county=c, town=t)
        for n, (c, t) in enumerate(towns)
    ]
    posts = [("city", "leader"), ("city", "clerk")]
    for n in range(len(counties)):
        posts += [(f"c{n}", "leader"), (f"c{n}", "clerk"), (f"c{n}", "clerk")]
    posts += [(f"t{n}", "clerk") for n in range(16)]
    staff = [
        StaffRow(username=f"s{n}", name=f"同志{n}", desk=desk, role=role)
        for n, (desk, role) in enumerate(posts)
    ]
    rules = Rules(promises=(Promised(service="help", first=FIRST, next=70, resolve=9999),))
    return Organisation(tuple(desks), tuple(staff), rules)


@dataclass
class Week:
    """Plays the week: a heap of things to do, each at its minute."""

    engine: Engine
    dice: random.Random = field(default_factory=lambda: random.Random(2026))  # noqa: S311
    todo: list[tuple[datetime, int, Callable[[Session, datetime], None]]] = field(
        default_factory=list
    )
    turn: Iterator[int] = field(default_factory=count)
    expected_desk: dict[str, str] = field(default_factory=dict)
    left: bool = False
    """Somebody went away at this minute."""

    def plan(self, at: datetime, what: Callable[[Session, datetime], None]) -> None:
        heapq.heappush(self.todo, (at, next(self.turn), what))

    def play(self, end: datetime) -> None:
        while self.todo and self.todo[0][0] <= end:
            now = self.todo[0][0]
            self.watch(now)
            with Session(self.engine) as session:
                while self.todo and self.todo[0][0] == now:
                    heapq.heappop(self.todo)[2](session, now)
                session.commit()
            if self.left:
                self.left = False
                watch.look(self.engine, now, alarms.Bell())
        self.watch(end)

    def watch(self, now: datetime) -> None:
        """The watch looks at every minute; between two due moments it would find nothing."""
        while (due := alarms.next_due(self.engine)) is not None and due <= now:
            watch.look(self.engine, due, alarms.Bell())

    def opens(self, person: int) -> Callable[[Session, datetime], None]:
        def act(session: Session, now: datetime) -> None:
            contact = Contact("terminal", f"p{person}")
            if self.dice.random() < 0.01:
                alert = AlertStaff("explicit", "（示例）", self.dice.choice(self.counties))
                number = effects.perform(session, contact, alert, settings=SETTINGS, now=now)
                soon = now + timedelta(minutes=self.dice.randrange(1, 45))
                self.plan(soon, self.rushes(number))
                return
            county, town, desk = self.dice.choice(self.places)
            wanted = OpenTicket("help", "help", county, town, "", (("事", "示例"),), 3)
            number = effects.perform(session, contact, wanted, settings=SETTINGS, now=now)
            self.expected_desk[number] = desk

        return act

    def works(self, staff: int) -> Callable[[Session, datetime], None]:
        """A clerk takes the first unclaimed ticket and answers it some time later."""

        def act(session: Session, now: datetime) -> None:
            clerk = session.get(Staff, staff)
            assert clerk is not None
            asked = queues.Asked(view="unclaimed")
            found, _ = queues.fetch(session, clerk, asked, now=now, size=3)
            away = clerk.away_until is not None and clerk.away_until > now
            if not found or away:
                return
            ticket = self.dice.choice(found)
            tickets.claim(session, ticket, clerk, at=now)
            later = now + timedelta(minutes=self.dice.randrange(5, 300))
            self.plan(later, self.answers(staff, ticket.number))

        return act

    def rushes(self, number: str) -> Callable[[Session, datetime], None]:
        """Somebody on call takes a crisis, day or night."""

        def act(session: Session, now: datetime) -> None:
            ticket, chief = finding.find(session, number), session.get(Staff, 1)
            if chief is not None and ticket.owner is None:
                tickets.claim(session, ticket, chief, at=now)
                self.plan(now + timedelta(minutes=1), self.answers(1, number))

        return act

    def answers(self, staff: int, number: str) -> Callable[[Session, datetime], None]:
        def act(session: Session, now: datetime) -> None:
            clerk, ticket = session.get(Staff, staff), finding.find(session, number)
            if clerk is None or ticket.owner != staff:
                return
            luck = self.dice.random()
            move = tickets.ask if luck < 0.15 else tickets.reply
            move(session, ticket, clerk, "请来一趟", version=ticket.version, at=now)
            hours = timedelta(minutes=self.dice.randrange(10, 600))
            if luck < 0.3:
                self.plan(now + hours, self.adds(number, ticket.contact))
            elif luck < 0.8:
                self.plan(now + hours, self.resolves(staff, number))

        return act

    def adds(self, number: str, contact: str) -> Callable[[Session, datetime], None]:
        return lambda session, now: effects.perform(  # type: ignore[no-any-return]
            session,
            Contact.parse(contact),
            AddToTicket(number, "带来了"),
            settings=SETTINGS,
            now=now,
        )

    def resolves(self, staff: int, number: str) -> Callable[[Session, datetime], None]:
        def act(session: Session, now: datetime) -> None:
            clerk, ticket = session.get(Staff, staff), finding.find(session, number)
            if clerk is not None and ticket.owner == staff and ticket.state != State.RESOLVED:
                tickets.resolve(session, ticket, clerk, at=now)

        return act

    def leaves(self, staff: int, end: datetime) -> Callable[[Session, datetime], None]:
        def act(session: Session, now: datetime) -> None:
            clerk = session.get(Staff, staff)
            assert clerk is not None
            absence.leave(session, clerk, start=now, end=end, by="staff:s0", at=now)
            self.left = True

        return act

    def prepare(self) -> None:
        plan = organisation()
        with Session(self.engine) as session:
            importing.store(session, plan, now=START)
            session.commit()
        self.counties = [desk.county for desk in plan.desks if desk.county and not desk.town]
        self.places = [(c, "", f"c{n}") for n, c in enumerate(self.counties)]
        for desk in plan.desks:
            if desk.town:
                empty = desk.code in {"t16", "t17", "t18"}
                self.places.append(
                    (desk.county or "", desk.town, (desk.parent or "") if empty else desk.code)
                )
        for n in range(REQUESTS[self.engine.dialect.name]):
            minute = self.dice.randrange(DAYS * 1440)
            self.plan(START + timedelta(minutes=minute), self.opens(n % PEOPLE))
        workers = [n + 1 for n, one in enumerate(plan.staff) if one.desk not in {"c1", "t3"}]
        for moment in working_minutes(DAYS)[::15]:
            busy = REQUESTS[self.engine.dialect.name] * 25 // 2000
            for staff in self.dice.sample(workers, busy):
                self.plan(moment, self.works(staff))
        clerks = [
            n + 1
            for n, one in enumerate(plan.staff)
            if one.desk.startswith("c") and one.desk != "city" and one.role == "clerk"
        ]
        # Somebody of 10 desks falls ill, one after the other; the watch returns their tickets.
        for n, staff in enumerate(self.dice.sample(clerks, 10)):
            ill = START + timedelta(hours=10 + 4 * n)
            self.plan(ill, self.leaves(staff, ill + timedelta(days=1)))


@pytest.fixture
def week(engine: Engine) -> Week:
    _hurry(engine)
    played = Week(engine)
    played.prepare()
    played.play(START + timedelta(days=DAYS))
    return played


def _hurry(engine: Engine) -> None:
    """A power cut would lose this database; nobody minds."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA synchronous=OFF"))
    else:
        with engine.begin() as connection:
            name = engine.url.database
            connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
    engine.dispose()


def test_a_week_loses_nothing_and_every_warning_comes_on_its_minute(week: Week) -> None:
    with Session(week.engine) as session:
        everything = session.exec(select(Ticket)).all()
        by_ticket: dict[int, list[TicketEvent]] = defaultdict(list)
        for line in session.exec(select(TicketEvent).order_by(TicketEvent.id)).all():  # type: ignore[arg-type]
            by_ticket[line.ticket_id or 0].append(line)
        _none_is_lost(week, session, everything, by_ticket)
        minutes = working_minutes(40)
        kinds: Counter[str] = Counter()
        for ticket in everything:
            kinds += _rang_on_the_minute(ticket, by_ticket[ticket.id or 0], minutes)
        assert all(kinds[kind] > 2 for kind in ("首次答复", "认领", "紧急求助")), kinds
        assert history.verify(session).problems == ()


def _none_is_lost(
    week: Week,
    session: Session,
    everything: list[Ticket],
    by_ticket: dict[int, list[TicketEvent]],
) -> None:
    requests = REQUESTS[week.engine.dialect.name]
    crises = [ticket for ticket in everything if ticket.priority == "crisis"]
    added = sum(
        line.kind == "added" and line.text == "（示例）" for v in by_ticket.values() for line in v
    )
    assert len(week.expected_desk) + len(crises) + added == requests
    assert len({ticket.contact for ticket in everything}) == PEOPLE
    desks = {desk.id: desk.code for desk in session.exec(select(Desk)).all()}
    names = {desk.name: desk.code for desk in session.exec(select(Desk)).all()}
    waiting = set(session.exec(select(Alarm.ticket_id).where(Alarm.fired_at == None)).all())  # noqa: E711
    for ticket in everything:
        opened = by_ticket[ticket.id or 0][0]
        assert ticket.desk in desks
        if ticket.priority != "crisis":
            assert names[opened.text] == week.expected_desk[ticket.number]
        if ticket.state not in (State.RESOLVED, State.ASKED):
            assert ticket.id in waiting, f"{ticket.number}: nobody would ever be told"
            assert ticket.queue_at is not None
    claimed = sum(ticket.owner is not None for ticket in everything)
    assert claimed > requests / 2
    told = Counter(session.exec(select(Message.ticket).where(Message.ticket != None)).all())  # noqa: E711
    assert all(told[ticket.number] for ticket in everything if ticket.owner)


def _rang_on_the_minute(
    ticket: Ticket, lines: list[TicketEvent], minutes: list[datetime]
) -> Counter[str]:
    rang = [(line.at, line.text) for line in lines if line.kind == "warned"]
    answered = next((li.at for li in lines if li.kind in ("replied", "asked")), None)
    week = START + timedelta(days=DAYS)
    end = answered or week
    if ticket.priority == "crisis":
        called = [at for at, text in rang if text.startswith("紧急求助")]
        assert called == _crisis_calls(lines, week), ticket.number
        return Counter({"紧急求助": len(called)})
    first = [at for at, text in rang if text.startswith("首次答复")]
    expected_first = _first_warnings(ticket, lines, minutes, end)
    assert first == expected_first, (ticket.number, first, expected_first)
    unclaimed = [at for at, text in rang if text.startswith("还没有人认领")]
    expected = _unclaimed_warnings(lines, minutes, week)
    assert unclaimed == expected, (ticket.number, unclaimed, expected)
    return Counter({"首次答复": len(first), "认领": len(unclaimed)})


def _after(minutes: list[datetime], start: datetime, length: int) -> datetime:
    """The moment when ``length`` of these minutes have passed since ``start``."""
    last = bisect_left(minutes, start) + length - 1
    return minutes[min(last, len(minutes) - 1)] + timedelta(minutes=1)


def _first_warnings(
    ticket: Ticket, lines: list[TicketEvent], minutes: list[datetime], end: datetime
) -> list[datetime]:
    acts = [line.at for line in lines if line.actor.startswith("staff:")]
    found = []
    steps = [168, 210, 315, *range(315 + 210, 20_000, 210)]
    for step, length in enumerate(steps):
        at = _after(minutes, ticket.opened_at.astimezone(BEIJING), length)
        if at > end:
            return found
        before = _after(minutes, ticket.opened_at.astimezone(BEIJING), steps[step - 1])
        if step >= 3 and any(before < act < at for act in acts):
            continue  # a repetition is left out when somebody has acted meanwhile
        found.append(at)
    return found


def _unclaimed_warnings(
    lines: list[TicketEvent], minutes: list[datetime], end: datetime
) -> list[datetime]:
    found = []
    for start, stop in _unowned(lines, end):
        for length in [105, 210, *range(420, 20_000, 210)]:
            at = _after(minutes, start.astimezone(BEIJING), length)
            if at > stop:
                break
            found.append(at)
    return found


def _crisis_calls(lines: list[TicketEvent], end: datetime) -> list[datetime]:
    found = []
    for start, stop in _unowned(lines, end):
        for minute in [0, 3, 6, *range(10, 12_000, 5)]:
            if start + timedelta(minutes=minute) <= stop != start:  # taken at once: no call
                found.append(start + timedelta(minutes=minute))
    return found


def _unowned(lines: list[TicketEvent], end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """When the ticket had no owner."""
    since: datetime | None = None
    for line in lines:
        if line.kind in ("opened", "returned"):
            since = line.at
        if line.kind == "claimed" and since is not None:
            yield since, line.at
            since = None
    if since is not None:
        yield since, end
