"""Drives the service as a person would: types, presses, shares, reads."""

from __future__ import annotations

import secrets

from sqlmodel import Session

from bot.db import outbox
from bot.service import Service
from handlers.messages import Contact, Point, Reply, Update


class Person:
    """Talks to the service as one contact and reads what arrives."""

    def __init__(self, service: Service, contact: Contact) -> None:
        self.service = service
        self.contact = contact
        self.heard: list[Reply] = []

    def says(self, text: str, *, id: str | None = None) -> list[str]:
        return self._sends(Update(id or secrets.token_hex(8), self.contact, text))

    def presses(self, label: str) -> list[str]:
        """Press a button of what was heard last, by (the beginning of) its label."""
        for reply in reversed(self.heard):
            for choice in reply.choices:
                if choice.label.startswith(label):
                    update = Update(
                        secrets.token_hex(8), self.contact, choice.value, label=choice.label
                    )
                    return self._sends(update)
        raise AssertionError(f"no button {label!r} in {self.heard}")

    def is_at(self, latitude: float, longitude: float) -> list[str]:
        point = Point(latitude, longitude)
        return self._sends(Update(secrets.token_hex(8), self.contact, point=point))

    def shares_phone(self, phone: str) -> list[str]:
        return self._sends(Update(secrets.token_hex(8), self.contact, phone=phone))

    def reads(self) -> list[str]:
        """What has arrived meanwhile."""
        with Session(self.service.engine) as session:
            self.heard = outbox.take(session, self.contact)
        for choice in (choice for reply in self.heard for choice in reply.choices):
            assert len(choice.value.encode()) <= 64, choice  # what Telegram allows
        return [reply.text for reply in self.heard]

    def _sends(self, update: Update) -> list[str]:
        self.service.receive(update)
        return self.reads()
