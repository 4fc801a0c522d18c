"""What people ask and nothing answers well: ranked, looked into, decided on, taken as a draft."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console import charts
from bot.console.base import Action, Console, Visit
from bot.console.guard import allowed, signed_in
from bot.console.moments import shown
from bot.db.learning import Gap, Unanswered
from bot.db.tables import Staff, State
from bot.desk import articledraft, finding, gaps, history, roles
from bot.desk.clock import BEIJING
from bot.desk.finding import Refused

_WEEKS = 8
_EXAMPLES = 20
_WHY = {"unknown": "没答上", "unclear": "没分清", "useless": "答了，被评没用"}


def routes(console: Console) -> list[Route]:
    """``/gaps`` and drafts of articles."""

    def route(path: str, action: Action, name: str, *, method: str = "GET") -> Route:
        return Route(
            path, signed_in(console, allowed("write", action)), methods=[method], name=name
        )

    return [
        route("/gaps", _list, "gaps"),
        route("/gaps/{id:row}", _gap, "gap"),
        route("/gaps/{id:row}/state", _decide, "gap-state", method="POST"),
        route("/gaps/{id:row}/draft", _draft, "gap-draft"),
        route("/tickets/{number}/draft", _ticket_draft, "ticket-draft"),
    ]


def _list(visit: Visit) -> Response:
    _need_writer(visit)
    given = visit.request.query_params
    state = given.get("state", "") if given.get("state", "") in gaps.STATES else ""
    page = int(given["page"]) if re.fullmatch("[0-9]{1,6}", given.get("page", "")) else 1
    page = max(1, min(page, 9999))
    lines, more = gaps.ranked(visit.db, visit.staff, now=visit.now, state=state, page=page)
    return visit.page(
        "gaps.html",
        state=state,
        states=gaps.STATES,
        lines=[(one, title(visit, one.near), shown(one.last, visit.now)) for one in lines],
        page_number=page,
        more=more,
    )


def _gap(visit: Visit, problem: str = "") -> Response:
    gap, questions = _find(visit)
    near = Counter(one.near for one in questions if one.near).most_common(3)
    who = visit.db.get(Staff, gap.decided_by) if gap.decided_by else None
    return visit.page(
        "gap.html",
        status=409 if problem else 200,
        problem=problem,
        gap=gap,
        states=gaps.STATES,
        question=questions[0].question,
        count=len(questions),
        why=[(_WHY.get(w, w), n) for w, n in Counter(o.status for o in questions).most_common()],
        counties=Counter(one.county or "地区不详" for one in questions).most_common(),
        near=[(title(visit, id), id, many) for id, many in near],
        trend=_trend(visit, questions),
        examples=_examples(visit, questions),
        decided=f"{who.name} {shown(gap.decided_at, visit.now)}" if who and gap.decided_at else "",
    )


def _decide(visit: Visit) -> Response:
    gap, _ = _find(visit)
    state, reason = visit.form.get("state", ""), visit.form.get("reason", "")
    try:
        gaps.decide(visit.db, gap, visit.staff, state, reason, at=visit.now)
    except Refused as refusal:
        return _gap(visit, str(refusal))
    return RedirectResponse(f"/desk/gaps/{gap.id}", 303)


def _draft(visit: Visit) -> Response:
    """The gap as the beginning of an article."""
    gap, questions = _find(visit)
    near = Counter(one.near for one in questions if one.near).most_common(1)
    library = visit.console.library
    article = library().articles.get(near[0][0]) if library and near else None
    history.note(visit.db, None, _by(visit), "drafted", after=f"缺口 {gap.id}", at=visit.now)
    text = articledraft.of_gap(
        gap,
        questions,
        near=article.title if article else "",
        topic=article.topic if article else "",
    )
    return _file(text, f"gap-{gap.id}")


def _ticket_draft(visit: Visit) -> Response:
    """A closed ticket as the beginning of an article; that it was read is in the history."""
    number = visit.request.path_params["number"]
    ticket = finding.find(visit.db, number, staff=visit.staff)
    if not roles.may(roles.grants(visit.db, visit.staff), "write", ticket.county):
        raise Refused(_words(visit))
    if ticket.state != State.RESOLVED:
        words = "工单办结后才能生成文章草稿。"
        return visit.page("problem.html", status=409, title="还没有办结", words=words, text="")
    history.note(visit.db, ticket, _by(visit), "drafted", at=visit.now)
    return _file(articledraft.of_ticket(visit.db, ticket), f"ticket-{ticket.number}")


def title(visit: Visit, id: str) -> str:
    """What an entry is called; the id where it no longer exists."""
    library = visit.console.library
    return library().entry_title(id) if library and id else id


def _find(visit: Visit) -> tuple[Gap, list[Unanswered]]:
    _need_writer(visit)
    return gaps.find(visit.db, visit.staff, visit.request.path_params["id"])


def _need_writer(visit: Visit) -> None:
    if not roles.may(roles.grants(visit.db, visit.staff), "write"):
        raise Refused(_words(visit))


def _words(visit: Visit) -> str:
    return f"您的角色（{roles.describe(roles.grants(visit.db, visit.staff))}）不能打开这一页"


def _by(visit: Visit) -> str:
    return f"staff:{visit.staff.username}"


def _file(text: str, name: str) -> Response:
    return Response(
        text,
        media_type="application/yaml; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="draft-{name}.yaml"'},
    )


def _trend(visit: Visit, questions: Sequence[Unanswered]) -> charts.Columns:
    """How often it was asked in each of the last weeks."""
    ends = [visit.now - timedelta(days=7 * back) for back in reversed(range(_WEEKS))]
    counts = [sum(end - timedelta(days=7) < one.at <= end for one in questions) for end in ends]
    labels = [f"{end.astimezone(BEIJING):%m/%d}" for end in ends]
    return charts.columns(labels, counts, [f"{count} 次" for count in counts])


def _examples(visit: Visit, questions: Sequence[Unanswered]) -> list[tuple[str, str, str]]:
    """The latest different questions: words, moment, why."""
    latest = {one.question: one for one in questions}
    found = sorted(latest.values(), key=lambda one: one.at, reverse=True)[:_EXAMPLES]
    return [(o.question, shown(o.at, visit.now), _WHY.get(o.status, o.status)) for o in found]
