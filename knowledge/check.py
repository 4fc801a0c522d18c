"""What a schema cannot say about the knowledge base: contradictions, dead ends, stale dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from knowledge.load import Library, Problem, line_of
from knowledge.places import GROUPS
from knowledge.schema import RELATED, Article, Source

HOTLINES = frozenset(
    {"110", "119", "120", "122", "12306", "12315", "12333", "12345", "12348", "12356", "12366"}
)
"""National numbers an article may name."""
_PHONE = re.compile(
    r"(?<![\d.\-年第〔])(?:0\d{2,3}-?)?\d{7,8}(?![\d.年号元])|(?<!\d)1[3-9]\d{9}(?!\d)"
    r"|(?<!\d)[48]00-?\d{3,4}-?\d{3,4}(?!\d)"
)
_SHORT = re.compile(r"(?<![\d.\-〔])(?:12|9[56])\d{3}(?!\d|\.\d|\s*[元年月日号个人条])")
_URL = re.compile(r"https?://[^\s,，}]+")
_IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_POINTER = re.compile(r"看(?:另一条|“([^”]+)”)")
_WISHES = frozenset(
    {
        "human",
        "progress",
        "menu",
        "benefits",
        "calculate",
        "nearby",
        *(f"nearby:{kind}" for kind in GROUPS),
    }
)
"""What an intent may start; an article may start those that look nearby, or a request."""


def check(library: Library, today: date) -> list[Problem]:
    """Every problem found, errors and warnings, by file and line."""
    problems: list[Problem] = []
    for article in library.articles.values():
        for look in (_links, _flow, _sources, _dates, _personal, _overmatched):
            problems += look(library, article, today)
    for look_over in (
        *(_pointers, _repeated, _services, _unreachable, _contradictions, _promises),
        *(_one_way, _intents, _regions, _laws, _lexicon),
    ):
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


def _flow(library: Library, article: Article, _today: date) -> Iterator[Problem]:
    kind, _, service = (article.flow or "nearby").partition(":")
    if kind == "request" and service not in library.services:
        message = f"没有服务 {service}，请改成 services 目录里有的，或删掉 flow"
        yield _at(library, article, message, "flow")
    if kind != "request" and not (kind == "nearby" and (article.flow or kind) in _WISHES):
        message = (
            f"不认识 {article.flow}，只能是 request:服务编号、nearby 或 nearby:{'|'.join(GROUPS)}"
        )
        yield _at(library, article, message, "flow")


def _sources(library: Library, article: Article, today: date) -> Iterator[Problem]:
    for number, source in enumerate(article.sources):
        for message in faults(library, source, today):
            yield _at(library, article, message, "sources", number)
    for number, amount in enumerate(article.amounts):
        for message in faults(library, amount.source, today):
            yield _at(library, article, message, "amounts", number)
        if amount.annual and (today - amount.as_of).days > 500:
            message = f"“{amount.label}”每年调整，这个数字已超过一个周期，请核对或删掉"
            yield _at(library, article, message, "amounts", number, level="warning")


def faults(library: Library, source: Source, today: date) -> Iterator[str]:
    """What is wrong with a citation: an unknown or repealed law, an article beyond its last."""
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
    for line, row in enumerate(_file(library, article).read_text("utf-8").splitlines(), 1):
        text = _URL.sub("", row)
        short = set(_SHORT.findall(text)) - HOTLINES
        if short or _IDENTITY.search(text) or _PHONE.search(text):
            message = "这里像是电话或身份证号；电话只能写有来源的全国热线，其余请删掉"
            yield Problem(_file(library, article), line, message)


def _overmatched(library: Library, article: Article, _today: date) -> Iterator[Problem]:
    for number, question in enumerate(article.questions):
        found = library.index.search(question, limit=2, by_heart=False)
        if found and found[0].id != article.id:
            message = (
                f"“{question}”会被“{library.entry_title(found[0].id)}”抢答，请换个问法或分清两条"
            )
            yield _at(library, article, message, "questions", number)


def _repeated(library: Library) -> Iterator[Problem]:
    plain = library.reader.plain
    seen = {
        plain(text): f"request:{one.id}"
        for one in library.services.values()
        for text in one.questions
    }
    seen |= {
        plain(text): f"intent:{one.id}"
        for one in library.intents.values()
        for text in one.questions
    }
    for article in library.articles.values():
        for number, question in enumerate(article.questions):
            other = seen.get(plain(question))
            seen.setdefault(plain(question), article.id)
            if other is not None:
                message = f"“{question}”在 {other} 里已有同样的问法，请只留一处"
                yield _at(library, article, message, "questions", number)


def _services(library: Library) -> Iterator[Problem]:
    for service in library.services.values():
        for number, id in enumerate(service.articles):
            if id not in library.articles:
                path = library.files[f"request:{service.id}"]
                yield Problem(path, line_of(path, "articles", number), f"没有文章 {id}")


def _unreachable(library: Library) -> Iterator[Problem]:
    """An article that none of its own ways of asking finds first."""
    for article in library.articles.values():
        found = (
            library.index.search(question, limit=1, by_heart=False)
            for question in article.questions
        )
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


def _pointers(library: Library) -> Iterator[Problem]:
    """Who is told to look at another article must be told which, and find a button for it."""
    titles = {one.title: one.id for one in library.articles.values()}
    for article in library.articles.values():
        for number, line in enumerate(article.answer.exceptions):
            for named in _POINTER.findall(line):
                if not named:
                    message = "“看另一条”要写明看哪一条的标题：看“……”"
                elif named not in titles:
                    message = f"没有标题是“{named}”的文章，请写它的全名"
                elif titles[named] not in article.see_also[:RELATED]:
                    message = f"“{named}”要写进 see_also 的前 {RELATED} 个，读的人才有按钮可点"
                else:
                    continue
                place = ("answer", "exceptions", number)
                yield _at(library, article, message, *place, level="warning")


def _one_way(library: Library) -> Iterator[Problem]:
    """Who tells this one from that one should be told from it in turn."""
    for article in library.articles.values():
        for number, other in enumerate(article.not_to_be_confused_with):
            back = library.articles.get(other.id)
            if back and article.id not in [one.id for one in back.not_to_be_confused_with]:
                message = f"{other.id} 没有反过来写明和 {article.id} 的区别，请在那一条补上"
                place = ("not_to_be_confused_with", number)
                yield _at(library, article, message, *place, level="warning")


def _intents(library: Library) -> Iterator[Problem]:
    for number, intent in enumerate(library.intents.values()):
        if intent.flow is not None and intent.flow not in _WISHES:
            message = f"不认识 {intent.flow}，只能是 {'、'.join(sorted(_WISHES))}"
            yield _in(library, "intents.yaml", message, "intents", number, "flow")


def _regions(library: Library) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for number, region in enumerate(library.regions.values()):
        place = ("regions", number)
        if region.within is not None and region.within not in library.regions:
            message = f"上一级“{region.within}”不在这个文件里，请改正"
            yield _in(library, "regions.yaml", message, *place, "within")
        for word in (region.name, *region.aliases):
            if seen.setdefault(word, region.name) != region.name:
                message = f"“{word}”既指{seen[word]}又指{region.name}，请只留一处"
                yield _in(library, "regions.yaml", message, *place)


def _laws(library: Library) -> Iterator[Problem]:
    for number, law in enumerate(library.laws.values()):
        if law.repealed_on and law.replaced_by not in library.laws:
            message = f"《{law.name}》已废止，请用 replaced_by 写明这里登记过的替代法规"
            yield _in(library, "sources.yaml", message, "laws", number)


def _lexicon(library: Library) -> Iterator[Problem]:
    """A form may stand for one term only, and never for another one's term; articles named are there."""
    terms = library.lexicon.synonyms
    seen: dict[str, str] = {}
    for term, forms in terms.items():
        for number, form in enumerate(forms):
            other = form if form in terms else seen.setdefault(form, term)
            if other != term or forms.count(form) > 1:
                message = f"“{form}”在“{other}”那里已经有了，请只留一处"
                yield _in(library, "lexicon.yaml", message, "synonyms", term, number)
    payday = library.lexicon.payday
    named = [(id, ("of", number)) for number, id in enumerate(payday.of)]
    for id, place in [*named, (payday.article, ("article",))] if payday.of else []:
        if id not in library.articles:
            yield _in(library, "lexicon.yaml", f"没有文章 {id}", "payday", *place)


def _in(library: Library, name: str, message: str, *place: str | int) -> Problem:
    path = library.root / name
    return Problem(path, line_of(path, *place), message)


def _file(library: Library, article: Article) -> Path:
    return library.files[article.id]


def _at(
    library: Library, article: Article, message: str, *place: str | int, level: str = "error"
) -> Problem:
    path = _file(library, article)
    return Problem(
        path, line_of(path, *place), message, "warning" if level == "warning" else "error"
    )
