"""「算一算」: a published formula, worked out line by line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from handlers.dialogue import Do, Invalid, Question, Steps, ask
from handlers.effects import Recall
from handlers.messages import Choice, Reply, Update
from handlers.questions import Choose
from knowledge.base import Knowledge
from knowledge.calculators import Calculator, Input, Unreadable, read
from knowledge.eligibility import DISCLAIMER
from knowledge.sums import NotCovered, Sum, work_out

_END = (Choice("/calculate", "再算别的"), Choice("/menu", "回到菜单"))
_UNSURE = Choice("unknown", "不清楚")


@dataclass(frozen=True)
class Typed:
    """A number or a day to be typed; 不清楚 where the calculation can do without."""

    key: str
    asked: Input

    def prompt(self) -> Reply:
        return Reply(self.asked.ask, (_UNSURE,) if self.asked.may_be_unknown else ())

    def parse(self, update: Update) -> str:
        said = update.text.strip().rstrip("。")
        try:
            self.asked.parse(said)
        except Unreadable as problem:
            raise Invalid(f"{problem}。") from None
        return said


def calculate(which: str, knowledge: Knowledge) -> Steps:
    """Ask what a calculator needs and show its lines."""
    start = yield Do("start", Recall())
    calculators = knowledge.library.calculators
    if which not in calculators:
        choices = tuple(Choice(id, one.title) for id, one in calculators.items())
        which = yield from ask(Choose("which", "想算哪一种？只用公开的公式和数字。", choices))
    calculator = calculators[which]
    said: dict[str, str] = {}
    for one in calculator.inputs:
        said[one.key] = yield from ask(_question(one))
    today = date.fromisoformat(start["today"])
    more = (Choice(f"/article {calculator.article}", "看政策全文"), *_END)
    try:
        found = work_out(calculator, read(calculator, said), today)
    except NotCovered as problem:
        yield Reply(f"{problem}", more)
        return
    yield Reply(told(calculator, found), more)


def told(calculator: Calculator, found: Sum) -> str:
    """The calculation as the person reads it."""
    lines = [f"【{calculator.title}】", *found.lines]
    if found.missing:
        lines.append("还缺：" + "、".join(found.missing) + "，所以没有算完。")
    lines += [f"请以当地答复为准：{line}" for line in calculator.bureau_decides]
    lines += [
        "依据：" + "；".join(map(str, found.sources)),
        f"适用：{calculator.region}。{DISCLAIMER}",
    ]
    return "\n".join(lines)


def _question(one: Input) -> Question[str]:
    if one.kind != "choice":
        return Typed(one.key, one)
    return Choose(one.key, one.ask, tuple(Choice(o.value, o.label) for o in one.options))
