"""How a Bot API server refuses and breaks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

from aiohttp import web

Kind = Literal["status", "html", "broken json", "hang", "reset", "lost answer"]
PHRASES = {
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    404: "Not Found",
    409: "Conflict: terminated by other getUpdates request; make sure that only one bot instance "
    "is running",
    500: "Internal Server Error",
}


class Refused(Exception):
    """An answer with ``ok: false``."""

    def __init__(self, code: int, description: str, **parameters: int) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


@dataclass
class Fault:
    """How ``times`` calls of ``method`` go wrong, once ``skip`` have gone well."""

    method: str
    kind: Kind
    skip: int
    times: int
    refusal: Refused


def as_answer(refusal: Refused) -> web.Response:
    body: dict[str, Any] = {
        "ok": False,
        "error_code": refusal.code,
        "description": refusal.description,
    }
    if refusal.parameters:
        body["parameters"] = refusal.parameters
    return web.json_response(body, status=refusal.code)


async def go_wrong(request: web.Request, kind: Kind) -> web.Response:
    if kind == "html":
        page = "<html><body><h1>502 Bad Gateway</h1></body></html>"
        return web.Response(status=502, text=page, content_type="text/html")
    if kind == "broken json":
        return web.Response(text='{"ok":true,"result":[{"upda', content_type="application/json")
    if kind in ("hang", "lost answer"):
        await asyncio.sleep(60)
    if request.transport:
        request.transport.abort()
    return web.Response()


def check_buttons(markup: dict[str, Any]) -> None:
    for button in (button for row in markup.get("inline_keyboard", []) for button in row):
        if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
        if "url" in button and "." not in button["url"]:
            raise Refused(400, "Bad Request: BUTTON_URL_INVALID")
