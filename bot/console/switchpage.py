"""Switching the policy answers or a channel off and on, for administrators of the whole city."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.base import Console, Visit
from bot.console.guard import signed_in
from bot.console.moments import shown
from bot.desk import roles
from bot.desk.finding import Refused
from bot.operating import switches

_LONGEST = 300
"""Characters of a notice."""


def routes(console: Console) -> list[Route]:
    """The page and its form."""
    return [
        Route("/switches", signed_in(console, _page), methods=["GET"], name="switches"),
        Route("/switches", signed_in(console, _set), methods=["POST"], name="switch"),
    ]


def _page(visit: Visit, problem: str = "") -> Response:
    _need(visit)
    off = {switch.name: switch for switch in switches.off(visit.db)}
    lines = [
        {
            "name": name,
            "title": title,
            "usual": switches.NOTICES.get(name, switches.NOTICES[""]),
            "off": off.get(name),
            "since": shown(off[name].at, visit.now) if name in off else "",
        }
        for name, title in switches.TITLES.items()
    ]
    status = 409 if problem else 200
    return visit.page("switches.html", status=status, lines=lines, problem=problem)


def _set(visit: Visit) -> Response:
    _need(visit)
    name, by = visit.form.get("name", ""), f"staff:{visit.staff.username}"
    try:
        if visit.form.get("to") == "off":
            notice = visit.form.get("notice", "")[:_LONGEST]
            switches.turn_off(visit.db, name, notice, by, at=visit.now)
        else:
            switches.turn_on(visit.db, name, by, at=visit.now)
    except switches.NoSuchSwitch as problem:
        return _page(visit, str(problem))
    return RedirectResponse("/desk/switches", 303)


def _need(visit: Visit) -> None:
    held = roles.grants(visit.db, visit.staff)
    if not roles.may(held, "operate") or roles.counties(held, "operate") is not None:
        raise Refused(f"您的角色（{roles.describe(held)}）不能打开这一页，只有市级管理员可以")
