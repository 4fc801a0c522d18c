"""Figures for those who lead: the month, fit to print, as a table file, and the week."""

from __future__ import annotations

from dataclasses import astuple, replace
from datetime import datetime, timedelta

from starlette.responses import Response
from starlette.routing import Route

from bot.console import charts, gappages
from bot.console.base import Action, Console, Visit
from bot.console.guard import signed_in
from bot.desk import export, reports, roles, rules, weekly
from bot.desk.clock import BEIJING
from bot.desk.finding import Refused
from bot.desk.suppression import Series
from bot.desk.words import TOPICS

Section = tuple[str, str, Series]


def routes(console: Console) -> list[Route]:
    """``/report`` and ``/digest``."""

    def route(path: str, action: Action, name: str) -> Route:
        return Route(path, signed_in(console, action), methods=["GET"], name=name)

    return [
        route("/report", _report, "report"),
        route("/report.csv", _report_file, "report-file"),
        route("/digest", _digest, "digest"),
    ]


def _report(visit: Visit) -> Response:
    """A month on one page, fit to print."""
    found, where = _month(visit)
    days = found.answers.days
    return visit.page(
        "report.html",
        report=found,
        where=where,
        title=visit.console.service_title,
        days=charts.columns(days.labels, days.counts, days.shown),
        sections=[
            (name, unit, charts.bars(series), series.total)
            for name, unit, series in _sections(found)
        ],
    )


def _report_file(visit: Visit) -> Response:
    """The same as a table."""
    found, _ = _month(visit)
    title = visit.console.service_title
    named = [
        replace(row, service=title(row.service) if row.service else "合计") for row in found.rows
    ]
    lines = [astuple(row) for row in named]
    for name, unit, series in (*_sections(found), ("每天的提问", "次", found.answers.days)):
        lines += [(), (name, unit), *zip(series.labels, series.shown, strict=True)]
        lines.append(("合计", series.total))
    lines += [(), ("没有答上的比例", found.answers.refused)]
    lines.append(("答复后 24 小时内提交申请", found.answers.followed_count, found.answers.followed))
    return Response(
        export.table(reports.HEAD, lines),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="report-{found.month}.csv"'},
    )


def _sections(found: reports.Report) -> tuple[Section, ...]:
    topics = found.answers.topics
    named = replace(topics, labels=tuple(TOPICS.get(one, one) for one in topics.labels))
    return (
        ("每周提交的工单", "件", found.weeks),
        ("当事人评价", "件", found.ratings),
        ("提问的结果", "次", found.answers.statuses),
        ("问得多的主题（直接答复的）", "次", named),
    )


def _month(visit: Visit) -> tuple[reports.Report, str]:
    counties = _need(visit)
    asked = visit.request.query_params.get("month", "")
    try:
        first = datetime.fromisoformat(f"{asked}-01").replace(tzinfo=BEIJING)
    except ValueError:
        first = visit.now.astimezone(BEIJING)
    found = reports.month(visit.db, first, rules.load(visit.db), counties)
    return found, _where(counties)


def _digest(visit: Visit) -> Response:
    """The week in a few lines; last week unless another is asked for."""
    counties = _need(visit, "write", "report")
    last = weekly.week_of(visit.now - timedelta(days=7))
    found = weekly.of(visit.db, visit.request.query_params.get("week") or last, counties)
    return visit.page(
        "digest.html",
        found=found,
        where=_where(counties),
        share=weekly.share,
        last=found.end - timedelta(days=1),
        earlier=weekly.week_of(found.start - timedelta(days=1)),
        later=weekly.week_of(found.end) if found.end <= visit.now else "",
        useless=[(gappages.title(visit, id), many) for id, many in found.useless],
        may_write=roles.may(roles.grants(visit.db, visit.staff), "write"),
    )


def _where(counties: frozenset[str] | None) -> str:
    return "全市" if counties is None else "、".join(sorted(counties))


def _need(visit: Visit, *what: str) -> frozenset[str] | None:
    """Where somebody may see figures. Raises Refused if nowhere."""
    held = roles.grants(visit.db, visit.staff)
    for one in what or ("report",):
        if roles.may(held, one):
            return roles.counties(held, one)
    raise Refused(f"您的角色（{roles.describe(held)}）不能打开这一页")
