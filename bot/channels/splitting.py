"""Long texts in parts a channel takes, cut where a reader would pause."""

from __future__ import annotations

from collections.abc import Callable

_BREAKS = (("\n\n",), ("\n",), tuple("。！？；!?;…"), tuple("，、, "))
"""Where a text may be cut, best first."""
_CLOSING = "”’」』）》)"


def utf16_units(text: str) -> int:
    """How Telegram counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8_bytes(text: str) -> int:
    """How WeChat counts."""
    return len(text.encode("utf-8", "surrogatepass"))


def split(text: str, limit: int, size: Callable[[str], int] = len) -> list[str]:
    """Cut a text at paragraphs, lines or sentences into parts that measure at most ``limit``."""
    parts, rest = [], text.strip()
    while size(rest) > limit:
        cut = _cut(rest, _fitting(rest, limit, size))
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [part for part in (*parts, rest) if part]


def _fitting(text: str, limit: int, size: Callable[[str], int]) -> int:
    """How many characters from the beginning measure at most ``limit``; at least one."""
    used = 0
    for at, sign in enumerate(text):
        used += size(sign)
        if used > limit:
            return max(at, 1)
    return len(text)


def _cut(text: str, end: int) -> int:
    """The best place to cut before ``end``, unless that leaves less than half a message."""
    for marks in _BREAKS:
        at = max(text.rfind(mark, 0, end) for mark in marks)
        if at >= end // 2:
            return _behind_closing(text, at + 1, end)
    return end


def _behind_closing(text: str, at: int, end: int) -> int:
    while at < end and text[at] in _CLOSING:
        at += 1
    return at
