"""Ways from Telegram into the console: for one person, one ticket, once, for some minutes.

Such a link signs nobody in: whoever reads along on Telegram gets nowhere with it. It opens the
ticket for the account it was made for, once that account has signed in as usual.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlmodel import Session, col, select, update

from bot.db.group import ConsoleLink
from bot.db.tables import Staff, Ticket
from bot.desk import history
from bot.desk.finding import Refused

LASTS = timedelta(minutes=10)
PATH = "/desk/go/"


def make(session: Session, staff: Staff, ticket: Ticket, *, secret: str, at: datetime) -> str:
    """The path of a new link; that it was made is written down."""
    link = ConsoleLink(staff=staff.id or 0, ticket_id=ticket.id or 0, expires_at=at + LASTS)
    session.add(link)
    session.flush()
    history.note(session, ticket, f"staff:{staff.username}", "handed", at=at)
    return PATH + str(_signer(secret).dumps(link.id))


def use(session: Session, staff: Staff, token: str, *, secret: str, at: datetime) -> Ticket:
    """The ticket a link leads ``staff`` to; it is spent now. Raises Refused.

    In the hands of somebody else it stays good, and the attempt is written down.
    """
    link = _find(session, token, secret)
    ticket = session.get(Ticket, link.ticket_id)
    if ticket is None:
        raise Refused("这张工单已经没有了")
    who = f"staff:{staff.username}"
    if link.staff != staff.id:
        history.note(session, ticket, who, "misused", at=at)
        raise Refused("这个链接是发给另一位同志的。请从列表里打开工单")
    spent = session.exec(
        update(ConsoleLink)
        .where(
            col(ConsoleLink.id) == link.id,
            col(ConsoleLink.used_at).is_(None),
            col(ConsoleLink.expires_at) > at,
        )
        .values(used_at=at)
    )
    if spent.rowcount != 1:
        raise Refused("这个链接已经用过或过期了。请在群里再点一次“打开控制台”，或从列表里打开")
    history.note(session, ticket, who, "entered", at=at)
    return ticket


def _find(session: Session, token: str, secret: str) -> ConsoleLink:
    try:
        key = _signer(secret).loads(token)
    except BadSignature:
        key = None
    link = session.exec(select(ConsoleLink).where(ConsoleLink.id == key)).first() if key else None
    if link is None:
        raise Refused("这个链接不对，可能没有复制完整")
    return link


def _signer(secret: str) -> URLSafeSerializer:
    sha256 = {"digest_method": hashlib.sha256}
    return URLSafeSerializer(secret, salt="console link", signer_kwargs=sha256)
