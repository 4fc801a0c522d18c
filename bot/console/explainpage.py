"""Why the assistant answers a question as it does, for editors: the numbers of ``youjun explain``."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from bot.console.base import Console, Visit
from bot.console.guard import signed_in
from bot.desk import roles
from bot.desk.finding import Refused

_LONGEST = 1000
_STATUS = {
    "answered": "直接答",
    "unclear": "反问是哪一个",
    "unknown": "说不知道，转人工",
    "elsewhere": "说那里不适用",
    "expired": "说已停止执行",
    "flow": "进入办事",
    "smalltalk": "直接回话",
}


def routes(console: Console) -> list[Route]:
    """The page, if there is something to explain with."""
    return [Route("/explain", signed_in(console, _explain), methods=["GET"], name="explain")]


def _explain(visit: Visit) -> Response:
    if not roles.may(roles.grants(visit.db, visit.staff), "write"):
        raise Refused("只有编辑、审核和接单人员能看这一页")
    question = visit.request.query_params.get("q", "").strip()[:_LONGEST]
    why = visit.console.explain(question) if question else None
    return visit.page("explain.html", question=question, why=why, words=_STATUS)
