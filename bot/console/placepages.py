"""Places in the console: bring a list, look at what it would change, confirm, take it back."""

from __future__ import annotations

from typing import Any

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from bot.console import coveragepage, upkeeppages, upload
from bot.console.base import Action, Console, Visit
from bot.console.guard import allowed, in_thread, signed_in
from bot.console.moments import shown
from bot.console.upload import Unusable, Upload
from bot.db.placetables import PlaceImport
from bot.places import importing, imports, templates
from bot.places.cells import Wrong
from bot.places.cells import crs as read_crs
from bot.places.faults import LEVELS, Fault
from bot.places.sheets import Unreadable
from knowledge.base import Knowledge

STATES = {"draft": "等待确认", "applied": "已生效", "reverted": "已撤销", "dropped": "已放弃"}
FIGURES = {"rows": "行", "new": "新增", "changed": "变更", "unchanged": "不变", "gone": "文件里没有",
           "faulty": "有错，没有导入"}  # fmt: skip
_SHOWN = 200


def routes(console: Console) -> list[BaseRoute]:
    """``/places``: everything about the directory."""
    if console.places is None:
        return []

    def route(path: str, action: Action, *, method: str = "GET") -> Route:
        return Route(path, signed_in(console, allowed("places", action)), methods=[method])

    receive = upload.receiving(console, "places", _receive, _refused)
    inside = [
        route("/", _page),
        Route("/imports", receive, methods=["POST"]),
        route("/template.xlsx", _template),
        route("/export.csv", _export),
        route("/imports/{number:row}", _import),
        route("/imports/{number:row}/faults.csv", _faults),
        route("/imports/{number:row}/apply", _apply, method="POST"),
        route("/imports/{number:row}/drop", _drop, method="POST"),
        route("/imports/{number:row}/revert", _revert, method="POST"),
        *upkeeppages.routes(console),
        *coveragepage.routes(console),
        Route("/{path:path}", in_thread(console, upkeeppages.missing), methods=["GET"]),
    ]
    return [Mount("/places", routes=inside)]


def _page(visit: Visit, problem: str = "", status: int = 200) -> Response:
    found = imports.listed(visit.db, visit.staff.county)
    rows = [_listed(visit, one) for one in found]
    return visit.page("places.html", status=status, rows=rows, problem=problem, states=STATES)


def _listed(visit: Visit, one: PlaceImport) -> dict[str, Any]:
    return {
        "id": one.id,
        "state": one.state,
        "file": one.file_name,
        "at": shown(one.created_at, visit.now),
        "actor": one.actor.removeprefix("staff:").replace("system", "命令行"),
        "counts": one.counts,
    }


def _refused(words: str) -> Action:
    return lambda visit: _page(visit, words, 422)


def _receive(console: Console, brought: Upload) -> str:
    """Read the file and keep it as a draft; the address of its preview."""
    shipped, staff = _shipped(console), brought.staff
    try:
        crs = read_crs(brought.fields.get("crs", ""))
        wanted = importing.Wanted(brought.path, brought.name, crs, staff.county or "")
        seen = importing.preview(console.engine, shipped, wanted, console.clock())
    except Unreadable as unreadable:
        raise Unusable(str(unreadable)) from unreadable
    except Wrong as wrong:
        raise Unusable(f"{wrong.what}。{wrong.remedy}") from wrong
    if seen.reading.refused:
        said = [str(fault) for fault in seen.reading.faults if fault.level == "refused"]
        raise Unusable("这份文件不能导入。" + " ".join(said[:10]))
    number = importing.draft(
        console.engine,
        seen,
        actor=f"staff:{staff.username}",
        county=staff.county or "",
        replaces=brought.fields.get("mode") == "replace",
    )
    return f"/desk/places/imports/{number}"


def _import(visit: Visit, problem: str = "", status: int = 200) -> Response:
    try:
        one = _find(visit)
    except imports.Refused as refusal:
        return _no_such(visit, refusal)
    return visit.page(
        "place_import.html",
        status=status,
        one=one,
        state=STATES[one.state],
        at=shown(one.created_at, visit.now),
        figures=[(label, one.counts.get(key, 0)) for key, label in FIGURES.items()],
        unchecked=one.counts.get("comparable", 0) == 0,
        preview=one.preview,
        faults=[Fault(**fault) for fault in one.faults[:_SHOWN]],
        more_faults=max(0, len(one.faults) - _SHOWN),
        levels=LEVELS,
        problem=problem,
    )


def _apply(visit: Visit) -> Response:
    return _step(visit, lambda one: imports.apply(visit.db, one, actor=_actor(visit)))


def _drop(visit: Visit) -> Response:
    return _step(visit, lambda one: imports.drop(visit.db, one))


def _revert(visit: Visit) -> Response:
    return _step(visit, lambda one: imports.revert(visit.db, one, actor=_actor(visit)))


def _actor(visit: Visit) -> str:
    return f"staff:{visit.staff.username}"


def _step(visit: Visit, change: Any) -> Response:
    """Do something with an import, or show why not."""
    try:
        one = _find(visit)
    except imports.Refused as refusal:
        return _no_such(visit, refusal)
    try:
        change(one)
    except imports.Refused as refusal:
        visit.db.rollback()
        return _import(visit, str(refusal), 409)
    return RedirectResponse(f"/desk/places/imports/{one.id}", 303)


def _find(visit: Visit) -> PlaceImport:
    return imports.find(visit.db, visit.request.path_params["number"], visit.staff.county)


def _no_such(visit: Visit, refusal: Exception) -> Response:
    return visit.page("problem.html", status=404, title="没有找到", words=str(refusal), text="")


def _faults(visit: Visit) -> Response:
    try:
        one = _find(visit)
    except imports.Refused as refusal:
        return _no_such(visit, refusal)
    body = templates.faults_csv(Fault(**fault) for fault in one.faults)
    return download(body, f"faults-{one.id}.csv")


def _template(visit: Visit) -> Response:
    county = visit.staff.county
    every = (*_shipped(visit.console).gazetteer.counties(), "南通市")
    body = templates.template((county,) if county else every)
    return download(body, "template.xlsx", templates.XLSX)


def _export(visit: Visit) -> Response:
    places = upkeeppages.places(visit).values()
    return download(templates.directory_csv(p for p in places if not p.sample), "places.csv")


def download(body: bytes, name: str, kind: str = "text/csv; charset=utf-8") -> Response:
    """A file for the clerk's computer."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(body, headers=headers, media_type=kind)


def _shipped(console: Console) -> Knowledge:
    assert console.places is not None  # noqa: S101 - routes() saw to it
    return console.places.shipped
