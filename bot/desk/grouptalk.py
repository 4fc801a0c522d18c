"""What a member of a group wants, read from what they typed, answered or pressed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.channels.staffroom import GroupMessage

COMMANDS = {
    "open": "看在办工单，加编号看一张",
    "mine": "我手上的工单",
    "claim": "接单",
    "assign": "指派给同事，或转派给部门（写原因）",
    "note": "写内部备注，不发给当事人",
    "reply": "回复当事人（本部门允许时）",
    "ask": "请当事人补材料（本部门允许时）",
    "close": "办结",
    "reopen": "重开已办结的工单",
    "sla": "还剩多少时间",
    "canned": "常用语，加序号发出去",
    "help": "怎么用",
}
"""What can be typed, with what Telegram shows beside it."""
PROMPTS = {"assign": "转派", "note": "备注", "ask": "待补材料", "reply": "回复"}
"""What is asked for after a button; the answer to the question does it."""
_COMMAND = re.compile(r"/([a-z]+\??)(?:\s+|$)(.*)", re.DOTALL)
_NUMBER = re.compile(r"[Tt](\d{1,9})(?!\d)\s*(.*)", re.DOTALL)
_IN_OURS = re.compile(r"\bT\d{6,9}\b")


@dataclass(frozen=True)
class Wish:
    """What somebody wants: a word of ``COMMANDS``, or one of a button."""

    what: str
    number: str = ""
    """Of the ticket, if they named one or spoke in its topic."""
    words: str = ""
    note: str = ""
    """What stays inside: the lines that begin with ``//``."""


def read(said: GroupMessage, topic: str = "") -> Wish | None:
    """The wish; None for what is said among colleagues. ``topic`` is the number of the ticket
    whose topic it was said in."""
    text = said.text.strip()
    asked, about = _answered(said.answers or "")
    number = about or topic
    if found := _COMMAND.fullmatch(text):
        return _command(found[1], found[2], number)
    inside, outside = parted(text)
    if asked == "note":
        return Wish("note", number, _joined(outside, inside))
    if inside and not outside:
        return Wish("note", number, inside) if number else None
    if said.answers is not None and number:
        return Wish(asked or "reply", number, outside, note=inside)
    return Wish("chat", topic) if topic else None


def parted(text: str) -> tuple[str, str]:
    """The lines that stay inside, and the others."""
    lines = text.splitlines()
    inside = [one.strip().lstrip("/／").strip() for one in lines if _stays(one)]
    return "\n".join(inside).strip(), "\n".join(one for one in lines if not _stays(one)).strip()


def _stays(line: str) -> bool:
    return line.lstrip().startswith(("//", "／／"))


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)


def _command(word: str, rest: str, number: str) -> Wish:
    if named := _NUMBER.fullmatch(rest.strip()):
        number, rest = f"T{int(named[1]):06d}", named[2]
    inside, outside = parted(rest.strip())
    if word == "note":
        return Wish("note", number, _joined(outside, inside))
    return Wish(word, number, outside, note=inside)


def _answered(ours: str) -> tuple[str, str]:
    """What our message asked for, and the ticket it was about."""
    found = _IN_OURS.search(ours)
    number = found[0] if found else ""
    asked = next((k for k, v in PROMPTS.items() if ours.startswith(f"{v} {number}：")), "")
    return (asked, number) if number else ("", "")
