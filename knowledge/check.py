"""What a schema cannot say about the knowledge base: contradictions, dead ends, stale dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from knowledge.load import Library, Problem, line_of
from knowledge.schema import Article, Source

HOTLINES = frozenset(
    {"110", "119", "120", "122", "12345", "12348", "12356", "12333", "12366", "12315"}
)
_PHONE = re.compile(
    r"(?<![\d.\-年第〔])(?:0\d{2,3}-?)?\d{7,8}(?![\d.年号元])|(?<!\d)1[3-9]\d{9}(?!\d)"
)
_IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_KINDS = ("nearby", "request:")


def check(library: Library, today: date) -> list[Problem]:
    """Every problem found, errors and warnings, by file and line."""
    problems: list[Problem] = []
    for article in library.articles.values():
        for look in (_links, _sources, _dates, _personal, _overmatched):
            problems += look(library, article, today)
    for look_over in (_repeated, _services, _unreachable, _contradictions, _promises):
        problems += look_over(library)
    return sorted(problems, key=lambda problem: (str(problem.file), problem.line))


def _links(library: Library, article: Article, _today: date) -> Iterator[Problem]:
    for number, id in enumerate(article.see_also):
        if id not in library.articles:
            yield _at(library, article, f"没有文章 {id}，请改正或删掉", "see_also", number)
    for number, other in enumerate(article.not_to_be_confused_with):
        place = ("not_to_be_confused_with", number)
        if other.id not in library.articles:
            yield _at(library, article, f"没有文章 {other.id}，请改正或删掉", *place)
    if article.replaced_by and article.replaced_by not in library.articles:
        yield _at(library, article, f"没有文章 {article.replaced_by}", "replaced_by")
    if article.region not in library.regions:
        yield _at(library, article, f"regions.yaml 里没有地区“{article.region}”", "region")
    if article.flow and not article.flow.startswith(_KINDS):
        yield _at(library, article, f"不认识 {article.flow}", "flow")
    service = (article.flow or "").removeprefix("request:")
    if (article.flow or "").startswith("request:") and service not in library.services:
        yield _at(library, article, f"没有服务 {service}", "flow", level="warning")


def _sources(library: Library, article: Article, today: date) -> Iterator[Problem]:
    for number, source in enumerate(article.sources):
        for message in _faults(library, source, today):
            yield _at(library, article, message, "sources", number)
    for number, amount in enumerate(article.amounts):
        for message in _faults(library, amount.source, today):
            yield _at(library, article, message, "amounts", number)
        if amount.annual and (today - amount.as_of).days > 500:
            message = f"“{amount.label}”每年调整，这个数字已超过一个周期，请核对或删掉"
            yield _at(library, article, message, "amounts", number, level="warning")


def _faults(library: Library, source: Source, today: date) -> Iterator[str]:
    if source.trial_until and source.trial_until < today:
        yield f"{source} 的试行期已过（{source.trial_until}），请查明是否继续有效"
    if source.law is None:
        return
    law = library.laws.get(source.law)
    if law is None:
        yield f"sources.yaml 里没有《{source.law}》，请先登记"
        return
    if law.repealed_on and law.repealed_on <= today:
        yield f"《{law.name}》已于 {law.repealed_on} 废止，请改引《{law.replaced_by}》"
    if law.articles:
        for number in source.articles:
            if not 1 <= number <= law.articles:
                yield f"《{law.name}》只有 {law.articles} 条，没有第 {number} 条"


def _dates(library: Library, article: Article, today: date) -> Iterator[Problem]:
    if article.overdue(today):
        message = f"复核期限 {article.review_by} 已过，请核对后改 assured_on 和 review_by"
        yield _at(library, article, message, "review_by", level="warning")
    if article.assured_on > today:
        yield _at(library, article, "核对日期在将来", "assured_on")


def _personal(library: Library, article: Article, _today: date) -> Iterator[Problem]:
    for line, text in enumerate(_file(library, article).read_text("utf-8").splitlines(), 1):
        if "url" in text or "http" in text:
            continue
        if _IDENTITY.search(text) or _PHONE.search(text):
            message = "这里像是电话或身份证号；电话只能写有来源的全国热线，其余请删掉"
            yield Problem(_file(library, article), line, message)


def _overmatched(library: Library, article: Article, _today: date) -> Iterator[Problem]:
    for number, question in enumerate(article.questions):
        found = library.index.search(question, limit=2)
        if found and found[0].id != article.id:
            message = (
                f"“{question}”会被“{library.entry_title(found[0].id)}”抢答，请换个问法或分清两条"
            )
            yield _at(library, article, message, "questions", number)


def _repeated(library: Library) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for article in library.articles.values():
        for number, question in enumerate(article.questions):
            plain = library.reader.plain(question)
            other = seen.setdefault(plain, article.id)
            if other != article.id:
                message = f"“{question}”在 {other} 里已有同样的问法，请只留一处"
                yield _at(library, article, message, "questions", number)


def _services(library: Library) -> Iterator[Problem]:
    for service in library.services.values():
        for number, id in enumerate(service.articles):
            if id not in library.articles:
                path = library.files[service.id]
                yield Problem(path, line_of(path, "articles", number), f"没有文章 {id}")


def _unreachable(library: Library) -> Iterator[Problem]:
    """An article that none of its own ways of asking finds first."""
    for article in library.articles.values():
        found = (library.index.search(question, limit=1) for question in article.questions)
        if not any(one and one[0].id == article.id for one in found):
            message = "没有一种问法能找到这一条，请改写 questions"
            yield _at(library, article, message, "questions")


def _contradictions(library: Library) -> Iterator[Problem]:
    """Two articles that give different figures for the same thing, place and time."""
    seen: dict[tuple[str, str, date], tuple[str, str]] = {}
    for article in library.articles.values():
        for number, amount in enumerate(article.amounts):
            key = (library.reader.plain(amount.label), amount.region, amount.as_of)
            value, other = seen.setdefault(key, (amount.value, article.id))
            if value != amount.value:
                message = (
                    f"“{amount.label}”这里写 {amount.value}，{other} 写 {value}，请查明后改成一致"
                )
                yield _at(library, article, message, "amounts", number)


def _promises(library: Library) -> Iterator[Problem]:
    path = library.root / "coverage.yaml"
    for number, promise in enumerate(library.promises):
        dead = [id for id in promise.articles if id not in library.articles]
        dead += [id for id in promise.services if id not in library.services]
        for id in dead:
            message = f"“{promise.said}”写的 {id} 不存在，请改正"
            yield Problem(path, line_of(path, "promises", number), message)


def _file(library: Library, article: Article) -> Path:
    return library.files[article.id]


def _at(
    library: Library, article: Article, message: str, *place: str | int, level: str = "error"
) -> Problem:
    path = _file(library, article)
    return Problem(
        path, line_of(path, *place), message, "warning" if level == "warning" else "error"
    )
