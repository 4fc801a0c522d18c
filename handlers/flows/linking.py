"""Type the code that another channel showed."""

from __future__ import annotations

from dataclasses import dataclass

from handlers import linking
from handlers.dialogue import Do, Invalid, Steps, ask
from handlers.effects import UseLinkCode
from handlers.messages import Choice, Reply, Update


@dataclass(frozen=True)
class Code:
    """Eight figures, with or without a gap."""

    key: str = "code"

    def prompt(self) -> Reply:
        return Reply("请打另一边给您的 8 位号码。", choices=(Choice("/cancel", "取消"),))

    def parse(self, update: Update) -> str:
        found = linking.digits(update.text)
        if len(found) != 8:
            raise Invalid("号码是 8 位数字，请看清楚再打一次。")
        return found


def link() -> Steps:
    """Ask for the code and say what became of it."""
    code = yield from ask(Code())
    found = yield Do("found", UseLinkCode(code))
    yield linking.taken(found)
