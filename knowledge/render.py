"""Writes an article out for a reader: conclusion first, source and date last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

from knowledge.schema import Amount, Article, Validity

Side = Literal["conditions", "steps", "materials", "where", "amounts", "exceptions"]
"""A part of an answer that people ask for by itself."""


def render(article: Article, *, today: date) -> str:
    """The whole answer as plain text. A repealed article is shown without its figures."""
    validity = article.validity(today)
    if validity is Validity.REPEALED:
        return _repealed(article)
    head = _announced(article) if validity is Validity.ANNOUNCED else ""
    parts = (
        *_sides(article).values(),
        _block("请以当地答复为准", article.verify_locally),
    )
    details = "\n".join(part for part in parts if part)
    whole = (f"{head}{article.answer.summary}", details, _provenance(article, today))
    return "\n\n".join(part for part in whole if part)


def render_side(article: Article, side: Side, *, today: date) -> str:
    """One side of an answer, for who asks only 要带什么 after it; the source and the date stay. A
    repealed article, and one that says nothing of that side, is shown as a whole."""
    told = _sides(article).get(side)
    if not told or article.validity(today) is not Validity.IN_FORCE:
        return render(article, today=today)
    return f"“{article.title}”\n{told}\n\n{_provenance(article, today)}"


def _sides(article: Article) -> dict[Side, str]:
    body = article.answer
    return {
        "conditions": _block("条件", body.conditions),
        "steps": _block("怎么办", body.steps, numbered=True),
        "materials": _block("带什么", body.materials),
        "where": f"去哪里：{body.where}" if body.where else "",
        "amounts": _block("标准", map(_amount, article.amounts)),
        "exceptions": _block("例外", body.exceptions),
    }


def _repealed(article: Article) -> str:
    return (
        f"您问的这项规定已于 {_day(article.valid_to)} 停止执行，原来的数字不能再用。\n"
        "现在的规定请问户籍地的乡镇（街道）退役军人服务站。\n" + _sources(article)
    )


def _announced(article: Article) -> str:
    return f"（已公布，{_day(article.valid_from)}起施行；在那以前按老办法。）"


def _block(title: str, lines: Iterable[str], *, numbered: bool = False) -> str:
    listed = list(lines)
    if not listed:
        return ""
    marks = (f"{n}. " if numbered else "· " for n in range(1, len(listed) + 1))
    rows = (f"{mark}{line}" for mark, line in zip(marks, listed, strict=True))
    return f"{title}：\n" + "\n".join(rows)


def _amount(amount: Amount) -> str:
    seen = amount.source.url is not None and amount.source.read_on == amount.as_of
    since = f"{_day(amount.as_of)}{'查看' if seen else '起'}"
    return f"{amount.label}：{amount.value}（{amount.region}，{since}）"


def _provenance(article: Article, today: date) -> str:
    lines = [_sources(article), f"适用：{article.region} · 核对于 {_day(article.assured_on)}"]
    if article.confidence == "中":
        lines.append("部分内容来自公开报道或转述，办理前请向当地核实。")
    if article.overdue(today):
        lines.append("这一条已到复核期，正在重新核对，请先打电话问清再办。")
    return "\n".join(lines)


def _sources(article: Article) -> str:
    return "依据：" + "；".join(map(str, article.sources))


def _day(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else ""
