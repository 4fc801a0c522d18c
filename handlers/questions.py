"""The kinds of question a flow can ask."""

from __future__ import annotations

import re
from dataclasses import dataclass

from handlers.dialogue import Invalid
from handlers.masking import hide_numbers
from handlers.messages import Choice, Reply, Update

_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_LANDLINE = re.compile(r"(?<!\d)(?:0\d{2,3}-?)?[2-9]\d{6,7}(?!\d)")
_LONGEST = 1000
_BUTTON_BYTES = 64
"""What Telegram allows: https://core.telegram.org/bots/api#inlinekeyboardbutton"""
_NUMERALS = dict(zip("一二三四五六七八九", range(1, 10), strict=True))


@dataclass(frozen=True)
class Choose:
    """Pick one: by button, by number or by typing (part of) the label.

    Buttons carry the key before the value, so that a button of an earlier question pressed
    late does not answer this one; a value too long for a button goes by its number.
    """

    key: str
    text: str
    choices: tuple[Choice, ...]

    def prompt(self) -> Reply:
        buttons = (Choice(self._button(n, c), c.label) for n, c in enumerate(self.choices, 1))
        return Reply(self.text, tuple(buttons))

    def parse(self, update: Update) -> str:
        said = update.text.strip().rstrip("。.!！、")
        for number, choice in enumerate(self.choices, start=1):
            names = (str(number), self._button(number, choice), choice.value, choice.label)
            if said in names or _NUMERALS.get(said) == number:
                return choice.value
        near = [c.value for c in self.choices if said and (c.label in said or said in c.label)]
        if len(near) == 1:
            return near[0]
        raise Invalid("请点下面的按钮，或者回复选项前面的数字。不想继续了，发“取消”。")

    def _button(self, number: int, choice: Choice) -> str:
        button = f"{self.key}={choice.value}"
        return button if len(button.encode()) <= _BUTTON_BYTES else f"{self.key}#{number}"


@dataclass(frozen=True)
class Text:
    """Free text of at least ``minimum`` characters; of numbers nobody asked for nothing is kept."""

    key: str
    text: str
    minimum: int = 1

    def prompt(self) -> Reply:
        return Reply(self.text)

    def parse(self, update: Update) -> str:
        if update.unsupported:
            raise Invalid(f"我还看不了{update.unsupported}，请打字告诉我。")
        said = hide_numbers(update.text.strip())
        if len(said) < self.minimum:
            raise Invalid("请再说具体一点，工作人员才好帮您。几句话就行。")
        if len(said) > _LONGEST:
            raise Invalid(f"这段话超过 {_LONGEST} 个字了，请挑要紧的说，细节可以当面讲。")
        return said


@dataclass(frozen=True)
class Phone:
    """A mainland mobile number or a landline, typed or shared as a contact."""

    key: str
    text: str

    def prompt(self) -> Reply:
        return Reply(self.text, share="phone")

    def parse(self, update: Update) -> str:
        said = re.sub(r"[\s\-－—]", "", update.phone or update.text)
        said = re.sub(r"^(?:\+|00)?86(?=1)", "", said)
        if found := _MOBILE.search(said) or _LANDLINE.search(said):
            return found.group()
        raise Invalid(
            "这个号码好像不对。手机号是 11 位，座机请带上区号。请再发一次，例如 139 后面接 8 位数字。"
        )
