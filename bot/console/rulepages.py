"""The rules of entitlement in plain Chinese, made from the data, for editors to hold against law."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from bot.console.base import Console, Visit
from bot.console.guard import signed_in
from bot.desk import roles
from bot.desk.finding import Refused


def routes(console: Console) -> list[Route]:
    """The list of rules and one rule."""
    return [
        Route("/rules", signed_in(console, _list), methods=["GET"], name="rules"),
        Route("/rules/{id}", signed_in(console, _one), methods=["GET"], name="rule"),
    ]


def _list(visit: Visit) -> Response:
    _may_see(visit)
    return visit.page("rules.html", rules=visit.console.rules())


def _one(visit: Visit) -> Response:
    _may_see(visit)
    id = visit.request.path_params["id"]
    told = next((one for one in visit.console.rules() if one.rule.id == id), None)
    if told is None:
        words = "没有这条规则，可能已经改名或删掉了"
        return visit.page("problem.html", status=404, title="没有找到", words=words, text="")
    return visit.page("rule.html", told=told)


def _may_see(visit: Visit) -> None:
    if not roles.may(roles.grants(visit.db, visit.staff), "write"):
        raise Refused("只有编辑、审核和接单人员能看这一页")
