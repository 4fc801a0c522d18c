"""The web chat's pages about places: one place, and pictures of where places are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channels.webchat_people import People

Draw = Callable[..., Response]
_PICTURE = {
    "Content-Security-Policy": "default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=86400",
}


class Places(Protocol):
    """Where the pages come from; ``tiles`` is the origin of map tiles, or empty: then pictures
    need nothing from elsewhere and are images, else they stand in the page itself."""

    @property
    def tiles(self) -> str: ...

    def page(self, id: str) -> dict[str, Any] | None: ...
    def picture(self, name: str) -> str | None: ...


def drawn(places: Places | None, entry: dict[str, Any]) -> dict[str, Any]:
    """A message with its pictures as SVG where they have map tiles."""
    if places is None or not places.tiles:
        return entry
    names = [url.rpartition("/")[2].removesuffix(".svg") for url, _ in entry["pictures"]]
    return entry | {"pictures": [], "drawn": [one for n in names if (one := places.picture(n))]}


def routes(places: Places, people: People, draw: Draw) -> list[Route]:
    """``/place/ID`` and ``/chat/map/NAME.svg``; ``draw`` renders a template of the chat. Who has
    no cookie yet gets one with the page, to tell us that it is wrong."""

    async def page(request: Request) -> Response:
        found = await run_in_threadpool(places.page, request.path_params["id"])
        contact = people.who(request) or people.new()
        lines = [part[2:] for part in found["text"].split("\n")[1:]] if found else []
        response = draw(
            request,
            "place.html",
            status=200 if found else 404,
            place=found and {**found, "lines": lines},
            token=people.token(contact),
        )
        people.remember(response, request, contact)
        return response

    async def picture(request: Request) -> Response:
        drawn = await run_in_threadpool(places.picture, request.path_params["name"])
        if drawn is None:
            return Response(status_code=404)
        return Response(drawn, media_type="image/svg+xml", headers=_PICTURE)

    return [
        Route("/place/{id}", page, methods=["GET"]),
        Route("/chat/map/{name}.svg", picture, methods=["GET"]),
    ]
