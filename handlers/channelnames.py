"""What people and staff call a channel."""

from __future__ import annotations

from collections.abc import Iterable

_NAMES = {
    "telegram": "Telegram",
    "web": "网页聊天",
    "wechat": "微信",
    "terminal": "终端",
    "sms": "短信",
}


def called(channel: str) -> str:
    """``微信`` for ``wechat``; a channel without a Chinese name keeps its own."""
    return _NAMES.get(channel, channel)


def listed(channels: Iterable[str]) -> str:
    """``微信、网页聊天``, each once."""
    return "、".join(dict.fromkeys(called(one) for one in channels))
