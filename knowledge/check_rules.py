"""What a schema cannot say about rules and calculators: dead articles, laws that say otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TypeAlias

from knowledge.cases import Cases
from knowledge.check import faults
from knowledge.eligibility import Judge
from knowledge.facts import FactError, profile
from knowledge.library import Library
from knowledge.load import Problem, line_of
from knowledge.rule_text import stopped
from knowledge.rules import Rule, facts_in
from knowledge.schema import Slug, Source
from knowledge.statutes import Texts, figures, text_of

Where: TypeAlias = tuple[str | int, ...]


def check(library: Library, today: date) -> list[Problem]:
    """Every problem of rules, calculators and facts."""
    found = [*_dead_ends(library), *_facts(library), *_examples(library)]
    for path, place, source in _cited(library):
        found += [Problem(path, line_of(path, *place), m) for m in faults(library, source, today)]
    return sorted(found, key=lambda problem: (str(problem.file), problem.line))


def check_texts(library: Library, texts: Texts) -> Iterator[Problem]:
    """Cited articles must exist, and the figures of a condition stand in the article it cites."""
    for path, place, source in _cited(library):
        for number in source.articles:
            if source.law in texts and number not in texts[source.law or ""]:
                message = f"《{source.law}》没有第 {number} 条，请对照全文改正"
                yield Problem(path, line_of(path, *place), message)
    for rule in library.rules.values():
        path = library.files[f"rule:{rule.id}"]
        for number, condition in enumerate(rule.conditions):
            if condition.source.law not in texts:
                continue
            wrong = figures(condition.text) - figures(text_of(condition.source, texts))
            if wrong:
                message = (
                    f"{'、'.join(sorted(wrong))} 不在{condition.source}的条文里，请对照全文改正"
                )
                yield Problem(path, line_of(path, "conditions", number), message)


def _dead_ends(library: Library) -> Iterator[Problem]:
    for rule in library.rules.values():
        path = library.files[f"rule:{rule.id}"]
        yield from _page(library, path, rule.article, rule.region)
        if rule.service is not None and rule.service not in library.services:
            yield Problem(path, line_of(path, "service"), f"没有服务 {rule.service}，请改正")
    for one in library.calculators.values():
        yield from _page(library, library.files[f"calculator:{one.id}"], one.article, one.region)


def _page(library: Library, path: Path, article: Slug, region: str) -> Iterator[Problem]:
    if article not in library.articles:
        yield Problem(path, line_of(path, "article"), f"没有文章 {article}，请改正")
    if region not in library.regions:
        yield Problem(path, line_of(path, "region"), f"regions.yaml 里没有地区“{region}”")


def _facts(library: Library) -> Iterator[Problem]:
    """A fact no rule uses would be asked of nobody."""
    rules = library.rules.values()
    used = {fact for rule in rules for one in rule.conditions for fact in facts_in(one.when)}
    path = library.root / "benefits" / "facts.yaml"
    for number, fact in enumerate(library.facts.values()):
        if fact.asked and fact.id not in used:
            message = f"没有一条规则用到 {fact.id}，请删掉，或写进规则"
            yield Problem(path, line_of(path, "facts", number), message, "warning")


def _examples(library: Library) -> Iterator[Problem]:
    """Every rule has examples, every condition one that fails by it, and all come out right."""
    path, judge = library.root / "benefits" / "cases.yaml", Judge(library)
    for id in library.rules.keys() - library.cases.keys():
        message = f"cases.yaml 里没有 {id} 的例子，请补上界线两边的"
        yield Problem(library.files[f"rule:{id}"], 1, message)
    for place, cases in enumerate(library.cases.values()):
        if (rule := library.rules.get(cases.id)) is None:
            yield Problem(path, line_of(path, "cases", place), f"没有规则 {cases.id}，请改正")
            continue
        for at, message in _wrong(judge, rule, cases):
            yield Problem(path, line_of(path, "cases", place, *at), message)


def _wrong(judge: Judge, rule: Rule, cases: Cases) -> Iterator[tuple[Where, str]]:
    """What is wrong with a rule's examples, and where."""
    for said, wanted, at in cases.worked():
        try:
            found = judge.verdict(rule, profile(said, judge.facts), cases.day).result
        except FactError as problem:
            yield at, str(problem)
            return
        if found != wanted:
            yield at, f"这个例子应当{wanted}，判断出来却是{found}；规则和例子有一个不对"
    for number, condition in enumerate(rule.conditions):
        if not stopped(judge, rule, number):
            yield ("fails",), f"没有例子卡在“{condition.text}”上，请补一个"


def _cited(library: Library) -> Iterator[tuple[Path, tuple[str | int, ...], Source]]:
    for rule in library.rules.values():
        for number, condition in enumerate(rule.conditions):
            yield library.files[f"rule:{rule.id}"], ("conditions", number), condition.source
    for one in library.calculators.values():
        path = library.files[f"calculator:{one.id}"]
        for number, source in enumerate(one.sources):
            yield path, ("sources", number), source
        for number, parameter in enumerate(one.parameters):
            for nth, figure in enumerate(parameter.figures):
                yield path, ("parameters", number, "figures", nth), figure.source
