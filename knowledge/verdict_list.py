"""All verdicts on one person in groups: short for a phone, with papers and places for printing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from knowledge.eligibility import DISCLAIMER, Result, Verdict
from knowledge.facts import Fact, Profile
from knowledge.schema import Article
from knowledge.verdict_text import not_yet

GROUPS: tuple[tuple[Result, str], ...] = (
    ("符合", "现在就能办"),
    ("还差信息", "还差信息"),
    ("不符合", "不符合"),
)
_SHOWN = 5
"""Open and failed benefits named on a phone; the list for paper has them all."""


def ranked(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """As people want them: what they get, then what is nearly settled; the specific first."""
    order = [result for result, _ in GROUPS]
    return sorted(
        verdicts,
        key=lambda one: (
            order.index(one.result),
            of_others(one),
            len(one.missing),
            -len(one.checked),
        ),
    )


def overview(verdicts: Iterable[Verdict], facts: Mapping[str, Fact]) -> str:
    """The result by group; benefits of other identities are counted, not listed."""
    listed = ranked(verdicts)
    parts = [_group(title, [one for one in listed if one.result == result], facts)
             for result, title in GROUPS]  # fmt: skip
    return "\n\n".join([*(part for part in parts if part), DISCLAIMER])


def paper(
    verdicts: Iterable[Verdict],
    facts: Mapping[str, Fact],
    articles: Mapping[str, Article],
    known: Profile,
    today: date,
) -> str:
    """The whole result to print or to copy: what to bring, where to go, why not, the sources."""
    listed = ranked(verdicts)
    can = [_errand(one, articles[one.rule.article])
           for one in listed if one.result == "符合"]  # fmt: skip
    may = [f"{one.rule.title}\n   还要知道：{_wanted(one, facts)}"
           for one in listed if one.result == "还差信息"]  # fmt: skip
    no = [f"{one.rule.title}\n   {_why_not(one)}"
          for one in listed if one.result == "不符合" and not of_others(one)]  # fmt: skip
    said = [f"{facts[key].label}：{facts[key].say(value)}" for key, value in known.items()]
    head = f"待遇清单（{today.year}年{today.month}月{today.day}日，按您的回答判断）"
    groups = (("现在就能办", can), ("还差信息", may), ("不符合", no),
              ("给别的身份的", _for_others(listed)), ("您的回答", said))  # fmt: skip
    parts = [_numbered(title, lines) for title, lines in groups if lines]
    return "\n\n".join([head, *parts, "依据：" + "；".join(_sources(listed)) + f"\n{DISCLAIMER}"])


def of_others(verdict: Verdict) -> bool:
    """Whether it is a no because the benefit is for people of another identity."""
    return verdict.result == "不符合" and verdict.checked[0].value is False


def _group(title: str, verdicts: list[Verdict], facts: Mapping[str, Fact]) -> str:
    own = [one for one in verdicts if not of_others(one)]
    shown = own if title == GROUPS[0][1] else own[:_SHOWN]
    lines = [f"· {one.rule.title}：{_because(one, facts)}" for one in shown]
    if more := len(own) - len(shown):
        lines.append(f"· 另有{more}项，点“全部清单”看")
    if others := len(verdicts) - len(own):
        lines.append(f"· 另有{others}项是给别的身份的；您还有别的身份，点“改答案”换身份再看")
    return "\n".join([f"{title}（{len(verdicts)}项）：", *lines]) if verdicts else ""


def _because(verdict: Verdict, facts: Mapping[str, Fact]) -> str:
    if verdict.result == "符合":
        return verdict.rule.gives
    if verdict.result == "还差信息":
        return f"还要知道{_wanted(verdict, facts)}"
    return _why_not(verdict)


def _wanted(verdict: Verdict, facts: Mapping[str, Fact]) -> str:
    return "、".join(facts[fact].label for fact in verdict.missing[:4])


def _why_not(verdict: Verdict) -> str:
    return not_yet(verdict) or "；".join(f"要“{one.text}”" for one in verdict.failed)


def _errand(verdict: Verdict, article: Article) -> str:
    body = article.answer
    lines = [verdict.rule.title, verdict.rule.gives]
    if body.materials:
        lines.append("带什么：" + "；".join(body.materials))
    if body.where:
        lines.append(f"去哪里：{body.where}")
    if verdict.rule.bureau_decides:
        lines.append(f"以当地答复为准：{verdict.rule.bureau_decides}")
    return "\n   ".join(lines)


def _for_others(verdicts: Iterable[Verdict]) -> list[str]:
    """Benefits of other identities by the condition that fails."""
    titles: dict[str, list[str]] = {}
    for one in verdicts:
        if of_others(one):
            titles.setdefault(one.failed[0].text, []).append(one.rule.title)
    return [f"{'、'.join(names)}\n   要“{why}”" for why, names in titles.items()]


def _numbered(title: str, lines: list[str]) -> str:
    return "\n".join([f"{title}：", *(f"{n}. {line}" for n, line in enumerate(lines, 1))])


def _sources(verdicts: Iterable[Verdict]) -> list[str]:
    """Who says so, each law once; what is for other identities is left out."""
    laws: dict[str, set[int]] = {}
    others: dict[str, None] = {}
    shown = (one for one in verdicts if not of_others(one))
    for source in (check.condition.source for one in shown for check in one.checked):
        if source.law:
            laws.setdefault(source.law, set()).update(source.articles)
        else:
            others[str(source)] = None
    named = (f"《{law}》" + "、".join(f"第{n}条" for n in sorted(laws[law])) for law in laws)
    return [*named, *others]
