"""Switching a channel or the policy answers off, with a notice, and on again: no restart needed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from bot.db.operating import Switch
from bot.db.tables import now
from bot.desk import history
from handlers.closing import Closing

ANSWERS = "answers"
CHANNELS = ("web", "telegram", "wechat")
TITLES = {ANSWERS: "政策问答", "web": "网页聊天", "telegram": "Telegram", "wechat": "微信公众号"}
NOTICES = {
    ANSWERS: "政策问答正在核对，暂时不能自动回答。要问政策，请找工作人员，或问户籍地的退役军人服务站。",
    "": "这个渠道暂停服务。要办事，请到户籍地的退役军人服务站、服务中心。",
}
"""What people read when the operator gives no words."""
POLL_SECONDS = 2.0
log = logging.getLogger(__name__)


class NoSuchSwitch(Exception):
    """The name is none of ours; the message lists them."""


def turn_off(session: Session, name: str, notice: str, by: str, *, at: datetime) -> Switch:
    """Switch ``name`` off; people read ``notice``, or the usual words. Raises NoSuchSwitch."""
    _require(name)
    words = notice.strip() or NOTICES.get(name, NOTICES[""])
    switch = session.merge(Switch(name=name, notice=words, by=by, at=at))
    history.note(session, None, by, "switched", text=words, before=name, after="关", at=at)
    return switch


def turn_on(session: Session, name: str, by: str, *, at: datetime) -> bool:
    """Switch ``name`` on again; whether it was off. Raises NoSuchSwitch."""
    _require(name)
    switch = session.get(Switch, name)
    if switch is None:
        return False
    session.delete(switch)
    history.note(session, None, by, "switched", before=name, after="开", at=at)
    return True


def off(session: Session) -> list[Switch]:
    """What is switched off at present."""
    return list(session.exec(select(Switch).order_by(col(Switch.name))).all())


class LiveSwitches:
    """Tells ``put`` what is off whenever that changes; every process polls one small table."""

    def __init__(self, engine: Engine, put: Callable[[Mapping[str, Closing]], None]) -> None:
        self.engine = engine
        self.put = put
        self.notices: dict[str, str] = {}
        """Name → notice of what is off."""

    def notice(self, name: str) -> str:
        """What people read instead of ``name``; empty while it is on."""
        return self.notices.get(name, "")

    def refresh(self) -> None:
        """Look at the table now."""
        with Session(self.engine) as session:
            found = {switch.name: switch.notice for switch in off(session)}
        if found == self.notices:
            return
        log.warning("switched off now: %s", ", ".join(found) or "nothing")
        self.notices = found
        answers = found.get(ANSWERS, "")
        self.put({name: Closing(found.get(name, ""), answers) for name in CHANNELS})

    async def run(self, pause: float = POLL_SECONDS) -> None:
        """Refresh for ever; a database that is away is tried again."""
        while True:
            await asyncio.sleep(pause)
            try:
                await asyncio.to_thread(self.refresh)
            except SQLAlchemyError:
                log.warning("the switches could not be looked at", exc_info=True)


def switch(engine: Engine, name: str, notice: str | None, by: str) -> None:
    """Switch off with a notice, or on with None, in a transaction of its own."""
    with Session(engine) as session:
        if notice is None:
            turn_on(session, name, by, at=now())
        else:
            turn_off(session, name, notice, by, at=now())
        session.commit()


def _require(name: str) -> None:
    if name not in TITLES:
        known = "、".join(f"{one}（{title}）" for one, title in TITLES.items())
        raise NoSuchSwitch(f"没有“{name}”这个开关，可用的有：{known}")
