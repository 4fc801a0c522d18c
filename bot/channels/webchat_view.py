"""How one message looks on the page: its parts, its time, and only links that are safe to open."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

from handlers.menu import welcome

_CHINA = timezone(timedelta(hours=8))
_TITLE = re.compile(r"^(\S{2,14})：$")
_ITEM = re.compile(r"^(?:· |(\d{1,2})\. )(.+)$")
_SOURCE = "依据"
_FOLDED = ("请以当地答复为准",)
"""Parts that are there for who wants them; their title says enough to everybody else."""
_NOTES = ("适用：", "部分内容来自", "这一条已到复核期")
_PICTURE = re.compile(r"^/chat/map/[\w.-]+\.svg$")


@dataclass
class Item:
    """One row of a list; ``number`` is empty for a bullet."""

    number: str
    text: str


@dataclass
class Part:
    """A run of text that belongs together: ``text``, ``list``, ``fold`` or ``note``."""

    kind: str
    title: str = ""
    items: list[Item] = field(default_factory=list)


def view(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A transcript entry with what the template needs besides."""
    return {
        **entry,
        "parts": [Part("text", "", [Item("", entry["text"])])]
        if entry["side"] == "person"
        else parts(entry["text"]),
        "time": _time(entry.get("at")),
        "sourced": f"\n{_SOURCE}：" in entry["text"],
        "links": [link for link in entry.get("links", ()) if _opens(link[0])],
        "pictures": [one for one in entry.get("pictures", ()) if _PICTURE.match(one[0])],
    }


def greeting() -> dict[str, Any]:
    """The first message of every page, which no transcript holds."""
    reply = welcome()
    choices = [[choice.value, choice.label] for choice in reply.choices]
    return view({"id": 0, "side": "bot", "text": reply.text, "choices": choices})


def parts(text: str) -> list[Part]:
    """The text cut where a reader sees parts: titled lists, the folded sources, notes."""
    found: list[Part] = []
    open_part: Part | None = None
    for line in text.split("\n"):
        if open_part and _continues(open_part, line):
            continue
        open_part = _begin(line)
        if open_part:
            found.append(open_part)
    return found


def _continues(part: Part, line: str) -> bool:
    """Put ``line`` into ``part`` if it belongs there."""
    if part.kind not in ("list", "fold"):
        return False
    if match := _ITEM.match(line):
        part.items.append(Item(match[1] or "", match[2]))
        return True
    if line.startswith("   ") and part.items:
        part.items[-1].text += "\n" + line.strip()
        return True
    return False


def _begin(line: str) -> Part | None:
    """A new part that starts with ``line``; None for an empty one."""
    if not line.strip():
        return None
    if line.startswith(f"{_SOURCE}："):
        sources = line.partition("：")[2].split("；")
        return Part("fold", f"{_SOURCE}：", [Item("", one) for one in sources])
    if match := _TITLE.match(line):
        return Part("fold" if match[1] in _FOLDED else "list", line)
    if match := _ITEM.match(line):
        return Part("list", "", [Item(match[1] or "", match[2])])
    return Part("note" if line.startswith(_NOTES) else "text", "", [Item("", line)])


def _time(at: str | None) -> str:
    """In Nantong's time, as one says it: 11月23日 14:05."""
    if not at:
        return ""
    moment = datetime.fromisoformat(at).astimezone(_CHINA)
    return f"{moment.month}月{moment.day}日 {moment:%H:%M}"


def _opens(url: str) -> bool:
    return url.startswith(("https://", "tel:", "/place/"))
