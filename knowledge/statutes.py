"""Holds articles against the full texts of the laws they cite.

The texts are not part of the product: a folder of Markdown files named ``法名(日期).md``, each
article beginning a line with 第…条. Every cited article must exist, and every figure with a unit
that an article attributes to a law must stand in the text of the articles it cites.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from knowledge.load import Library, Problem, line_of
from knowledge.schema import Article, Source

Texts = Mapping[str, Mapping[int, str]]
"""Law → article number → text."""

_HEADING = re.compile(r"^第([一二三四五六七八九十百]+)条")
_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")}
_UNIT = r"(?:%|倍|元|万元|日|天|个月|周岁|年|人|平方米|㎡)"
_CHINESE = re.compile(rf"([一二三四五六七八九十百]+)(?={_UNIT})")
_FIGURE = re.compile(rf"(?<![\d.〔])(\d+(?:\.\d+)?)({_UNIT})")
_DATE = re.compile(r"\d{4}年(?:\d+月)?(?:\d+日)?|\d+月\d+日")


def read(folder: Path) -> Texts:
    """The laws in a folder. Raises FileNotFoundError if there are none."""
    found = {path.name.partition("(")[0]: _articles(path) for path in folder.glob("*.md")}
    if not found:
        raise FileNotFoundError(f"{folder} 里没有法规全文（*.md）")
    return found


def check(library: Library, texts: Texts) -> list[Problem]:
    """What the articles say of the laws and the laws do not, with file, line and remedy."""
    problems: list[Problem] = []
    for article in library.articles.values():
        problems += _missing_articles(library, article, texts)
        problems += _wrong_amounts(library, article, texts)
        problems += _wrong_figures(library, article, texts)
    return sorted(problems, key=lambda problem: (str(problem.file), problem.line))


def figures(text: str) -> set[str]:
    """Every number with a unit, dates apart: ``30%``, ``12个月``, ``60周岁``."""
    arabic = _CHINESE.sub(lambda found: str(number(found.group(1))), _DATE.sub("", text))
    return {amount + unit.replace("天", "日") for amount, unit in _FIGURE.findall(arabic)}


def number(chinese: str) -> int:
    """A Chinese numeral below a thousand: 五十二 → 52."""
    total, digit = 0, 0
    for character in chinese:
        if character in _DIGITS:
            digit = _DIGITS[character]
        else:
            total += (digit or 1) * (10 if character == "十" else 100)
            digit = 0
    return total + digit


def _articles(path: Path) -> dict[int, str]:
    found: dict[int, str] = {}
    current: int | None = None
    for line in path.read_text("utf-8").splitlines():
        if heading := _HEADING.match(line):
            current = number(heading.group(1))
            found[current] = line[heading.end() :]
        elif line.startswith("#"):
            current = None
        elif current is not None:
            found[current] += f"\n{line}"
    return found


def _missing_articles(library: Library, article: Article, texts: Texts) -> Iterator[Problem]:
    for index, source in enumerate(article.sources):
        if source.law and source.law in texts:
            for wanted in source.articles:
                if wanted not in texts[source.law]:
                    message = f"《{source.law}》没有第 {wanted} 条"
                    yield _at(library, article, message, "sources", index)


def _wrong_amounts(library: Library, article: Article, texts: Texts) -> Iterator[Problem]:
    for index, amount in enumerate(article.amounts):
        if amount.source.law in texts:
            missing = figures(amount.value) - figures(text_of(amount.source, texts))
            if missing:
                message = f"“{amount.label}”的 {_list(missing)} 不在{amount.source}的条文里"
                yield _at(library, article, message, "amounts", index)


def _wrong_figures(library: Library, article: Article, texts: Texts) -> Iterator[Problem]:
    """For an article that rests on these laws alone, every figure must be theirs."""
    if not all(source.law in texts for source in article.sources):
        return
    everything = "\n".join(text_of(source, texts) for source in article.sources)
    known = figures(everything)
    answer = article.answer
    parts = {"summary": (answer.summary,), "conditions": answer.conditions}
    parts |= {"steps": answer.steps, "exceptions": answer.exceptions}
    for name, lines in parts.items():
        for index, line in enumerate(lines):
            if missing := figures(line) - known:
                message = f"{_list(missing)} 不在所引条文里：“{line}”"
                yield _at(library, article, message, "answer", name, index)


def text_of(source: Source, texts: Texts) -> str:
    """The text of the articles a source cites; empty where we do not have the law."""
    if source.law is None or source.law not in texts:
        return ""
    law = texts[source.law]
    return "\n".join(law.get(wanted, "") for wanted in source.articles)


def _list(missing: set[str]) -> str:
    return "、".join(sorted(missing))


def _at(library: Library, article: Article, message: str, *place: str | int) -> Problem:
    path = library.files[article.id]
    return Problem(path, line_of(path, *place), f"{message}。请对照全文改正，或补上出处")
