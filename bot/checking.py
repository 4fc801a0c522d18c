"""What ``youjun check`` prints about the knowledge base."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.db.tables import now
from knowledge import check_rules, statutes
from knowledge.check import check
from knowledge.load import KnowledgeError, Problem, load
from knowledge.locations import KINDS


def report(folder: Path | None, *, as_json: bool, write: Callable[[str], None]) -> int:
    """Write every problem with file, line and remedy; 1 if any is an error, else 0.

    With a ``folder`` of full texts, articles are held against the laws they cite.
    """
    problems, size = examine(folder)
    errors = [problem for problem in problems if problem.level == "error"]
    for problem in problems:
        write(json.dumps(_json(problem), ensure_ascii=False) if as_json else str(problem))
    if not as_json:
        warnings = len(problems) - len(errors)
        write(f"{size or '知识库读不出来'}：{len(errors)} 个错误，{warnings} 个提醒")
    return 1 if errors else 0


def examine(folder: Path | None = None) -> tuple[Sequence[Problem], str]:
    """Every problem of the knowledge base and its size in words, ``""`` if it cannot be read."""
    try:
        library = load()
    except KnowledgeError as broken:
        return broken.problems, ""
    today = now().date()
    problems = [*check(library, today), *check_rules.check(library, today)]
    if folder is not None:
        texts = statutes.read(folder)
        problems += [*statutes.check(library, texts), *check_rules.check_texts(library, texts)]
    counts = (len(library.articles), len(library.services), len(library.rules))
    return problems, "{} 条文章，{} 项服务，{} 条待遇规则".format(*counts)


def _json(problem: Problem) -> dict[str, object]:
    return {
        "level": problem.level,
        "file": str(problem.file),
        "line": problem.line,
        "message": problem.message,
    }


def coverage(write: Callable[[str], None]) -> None:
    """Write what serves each promise of the founding report, as a Markdown table."""
    library = load()
    write("| 报道里的服务 | 文章 | 登记给工作人员 | 地点 |\n|---|---|---|---|")
    for promise in library.promises:
        articles = "、".join(library.entry_title(id) for id in promise.articles)
        services = "、".join(library.services[id].title for id in promise.services)
        places = "、".join(KINDS[kind] for kind in promise.kinds)
        write(f"| {promise.said} | {articles} | {services} | {places} |")
