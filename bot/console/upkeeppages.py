"""What keeps places true, for the county's clerk: entries to look at, promises of the month."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.console.base import Action, Console, Visit
from bot.console.guard import allowed, signed_in
from bot.db.tables import Ticket
from bot.desk.clock import BEIJING
from bot.places import promises, store, templates, upkeep
from bot.places.live import LiveDirectory
from knowledge.coordinates import amap_link, to_wgs84
from knowledge.locations import KINDS, Location

_SHOWN = 100
_SINCE = timedelta(days=400)
_DONE = {
    "verified": "已记下：核实无误",
    "point": "已记下：位置确认",
    "closed": "已记下：暂停营业",
    "defunct": "已记下：已关闭，不再给群众看",
    "reopened": "已记下：恢复营业",
    "kept": "已记下：优待兑现",
    "broken": "已记下：优待没有兑现",
}
_HEADINGS = (
    "县市区",
    "乡镇街道",
    "名称",
    "类别",
    "优待内容",
    "核实次数",
    "兑现",
    "没有兑现",
    "待核",
    "结论",
)


def routes(console: Console) -> list[Route]:
    """``/places/work`` and ``/places/promises``."""

    def route(path: str, action: Action, *, method: str = "GET") -> Route:
        return Route(path, signed_in(console, allowed("places", action)), methods=[method])

    return [
        route("/work", _work),
        route("/work/{place}", _check, method="POST"),
        route("/promises", _promises),
        route("/promises.csv", _promises_csv),
    ]


def missing(console: Console, _request: Request, _form: Mapping[str, str]) -> Response:
    """No such page."""
    words = "没有这个页面，可能是地址写错了。"
    return console.page("problem.html", status=404, title="没有找到", words=words, text="")


def places(visit: Visit) -> dict[str, Location]:
    """The entries of the clerk's county as they stand, with the latest checks."""
    found, checks = _base(visit), store.all_checks(visit.db)
    mine = {id: one for id, one in found.items() if _may_see(visit, one)}
    return {id: store.checked(one, checks.get(id, ())) for id, one in mine.items()}


def _base(visit: Visit) -> dict[str, Location]:
    """Every entry as the lists have it."""
    live = _live(visit.console)
    return live.stored.base(live.shipped.directory.locations)


def _may_see(visit: Visit, place: Location) -> bool:
    return visit.staff.county in (None, place.county)


def _work(visit: Visit) -> Response:
    found, checks = places(visit), store.all_checks(visit.db)
    tickets, unknown = _about(visit, found)
    listed = upkeep.work_list(found, checks, tickets, _today(visit))
    shut = upkeep.closed(found, _base(visit))
    waiting = [ticket for ticket in unknown if ticket.resolved_at is None]
    chosen = visit.request.query_params.get("why", "")
    shown = shut if chosen == "closed" else [w for w in listed if chosen in ("", *w.reasons)]
    return visit.page(
        "place_work.html",
        work=[_told(work) for work in shown[:_SHOWN]],
        more=max(0, len(shown) - _SHOWN),
        counts={k: sum(k in one.reasons for one in (*listed, *shut)) for k in upkeep.REASONS},
        reasons=upkeep.REASONS,
        chosen=chosen,
        all=len(listed),
        unknown=[ticket.number for ticket in waiting],
        done=_DONE.get(visit.request.query_params.get("done", ""), ""),
    )


def _told(work: upkeep.Work) -> dict[str, object]:
    place = work.place
    return {
        "place": place,
        "kind": KINDS[place.kind],
        "where": f"{place.county or '南通市'}{place.town} {place.address}",
        "reasons": [upkeep.REASONS[reason] for reason in work.reasons],
        "over": "offer-over" in work.reasons,
        "shut": "closed" in work.reasons,
        "tickets": work.tickets,
        "map": _map(work),
    }


def _map(work: upkeep.Work) -> str:
    """Where the proposed position lies, to look at before confirming it."""
    if not work.proposal:
        return ""
    given = work.proposal
    at = to_wgs84(float(given["latitude"]), float(given["longitude"]), given["crs"])
    return amap_link(work.place.name, *at)


def _check(visit: Visit) -> Response:
    """Write down what the clerk found out."""
    place = _base(visit).get(visit.request.path_params["place"])
    found, done = visit.form.get("found", ""), _DONE
    if place is None or not _may_see(visit, place):
        words = "没有这个地点，或它不归您所在的区县。"
        return visit.page("problem.html", status=404, title="没有找到", words=words, text="")
    if found not in done:
        words = "没有看懂要记什么，请回到清单再点一次。"
        return visit.page("problem.html", status=400, title="没有保存", words=words, text="")
    if not _write(visit, place, found):
        words = "这个地点没有等待确认的位置，可能同事已经处理了。"
        return visit.page("problem.html", status=409, title="没有保存", words=words, text="")
    return RedirectResponse(f"/desk/places/work?done={quote(found)}", 303)


def _write(visit: Visit, place: Location, found: str) -> bool:
    kind, data = _meaning(visit, place, found)
    if kind == "point" and not data:
        return False
    upkeep.check(visit.db, place, visit.staff, kind, at=visit.now, data=data)
    return True


def _meaning(visit: Visit, place: Location, found: str) -> tuple[upkeep.Kind, Mapping[str, object]]:
    match found:
        case "point":
            checks = store.all_checks(visit.db).get(place.id, ())
            current = store.checked(place, checks)
            return "point", {} if current.point_confirmed else upkeep.proposal(checks)
        case "closed":
            return "status", {"status": "temporarily-closed"}
        case "defunct":
            return "status", {"status": "defunct"}
        case "reopened":
            return "status", {"status": "active"}
        case "kept" | "broken":
            return ("kept" if found == "kept" else "broken"), {
                "ticket": visit.form.get("ticket", "")[:20]
            }
    return "verified", {}


def _promises(visit: Visit) -> Response:
    month = _month(visit)
    found = _of_month(visit, month)
    before = (month - timedelta(days=1)).replace(day=1)
    after = (month + timedelta(days=32)).replace(day=1)
    return visit.page(
        "promises.html",
        month=f"{month:%Y-%m}",
        before=f"{before:%Y-%m}",
        after=f"{after:%Y-%m}" if after <= _today(visit) else "",
        rows=sorted(found, key=lambda one: (-one.broken, -len(one.open), -one.kept))[: _SHOWN * 5],
        total=len(found),
        broken=sum(one.broken for one in found),
        kept=sum(one.kept for one in found),
        waiting=sum(len(one.open) for one in found),
    )


def _promises_csv(visit: Visit) -> Response:
    month = _month(visit)
    rows = (
        (
            one.place.county,
            one.place.town,
            one.place.name,
            KINDS[one.place.kind],
            one.place.offer,
            str(one.verified),
            str(one.kept),
            str(one.broken),
            str(len(one.open)),
            one.verdict,
        )
        for one in _of_month(visit, month)
    )
    body = templates.table_csv(_HEADINGS, rows)
    headers = {"Content-Disposition": f'attachment; filename="promises-{month:%Y-%m}.csv"'}
    return Response(body, headers=headers, media_type="text/csv; charset=utf-8")


def _of_month(visit: Visit, month: date) -> list[promises.Promise]:
    found = places(visit)
    tickets, _ = _about(visit, found)
    return list(promises.promises(found, store.all_checks(visit.db), tickets, month))


def _about(
    visit: Visit, found: Mapping[str, Location]
) -> tuple[dict[str, list[Ticket]], list[Ticket]]:
    tickets = promises.reports(visit.db, visit.staff.county, visit.now - _SINCE)
    return promises.about(tickets, found)


def _month(visit: Visit) -> date:
    """The month that was asked for, or this one."""
    try:
        return date.fromisoformat(f"{visit.request.query_params.get('month', '')}-01")
    except ValueError:
        return _today(visit).replace(day=1)


def _today(visit: Visit) -> date:
    return visit.now.astimezone(BEIJING).date()


def _live(console: Console) -> LiveDirectory:
    assert console.places is not None  # noqa: S101 - routes() saw to it
    return console.places
