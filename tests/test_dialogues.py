"""Plays every conversation in tests/dialogues against the real service, on both databases.

A transcript is a list of steps. ``人`` is what the person types, ``按`` the button they press,
``在`` where they are [latitude, longitude], ``员工`` what staff write in the ticket, ``办结`` true
when staff close it, ``重启`` true when the service starts anew, ``换`` the channel the same person
turns to. ``{号码}`` stands for the code for linking that was shown last. ``机`` lists what must occur in
each reply, in order; ``无`` what must occur in none.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlmodel import Session, select

from bot.db.tables import Staff, Ticket
from bot.desk import tickets
from bot.service import Service
from handlers.messages import Contact
from tests.person import Person

HERE = Path(__file__).parent / "dialogues"
CASES = [
    pytest.param(case["talk"], id=f"{path.stem}-{case['name']}")
    for path in sorted(HERE.glob("*.yaml"))
    for case in yaml.safe_load(path.read_text("utf-8"))
]


@pytest.mark.parametrize("talk", CASES)
def test_dialogue(talk: list[dict[str, Any]], person: Person) -> None:
    people = {person.contact.channel: person}
    code = ""
    for number, step in enumerate(talk, start=1):
        if channel := step.get("换"):
            made = Person(person.service, Contact(channel, "1"))
            person = people.setdefault(channel, made)
        heard = _take(step, person, code)
        if shown := re.search(r"关联 (\d{4} \d{4})", "\n".join(heard)):
            code = shown[1]
        expected = step.get("机")
        if expected is not None:
            assert len(heard) == len(expected), f"step {number}: {heard}"
            for said, wanted in zip(heard, expected, strict=True):
                assert wanted in said, f"step {number}: {wanted!r} not in {said!r}"
        for unwanted in step.get("无", ()):
            assert not any(unwanted in said for said in heard), f"step {number}: {heard}"


def _take(step: dict[str, Any], person: Person, code: str) -> list[str]:
    if "换" in step:
        return person.reads()
    if step.get("重启"):
        old = person.service
        person.service = Service(old.engine, old.knowledge, desk_settings=old.settings)
        return []
    if "人" in step:
        return person.says(str(step["人"]).replace("{号码}", code))
    if "按" in step:
        return person.presses(str(step["按"]))
    if "在" in step:
        return person.is_at(*step["在"])
    with Session(person.service.engine) as session:
        _staff_act(session, step)
        session.commit()
    return person.reads()


def _staff_act(session: Session, step: dict[str, Any]) -> None:
    staff = session.exec(select(Staff)).first()
    if staff is None:
        staff = Staff(username="li", name="李同志", password_hash="-")
        session.add(staff)
        session.flush()
    ticket = session.exec(select(Ticket).order_by(Ticket.id)).first()
    assert ticket is not None
    if ticket.owner is None:
        tickets.claim(session, ticket, staff)
    if step.get("办结"):
        tickets.resolve(session, ticket, staff)
    else:
        tickets.reply(session, ticket, staff, step["员工"], version=ticket.version)
