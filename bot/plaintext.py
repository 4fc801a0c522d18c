"""Text that shows what it says: nothing in it turns the line around, hides or cannot be stored."""

from __future__ import annotations

import re
from dataclasses import replace

from handlers.messages import Reply, Update

_NEW_LINES = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNSEEN = re.compile(
    "["
    "\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters; NUL no PostgreSQL takes
    "\xad\u200b\u2060\ufeff\ufff9-\ufffb"  # of no width
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # turn the direction of writing
    "\ud800-\udfff"  # halves of characters, which no encoding takes
    "\U000e0000-\U000e007f"  # tags
    "]"
)
"""The joiners U+200C and U+200D stay: emoji and scripts need them."""

_FORMULAS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
_FIGURE = re.compile(r"-?\d+(\.\d+)?%?")


def plain(text: str) -> str:
    """``text`` without what nobody can see; any kind of line end is ``\\n``."""
    return _UNSEEN.sub("", _NEW_LINES.sub("\n", text))


def plain_update(update: Update) -> Update:
    """The same update, its words and its number plain."""
    label = None if update.label is None else plain(update.label)
    return replace(update, id=plain(update.id), text=plain(update.text), label=label)


def plain_reply(reply: Reply) -> Reply:
    """The same reply, with plain words, whoever wrote them: an article, a list, a colleague."""
    return replace(reply, text=plain(reply.text), author=plain(reply.author))


def cell(text: str) -> str:
    """Text for a table file that no spreadsheet takes for a formula; Chinese ones know the wide
    signs too. (https://owasp.org/www-community/attacks/CSV_Injection)"""
    risky = text.lstrip().startswith(_FORMULAS) and not _FIGURE.fullmatch(text)
    return f"'{text}" if risky else text
