"""What Telegram's errors mean: for a reply on its way out, and in words for the operator."""

from __future__ import annotations

from datetime import timedelta

from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bot.channels.base import SlowDown, Uncertain, Undeliverable

_NEVER_LEFT = frozenset({"ConnectTimeout", "PoolTimeout", "ConnectionTimeoutError"})
"""Time-outs of httpx and aiohttp before a byte was sent."""


class TokenRefused(Exception):
    """Telegram does not know the token: nothing can work until somebody corrects it."""

    def __init__(self) -> None:
        super().__init__(
            "Telegram refuses the bot token. Check telegram.token (YOUJUN_TELEGRAM__TOKEN) and "
            "telegram.base_url; @BotFather shows the token again under /mybots."
        )


def of_delivery(problem: Exception) -> Exception:
    """The exception a courier understands; ``problem`` itself for trouble that passes.

    Staff read the words of an Undeliverable beside the reply that failed.
    """
    match problem:
        case RetryAfter():
            return SlowDown(asked_to_wait(problem))
        case ChatMigrated():
            return Undeliverable(f"群已升级，新编号 {problem.new_chat_id}，请改 staff_group")
        case Forbidden():
            return Undeliverable(f"对方已屏蔽我们或停用了账号（{problem.message}）", gone=True)
        case BadRequest():
            return Undeliverable(f"Telegram 不接受这条消息（{problem.message}）")
        case TimedOut() if type(problem.__cause__).__name__ not in _NEVER_LEFT:
            return Uncertain(problem.message)
    if _is_unreadable(problem):
        return Uncertain(f"the answer of Telegram could not be read: {problem}")
    return problem


def asked_to_wait(problem: Exception) -> float:
    """Seconds Telegram wants us to wait; 0 when it did not say."""
    if not isinstance(problem, RetryAfter):
        return 0.0
    wait = problem.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def is_answer(problem: TelegramError) -> bool:
    """Whether something came back, whatever it was. The cause of a failure of the line is that of
    the HTTP client; of an answer that could not be read, it is python-telegram-bot's."""
    return problem.__cause__ is None or isinstance(problem.__cause__, TelegramError)


def in_words(problem: Exception, *, secret: str) -> str:
    """One line that tells an operator what is wrong and what to do; never shows ``secret``."""
    said = " ".join(str(problem).split())[:200].replace(secret, "…")
    match problem:
        case RetryAfter():
            return f"Telegram asks us to wait {asked_to_wait(problem):g} s"
        case Conflict() if "webhook" in said:
            return (
                "a webhook is set for this bot, so Telegram hands out nothing to us; call the Bot "
                "API method deleteWebhook once and we go on by ourselves"
            )
        case Conflict():
            return (
                "another program fetches updates with the same token; stop it (a second copy of "
                "this service, or an old deployment)"
            )
        case InvalidToken():
            return (
                f"Telegram answered “{said}”; if this goes on, check telegram.token and "
                "telegram.base_url"
            )
        case TimedOut():
            return "Telegram did not answer in time; the network may be down"
        case BadRequest():
            return f"Telegram refuses what we ask for: {said}"
        case NetworkError():
            return f"Telegram cannot be reached or has trouble itself: {said}"
    return f"Telegram answered something we cannot use: {type(problem).__name__}: {said}"


def _is_unreadable(problem: Exception) -> bool:
    """An answer came, so the request was carried out, but it was no JSON or lacked fields."""
    return type(problem) is TelegramError or isinstance(problem, TypeError | KeyError | ValueError)
