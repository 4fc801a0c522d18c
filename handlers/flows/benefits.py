"""「我能享受哪些待遇」: at most eight questions, then what one is entitled to and why."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from handlers.dialogue import Do, Invalid, Question, Step, Steps, ask
from handlers.effects import KeepProfile, Recall
from handlers.flows.request import request
from handlers.messages import Choice, Reply, Update
from handlers.questions import Choose
from knowledge.base import Knowledge
from knowledge.eligibility import Judge, Verdict
from knowledge.facts import UNKNOWN, Fact, FactError, Profile, parse, profile
from knowledge.render import render
from knowledge.verdict_list import of_others, overview, paper, ranked
from knowledge.verdict_text import detail

MOST_QUESTIONS = 8
_SHOWN = 6
"""Benefits a person is offered at a time: more buttons nobody reads on a phone."""
_PICK = "想看哪一项？点开看依据、材料和去哪办。"
_UNSURE = Choice("unknown", "不清楚")
_END = Choice("/menu", "回到菜单")


@dataclass(frozen=True)
class Typed:
    """A fact to be typed – a date or a number – or 不清楚. The answer is kept as typed."""

    key: str
    text: str
    fact: Fact

    def prompt(self) -> Reply:
        return Reply(self.text, (_UNSURE,))

    def parse(self, update: Update) -> str:
        said = update.text.strip().rstrip("。")
        try:
            parse(self.fact, said)
        except FactError as problem:
            raise Invalid(f"{problem}。不知道就点“不清楚”。") from None
        return "unknown" if said in UNKNOWN else said


@dataclass
class _Talk:
    """Where this conversation stands; rebuilt on every replay."""

    knowledge: Knowledge
    judge: Judge
    today: date
    other: bool
    said: dict[str, str]
    number: int = 0
    left: int = MOST_QUESTIONS
    """Questions that may still be asked."""

    def key(self, name: str) -> str:
        self.number += 1
        return f"{name}{self.number}"

    def known(self) -> Profile:
        return profile(self.said, self.judge.facts)

    def verdicts(self) -> list[Verdict]:
        return ranked(self.judge.verdicts(self.known(), self.today))

    def open_question(self) -> Fact | None:
        """What could be asked next, if anything still changes a result."""
        return self.judge.next_fact(self.known(), self.said, self.today)

    def ask_again(self) -> None:
        """Eight questions again, less what is known already and still matters."""
        matters = {fact for one in self.verdicts() if not of_others(one) for fact in one.facts}
        self.left = max(0, MOST_QUESTIONS - len(matters & set(self.said)))


def benefits(knowledge: Knowledge) -> Steps:
    """Find out what somebody is entitled to."""
    start = yield Do("start", Recall())
    yield Reply(
        "我最多问八个问题，告诉您哪些待遇符合、哪些不符合、还差什么。答不上来就点“不清楚”。\n"
        "回答只在这次对话里用，不保存。说错了发“返回”，不查了发“取消”。"
    )
    who = (Choice("self", "我自己"), Choice("relative", "家里人"))
    other = (yield from ask(Choose("whom", "帮谁查？", who))) == "relative"
    said: dict[str, str] = {}
    if start["profile"] and not other:
        reuse = (Choice("yes", "接着用"), Choice("no", "重新答"))
        if (
            yield from ask(Choose("reuse", "您上次让我记住的情况还在，接着用吗？", reuse))
        ) == "yes":
            said = _readable(start["profile"], knowledge.library.facts)
    today = date.fromisoformat(start["today"])
    talk = _Talk(knowledge, Judge(knowledge.library), today, other, said)
    talk.left = MOST_QUESTIONS - len(said)
    yield from _questions(talk)
    yield from _results(talk)


def _readable(kept: dict[str, str], facts: Mapping[str, Fact]) -> dict[str, str]:
    """What was kept, without facts whose form has changed since."""
    found: dict[str, str] = {}
    for key, said in kept.items():
        try:
            profile({**found, key: said}, facts)
        except FactError:
            continue
        found[key] = said
    return found


def _questions(talk: _Talk) -> Generator[Step, Any, None]:
    while talk.left > 0:
        fact = talk.open_question()
        if fact is None:
            return
        talk.left -= 1
        yield from _answer(talk, fact)


def _answer(talk: _Talk, fact: Fact) -> Generator[Step, Any, None]:
    """Ask for one fact until it agrees with the others."""
    while True:
        said = yield from ask(_question(talk, fact))
        before, talk.said[fact.id] = dict(talk.said), said
        try:
            talk.known()
        except FactError as problem:
            talk.said = {key: one for key, one in before.items() if key != fact.id}
            yield Reply(f"{problem}。请再答一次。")
        else:
            return


def _question(talk: _Talk, fact: Fact) -> Question[str]:
    text = fact.ask.replace("您", "他（她）") if talk.other else fact.ask
    key = talk.key(fact.id)
    if fact.kind in ("date", "number"):
        return Typed(key, text, fact)
    choices = tuple(Choice(one.value, one.label) for one in fact.options)
    if fact.kind == "yes":
        choices = (Choice("yes", "是（有）"), Choice("no", "不是（没有）"))
    return Choose(key, text, (*choices, _UNSURE))


def _results(talk: _Talk) -> Generator[Step, Any, None]:
    yield Reply(overview(talk.verdicts(), talk.judge.facts))
    page = 0
    while True:
        wish = yield from ask(Choose(talk.key("next"), _PICK, _choices(talk, page)))
        page = page + 1 if wish == "more" else 0
        if wish.startswith("see-"):
            if (yield from _one(talk, wish.removeprefix("see-"))):
                return
        elif wish == "change":
            yield from _change(talk)
        elif wish == "further":
            talk.left = MOST_QUESTIONS
            yield from _questions(talk)
            yield Reply(overview(talk.verdicts(), talk.judge.facts))
        elif wish == "list":
            yield Reply(_paper(talk))
        elif wish == "keep":
            yield Do("profile", KeepProfile(tuple(talk.said.items())))
            yield Reply("记住了，下次可以接着用。想删，发“忘记我”。", (_END,))
            return
        elif wish == "end":
            yield Reply("好的。回答没有保存。还有别的事，随时来问。", (_END,))
            return


def _choices(talk: _Talk, page: int) -> tuple[Choice, ...]:
    """One page of benefits – the last leads back to the first – and what else one may do."""
    found = talk.verdicts()
    start = page * _SHOWN % (-(-len(found) // _SHOWN) * _SHOWN)
    return (
        *(Choice(f"see-{one.rule.id}", one.rule.title) for one in found[start : start + _SHOWN]),
        Choice("more", "更多待遇"),
        *((Choice("further", "再答几题，查还差信息的"),) if talk.open_question() else ()),
        Choice("list", "全部清单（可打印）"),
        Choice("change", "改答案"),
        Choice("keep", "记住我的情况"),
        Choice("end", "不看了"),
    )


def _paper(talk: _Talk) -> str:
    library = talk.knowledge.library
    return paper(talk.verdicts(), library.facts, library.articles, talk.known(), talk.today)


def _one(talk: _Talk, id: str) -> Generator[Step, Any, bool]:
    """One benefit; True when it ended in a request."""
    library = talk.knowledge.library
    rule = library.rules[id]
    article = library.articles[rule.article]
    verdict = talk.judge.verdict(rule, talk.known(), talk.today)
    body = article.answer
    bring = "带什么：" + "；".join(body.materials) if body.materials else ""
    where = f"去哪里：{body.where}" if body.where else ""
    yield Reply("\n".join(filter(None, (detail(verdict, talk.judge.facts), bring, where))))
    choices = (Choice("do", "帮我办"), Choice("read", "看政策全文"), Choice("back", "回到结果"))
    wish = yield from ask(Choose(talk.key("then"), "接下来？", choices))
    if wish == "do":
        service = library.services[rule.service or "policy-question"]
        yield from request(service, talk.knowledge)
        return True
    if wish == "read":
        yield Reply(render(article, today=talk.today))
    return False


def _change(talk: _Talk) -> Generator[Step, Any, None]:
    facts = talk.judge.facts
    known = talk.known()
    choices = tuple(
        Choice(id, f"{facts[id].label}：{facts[id].say(known[id]) if id in known else '不清楚'}")
        for id in talk.said
    )
    wish = yield from ask(Choose(talk.key("change"), "改哪一个？", choices))
    yield from _answer(talk, facts[wish])
    talk.ask_again()
    yield from _questions(talk)
    yield Reply(overview(talk.verdicts(), facts))
