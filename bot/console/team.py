"""What concerns the person signed in and their team: notices, absence, canned replies, history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import col, select
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.base import Action, Console, Visit
from bot.console.guard import signed_in
from bot.console.moments import shown
from bot.db.desk import Canned
from bot.db.tables import Staff, Ticket
from bot.desk import absence, canned, export, history, notices, roles
from bot.desk.clock import BEIJING
from bot.desk.finding import Refused


def routes(console: Console) -> list[Route]:
    """Pages beside the tickets."""

    def route(path: str, action: Action, name: str, *, method: str = "GET") -> Route:
        return Route(path, signed_in(console, action), methods=[method], name=name)

    return [
        route("/notices", _notices, "notices"),
        route("/notices/seen", _seen, "notices-seen", method="POST"),
        route("/away", _away, "away", method="POST"),
        route("/canned", _canned, "canned"),
        route("/canned", _write, "canned-write", method="POST"),
        route("/canned/{id:row}/approve", _approve, "canned-approve", method="POST"),
        route("/canned/{id:row}/retire", _retire, "canned-retire", method="POST"),
        route("/audit", _audit, "audit"),
        route("/audit.csv", _export, "audit-export"),
    ]


def _notices(visit: Visit, problem: str = "") -> Response:
    lines = notices.unseen(visit.db, visit.staff)
    numbers = dict(visit.db.exec(_numbers([line.ticket_id or 0 for line in lines])).all())
    away = visit.staff.away_until
    return visit.page(
        "notices.html",
        status=409 if problem else 200,
        problem=problem,
        lines=[
            (numbers.get(line.ticket_id or 0, ""), line.text, shown(line.at, visit.now))
            for line in lines
        ],
        away=shown(away, visit.now) if away and away > visit.now else "",
    )


def _numbers(ids: list[int]) -> Any:
    return select(Ticket.id, Ticket.number).where(col(Ticket.id).in_(ids))


def _seen(visit: Visit) -> Response:
    notices.saw(visit.db, visit.staff, at=visit.now)
    return RedirectResponse("/desk/notices", 303)


def _away(visit: Visit) -> Response:
    """Go away until a day and minute, or come back."""
    by = f"staff:{visit.staff.username}"
    until = visit.form.get("until", "")
    if not until:
        absence.come_back(visit.db, visit.staff, by=by, at=visit.now)
        return RedirectResponse("/desk/notices", 303)
    try:
        end = datetime.fromisoformat(until).replace(tzinfo=BEIJING)
        absence.leave(visit.db, visit.staff, start=visit.now, end=end, by=by, at=visit.now)
    except Refused as refusal:
        return _notices(visit, str(refusal))
    except ValueError:
        return _notices(visit, "请选回来的日期和时间")
    return RedirectResponse("/desk/notices", 303)


def _canned(visit: Visit, problem: str = "", draft: tuple[str, str] = ("", "")) -> Response:
    _need(visit, "write")
    names = dict(visit.db.exec(select(Staff.id, Staff.name)).all())
    counties = roles.counties(roles.grants(visit.db, visit.staff), "write")
    return visit.page(
        "canned.html",
        status=409 if problem else 200,
        problem=problem,
        draft=draft,
        variables=canned.VARIABLES,
        counties=["", *visit.console.counties] if counties is None else sorted(counties),
        lines=[
            {
                "id": one.id,
                "title": one.title,
                "text": one.text,
                "county": one.county or "全市",
                "author": names.get(one.author, ""),
                "reviewer": names.get(one.reviewer, ""),
                "mine": one.author == visit.staff.id,
            }
            for one in canned.everything(visit.db, visit.staff)
        ],
    )


def _write(visit: Visit) -> Response:
    _need(visit, "write")
    title, text = visit.form.get("title", ""), visit.form.get("text", "")
    county = visit.form.get("county") or None
    try:
        canned.write(visit.db, visit.staff, title, text, county, at=visit.now)
    except Refused as refusal:
        return _canned(visit, str(refusal), (title, text))
    return RedirectResponse("/desk/canned", 303)


def _approve(visit: Visit) -> Response:
    canned.approve(visit.db, visit.staff, _one(visit), at=visit.now)
    return RedirectResponse("/desk/canned", 303)


def _retire(visit: Visit) -> Response:
    canned.retire(visit.db, visit.staff, _one(visit), at=visit.now)
    return RedirectResponse("/desk/canned", 303)


def _one(visit: Visit) -> Canned:
    one = visit.db.get(Canned, visit.request.path_params["id"])
    if one is None or one.retired_at is not None:
        raise Refused("没有这条常用语，可能已经停用")
    return one


def _audit(visit: Visit) -> Response:
    """How long the history is; with ``check``, every line of it is gone through."""
    _need(visit, "audit")
    found = history.verify(visit.db) if "check" in visit.request.query_params else None
    return visit.page("audit.html", found=found, head=history.head(visit.db))


def _export(visit: Visit) -> Response:
    """The whole history as a file; that it was taken is part of it."""
    _need(visit, "audit")
    history.note(visit.db, None, f"staff:{visit.staff.username}", "exported", at=visit.now)
    name = f"youjun-{visit.now.astimezone(BEIJING):%Y%m%d-%H%M}.csv"
    return Response(
        export.text(visit.db),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _need(visit: Visit, what: str) -> None:
    held = roles.grants(visit.db, visit.staff)
    everywhere = what != "audit" or roles.counties(held, what) is None
    if not roles.may(held, what) or not everywhere:
        raise Refused(f"您的角色（{roles.describe(held)}）不能打开这一页")
