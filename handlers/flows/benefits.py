"""「我能享受哪些待遇」: at most eight questions, then what one is entitled to and why."""

from __future__ import annotations

from collections.abc import Generator
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
from knowledge.verdict_text import GROUPS, detail, overview

MOST_QUESTIONS = 8
_SHOWN = 12
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

    def key(self, name: str) -> str:
        self.number += 1
        return f"{name}{self.number}"

    def known(self) -> Profile:
        return profile(self.said, self.judge.facts)

    def verdicts(self) -> list[Verdict]:
        return self.judge.verdicts(self.known(), self.today)


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
            said = dict(start["profile"])
    talk = _Talk(
        knowledge, Judge(knowledge.library), date.fromisoformat(start["today"]), other, said
    )
    yield from _questions(talk)
    yield from _results(talk)


def _questions(talk: _Talk) -> Generator[Step, Any, None]:
    while len(talk.said) < MOST_QUESTIONS:
        fact = talk.judge.next_fact(talk.known(), talk.said, talk.today)
        if fact is None:
            return
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
    while True:
        choices = _choices(talk)
        wish = yield from ask(
            Choose(talk.key("next"), "想看哪一项？点开看依据、材料和去哪办。", choices)
        )
        if wish.startswith("see-"):
            if (yield from _one(talk, wish.removeprefix("see-"))):
                return
        elif wish == "change":
            yield from _change(talk)
        elif wish == "list":
            yield from _list(talk)
        elif wish == "keep":
            yield Do("profile", KeepProfile(tuple(talk.said.items())))
            yield Reply("记住了，下次可以接着用。想删，发“忘记我”。", (_END,))
            return
        else:
            yield Reply("好的。回答没有保存。还有别的事，随时来问。", (_END,))
            return


def _choices(talk: _Talk) -> tuple[Choice, ...]:
    order = [result for result, _ in GROUPS[:2]]
    open_ones = [one for one in talk.verdicts() if one.result in order]
    ranked = sorted(open_ones, key=lambda one: order.index(one.result))
    return (
        *(Choice(f"see-{one.rule.id}", one.rule.title) for one in ranked[:_SHOWN]),
        Choice("change", "改答案"),
        Choice("list", "清单"),
        Choice("keep", "记住我的情况"),
        Choice("end", "不看了"),
    )


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
    yield from _questions(talk)
    yield Reply(overview(talk.verdicts(), facts))


def _list(talk: _Talk) -> Generator[Step, Any, None]:
    """Everything as text to copy or print, one message a group."""
    verdicts = talk.verdicts()
    for result, title in GROUPS:
        parts = [detail(one, talk.judge.facts) for one in verdicts if one.result == result]
        if parts:
            yield Reply(f"待遇清单·{title}（{talk.today}）\n\n" + "\n\n".join(parts))
