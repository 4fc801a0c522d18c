"""The files an editor writes: articles, services, the list of laws, the lexicon, the regions.

Every model is frozen and refuses unknown keys, so that a misspelt field is an error and not a
silence. What a schema cannot say is in :mod:`knowledge.check`.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
"""Short enough for a button: ``/useless <id> unclear`` must fit into 64 bytes."""
Audience = Literal["退役军人", "残疾军人", "三属", "军属", "现役军人", "大学生士兵", "企业", "公众"]


class File(BaseModel):
    """What every part of every file has in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Validity(StrEnum):
    """Where an article stands in time, derived from its dates."""

    ANNOUNCED = "已公布未施行"
    IN_FORCE = "现行"
    REPEALED = "已废止"


class Source(File):
    """Where a statement comes from: a law and its articles, a document, or a page that was read.

    Exactly one of ``law``, ``number`` and ``url`` identifies it.
    """

    law: str | None = None
    """Name of a law in ``sources.yaml``."""
    articles: tuple[int, ...] = ()
    """Article numbers (第…条) within the law."""
    number: str | None = None
    """Document number, such as 国办发〔2025〕41号; or the document's own name if it has none."""
    title: str | None = None
    issuer: str | None = None
    issued_on: date | None = None
    year: int | None = Field(default=None, ge=1949, le=2100)
    """Of a document of which only the year is known."""
    trial_until: date | None = None
    """Of a document in force on trial (试行) until a stated day."""
    url: str | None = None
    read_on: date | None = None

    @model_validator(mode="after")
    def _identified(self) -> Self:
        kinds = [self.law, self.number, self.url]
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("来源须且只须写明 law（法律）、number（文号）、url（网页）之一")
        if self.law and not self.articles:
            raise ValueError(f"引用《{self.law}》须写明第几条（articles）")
        if self.number and not (self.issuer and (self.issued_on or self.year)):
            raise ValueError(
                f"引用文件 {self.number} 须写明发文机关（issuer）和日期（issued_on，只知年份写 year）"
            )
        if self.url and not (self.title and self.read_on):
            raise ValueError(f"引用网页 {self.url} 须写明标题（title）和查看日期（read_on）")
        return self

    def __str__(self) -> str:
        """The source as a reader sees it."""
        if self.law:
            return f"《{self.law}》" + "、".join(f"第{number}条" for number in self.articles)
        if self.number:
            when = self.issued_on or f"{self.year}年"
            if self.title:
                return f"{self.issuer}《{self.title}》（{self.number}，{when}）"
            return f"{self.issuer}《{self.number}》（{when}）"
        by = f"{self.issuer}：" if self.issuer else ""
        return f"{by}{self.title}（{self.read_on} 查看）"


class Amount(File):
    """A published figure, with the place and the time it holds for."""

    label: Line
    value: Line
    """The figure with its unit, as published: ``每户每年 24000 元``, ``50%``."""
    region: Line
    as_of: date
    """From when the figure holds, or the date of the publication that gives it."""
    source: Source
    annual: bool = False
    """Whether the figure is set anew each year, so that it grows stale by itself."""


class Body(File):
    """An answer's text: conclusion first, each later part a list of short lines."""

    summary: Annotated[str, StringConstraints(min_length=8, max_length=80)]
    conditions: tuple[Line, ...] = ()
    steps: tuple[Line, ...] = ()
    materials: tuple[Line, ...] = ()
    where: Line | None = None
    exceptions: tuple[Line, ...] = ()


RELATED = 2
"""Articles of ``see_also`` that become buttons below an answer."""


class Confusable(File):
    """An article that is taken for this one, and the fact that tells them apart."""

    id: Slug
    difference: Line


class Article(File):
    """One curated entry: what people ask, what is true, who says so and until when."""

    id: Slug
    title: Annotated[str, StringConstraints(min_length=4, max_length=40)]
    topic: Slug
    audience: Annotated[tuple[Audience, ...], Field(min_length=1)]
    region: Line
    """A name in ``regions.yaml``: 全国, 江苏省, 南通市, or a county or zone."""
    questions: Annotated[tuple[Line, ...], Field(min_length=8, max_length=60)]
    words: Annotated[tuple[Line, ...], Field(max_length=30)] = ()
    """What people speak of when they mean this (揭不开锅, 换肾, 房子烧了): found, never shown."""
    answer: Body
    amounts: tuple[Amount, ...] = ()
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    confidence: Literal["高", "中"]
    verify_locally: tuple[Line, ...] = ()
    """What only the bureau can confirm; shown to the reader as 请以当地答复为准."""
    valid_from: date | None = None
    valid_to: date | None = None
    replaced_by: Slug | None = None
    assured_on: date
    review_by: date
    see_also: tuple[Slug, ...] = ()
    general: bool = False
    """Any matter may ask for it (where, when, by phone): it gives way to a matter's own article."""
    not_to_be_confused_with: tuple[Confusable, ...] = ()
    flow: Line | None = None
    """What 帮我办 starts: ``nearby`` with a kind (``nearby:hospital``) or ``request:<service>``."""

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        if self.review_by <= self.assured_on:
            raise ValueError("复核期限（review_by）须晚于核对日期（assured_on）")
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise ValueError("失效日期（valid_to）早于生效日期（valid_from）")
        if self.replaced_by and not self.valid_to:
            raise ValueError("写了 replaced_by 就须写明失效日期（valid_to）")
        return self

    def validity(self, today: date) -> Validity:
        """Where the article stands on ``today``."""
        if self.valid_from and today < self.valid_from:
            return Validity.ANNOUNCED
        if self.valid_to and today > self.valid_to:
            return Validity.REPEALED
        return Validity.IN_FORCE

    def overdue(self, today: date) -> bool:
        """Whether the day by which an editor had to look at it again has passed."""
        return today > self.review_by


class Option(File):
    """One choice a service offers for an answer."""

    value: Slug
    label: Line


class Ask(File):
    """One thing a service needs to know before staff can help."""

    key: Slug
    ask: Line
    """The question, as the person reads it."""
    label: Line
    """The heading staff and the summary use: ``从什么时候开始``."""
    options: tuple[Option, ...] = ()
    """Buttons; without them the answer is free text."""
    minimum: int = Field(default=1, ge=1, le=100)
    """Shortest acceptable free text, in characters."""
    optional: bool = False


class Service(File):
    """A kind of help that staff give: what to ask, who handles it, what is promised."""

    id: Slug
    title: Annotated[str, StringConstraints(min_length=2, max_length=24)]
    topic: Slug
    """What routing goes by."""
    about: Line
    """One sentence for the person, shown before the first question."""
    audience: Annotated[tuple[Audience, ...], Field(min_length=1)]
    questions: Annotated[tuple[Line, ...], Field(min_length=4, max_length=40)]
    """Ways people ask for it in their own words."""
    asks: Annotated[tuple[Ask, ...], Field(min_length=1, max_length=6)]
    consent: Annotated[str, StringConstraints(min_length=20, max_length=400)]
    """What is collected, for what, who sees it, how to withdraw."""
    respond_within_working_days: int = Field(ge=1, le=30)
    priority: Literal["normal", "high"] = "normal"
    articles: tuple[Slug, ...] = ()
    """Articles that explain the rule behind the help."""

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Self:
        keys = [ask.key for ask in self.asks]
        if len(set(keys)) != len(keys):
            raise ValueError("asks 中的 key 有重复")
        return self


class Law(File):
    """A law articles may cite: what it is called, since when it holds, what it replaced."""

    name: Line
    in_force: date
    """Since when this version holds."""
    articles: int | None = Field(default=None, gt=0)
    """How many articles it has, where we have read the whole of it."""
    issued_by: Line
    number: str | None = None
    repealed_on: date | None = None
    replaced_by: str | None = None


class Promise(File):
    """One service the founding report names, and what here serves it."""

    said: Line
    """What the report says, in a few of its words."""
    articles: tuple[Slug, ...] = ()
    services: tuple[Slug, ...] = ()
    kinds: tuple[Slug, ...] = ()
    """Kinds of place (``merchant``, ``hospital-designated`` …)."""

    @model_validator(mode="after")
    def _served(self) -> Self:
        if not (self.articles or self.services or self.kinds):
            raise ValueError(f"“{self.said}”没有任何文章、服务或地点类别来承接")
        return self


class Region(File):
    """A part of the country that articles hold for, as people name it."""

    name: Line
    aliases: tuple[Line, ...] = ()
    within: str | None = None
    """The region around it: 海门区 lies within 南通市, 南通市 within 江苏省."""
    zone: bool = False
    """A functional zone that lies over counties (开发区, 通州湾, 苏锡通)."""


class Others(File):
    """People with a service of their own who are no soldiers, and the article that says whose they
    are."""

    words: tuple[Line, ...] = ()
    unless: tuple[Line, ...] = ()
    """Words that show the message is about a soldier all the same."""
    always: tuple[Line, ...] = ()
    """Words that are another's matter though they sound like ours (老年优待证) or say that nobody is a
    soldier (没当过兵): without them nothing must be left that is in ``unless``."""
    article: Slug = "wrong-door"


class Besides(File):
    """What a message wants besides its matter, and the article that tells it."""

    words: tuple[Line, ...] = ()
    article: Slug = "hotline-list"


class Payday(File):
    """How people ask when money comes of which an article says who pays it, but no day."""

    when: tuple[Line, ...] = ()
    paid: tuple[Line, ...] = ()
    """Who says one of ``when`` and one of ``paid`` in the same clause asks so."""
    of: tuple[Slug, ...] = ()
    """The articles about such money."""
    article: Slug = "when-is-money-paid"
    """What to do when it does not come."""


class Mourning(File):
    """How people say that one of their own died just now."""

    kin: tuple[Line, ...] = ()
    gone: tuple[Line, ...] = ()
    """What follows soon after one of ``kin``."""
    lately: tuple[Line, ...] = ()
    """What says that it was not long ago."""


class Lexicon(File):
    """Words as people type them and what they stand for; an editor's file."""

    synonyms: dict[str, tuple[Line, ...]] = {}
    """Standard term → the old, dialect, abbreviated and misspelt forms it replaces in a query."""
    facets: Annotated[dict[str, dict[str, tuple[Line, ...]]], Field(max_length=7)] = {}
    """What must not be mixed up: 离队方式 → 转业 → the words that say so (regular expressions on
    standard terms). A question about one value is not answered with another."""
    others: Others = Others()
    telephone: Besides = Besides()
    """Words that ask for somebody's number."""
    payday: Payday = Payday()
    mourning: Mourning = Mourning()
    pushed: tuple[Line, ...] = ()
    """Words of those who were sent from one office to the next, or got no answer."""
    distress: tuple[Line, ...] = ()
    """Words of hardship; who uses them is offered help before anything else."""
    stopwords: tuple[Line, ...] = ()
    """Words that carry no weight: 请问, 你好, 一下."""


class Intent(File):
    """Something people say that is no policy question: small talk, or a wish to do something."""

    id: Slug
    questions: Annotated[tuple[Line, ...], Field(min_length=1)]
    flow: str | None = None
    """``nearby``, ``nearby:<kind>``, ``human``, ``progress``, ``menu``."""
    reply: str | None = None
    """What to say when there is nothing to do."""

    @model_validator(mode="after")
    def _says_or_does(self) -> Self:
        if (self.flow is None) == (self.reply is None):
            raise ValueError("flow 和 reply 须且只须写一个")
        return self


class Strangers(File):
    """Ways of asking that share our words and are not ours: ships that retire, streets named
    双拥. They raise doubt and are never answered as policy."""

    id: Slug
    reply: Line | None = None
    """Who else handles it."""
    questions: Annotated[tuple[Line, ...], Field(min_length=1)]
