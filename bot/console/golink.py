"""``/desk/go/…``: the way from a message on Telegram to its ticket."""

from __future__ import annotations

from starlette.responses import RedirectResponse, Response

from bot.console.base import Visit
from bot.desk import links
from bot.desk.finding import Refused


def go(visit: Visit) -> Response:
    """Open the ticket a link was made for; the sign-in has been asked for already."""
    token = visit.request.path_params["token"]
    secret = visit.console.secret
    try:
        ticket = links.use(visit.db, visit.staff, token, secret=secret, at=visit.now)
    except Refused as refusal:
        return visit.page("problem.html", status=410, title="链接打不开", words=refusal, text="")
    return RedirectResponse(f"/desk/tickets/{ticket.number}", 303)
