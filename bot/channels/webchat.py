"""The web chat: one page that works on a phone, with or without JavaScript.

The person is known by a signed cookie. The page posts what they say and asks for what is new;
replies wait in the database until it does, on any device the cookie is on.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from jinja2 import Environment, FileSystemLoader
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from bot.channels import webchat_forms as forms
from bot.channels import webchat_mine, webchat_places
from bot.channels.base import Limits, Receive
from bot.channels.files import Attachments, File
from bot.channels.webchat_headers import headers
from bot.channels.webchat_limits import Allowance, TooFast
from bot.channels.webchat_mine import Mine
from bot.channels.webchat_people import People, address, chosen_look, framed, look
from bot.channels.webchat_places import Places
from bot.channels.webchat_view import greeting, view
from handlers.messages import Contact

log = logging.getLogger(__name__)
NAME = "web"
LIMITS = Limits(text=20_000, choices=30)
_HERE = Path(__file__).parent / "webchat_files"
_STALE = "页面已过期，请刷新页面再试"
_NO_FILES = "这里现在还不能收文件。材料请带到退役军人服务站、服务中心的窗口，或先打字说明。"
_AWAY = "系统正忙，这句话还没有存下，请过一会儿再发。"
_FILE_AWAY = "系统正忙，这个文件还没有存下，请过一会儿再发。"
_TOO_FAST = "发得太快了，请歇几秒再发。有生命危险请直接打 110、120。"


class Transcript(Protocol):
    """Where the page's history comes from."""

    def since(self, contact: Contact, after: int = 0) -> list[dict[str, Any]]: ...


class _Refused(Exception):
    """What was sent is not taken; the words are for the person."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Webchat:
    """The page, its endpoints and its allowances.

    ``embed_origins`` may show the chat in a frame; ``attachments`` keeps files, and without it
    they are politely refused; ``places`` gives the pages and pictures of places, ``mine`` a person's
    own data. ``closed`` gives
    the notice to show while the chat is switched off; what is said then is still taken in.
    """

    def __init__(
        self,
        receive: Receive,
        transcript: Transcript,
        *,
        secret: str,
        secure_cookies: bool = False,
        embed_origins: Sequence[str] = (),
        attachments: Attachments | None = None,
        closed: Callable[[], str] = str,
        places: Places | None = None,
        mine: Mine | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.receive = receive
        self.transcript = transcript
        self.embed_origins = tuple(embed_origins)
        self.attachments = attachments
        self.closed = closed
        self.places = places
        self.mine = mine
        self._people = People(NAME, secret, secure=secure_cookies)
        # Whole villages share one mobile address: it may do much more than one person.
        self._say_person, self._say_address = Allowance(15, 0.5, clock), Allowance(200, 5, clock)
        self._read_address = Allowance(1200, 100, clock)
        self._pages = Environment(
            loader=FileSystemLoader(_HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
        )
        self._pages.globals["version"] = _version()

    def routes(self) -> list[BaseRoute]:
        """The page, the same page for frames, a demonstration, messages, files and prints."""
        routes: list[BaseRoute] = [
            Route("/", self.page, methods=["GET"]),
            Route("/chat/messages", self.messages, methods=["GET"]),
            Route("/chat/messages", self.send, methods=["POST"]),
            Route("/chat/files", self.upload, methods=["POST"]),
            Route("/chat/print/{id}", self.printed, methods=["GET"]),
            Mount("/chat/static", StaticFiles(directory=_HERE / "static"), name="chat-static"),
        ]
        if self.mine:
            routes += webchat_mine.routes(self.mine, self._reader)
        if self.places:
            routes += webchat_places.routes(self.places, self._people, self._html)
        if self.embed_origins:
            routes.insert(1, Route("/chat/embed", self.page, methods=["GET"]))
            routes.insert(1, Route("/chat/demo", self.demo, methods=["GET"]))
        return routes

    async def page(self, request: Request) -> Response:
        """The chat with its history so far; hands a new person their cookie."""
        if choice := chosen_look(request):
            response: Response = RedirectResponse(request.url.path, status_code=303)
            self._people.remember_look(response, request, choice)
            return response
        if notice := self.closed():
            return self._html(request, "closed.html", status=503, notice=notice)
        contact = self._people.who(request) or self._people.new()
        history = await run_in_threadpool(self.transcript.since, contact)
        response = self._html(
            request,
            "chat.html",
            messages=[greeting(), *map(self._view, history)],
            last=history[-1]["id"] if history else 0,
            token=self._people.token(contact),
            once=secrets.token_hex(8),
            files=self.attachments is not None,
        )
        self._people.remember(response, request, contact)
        return response

    async def demo(self, request: Request) -> Response:
        """A page of another office, with the chat in it."""
        return self._html(request, "demo.html")

    async def messages(self, request: Request) -> Response:
        """What is new after ``?after=ID``, ready to be put into the page."""
        contact = self._reader(request)
        if isinstance(contact, Response):
            return contact
        number = _number(request.query_params.get("after", "0"))
        entries = await run_in_threadpool(self.transcript.since, contact, number)
        draw = self._pages.get_template("message.html").module.message  # type: ignore[attr-defined]
        token, inside = self._people.token(contact), framed(request)
        drawn = [entry | {"html": str(draw(self._view(entry), token, inside))} for entry in entries]
        return JSONResponse({"messages": drawn}, headers=self._headers(request))

    async def send(self, request: Request) -> Response:
        """Take one message, as JSON from the script or as a plain form."""
        said: dict[str, Any] = {}
        try:
            contact = self._admit(request)
            said.update(await forms.read_message(request))
            self._check(contact, str(said.get("token", "")))
            await self._hand_over(contact, said)
        except _Refused as problem:
            return self._refuse(request, problem, said)
        except ValueError as problem:
            return self._refuse(request, _Refused(400, str(problem)), said)
        return self._done(request)

    async def upload(self, request: Request) -> Response:
        """Take one file for the person's request."""
        try:
            contact = self._admit(request)
            if self.attachments is None:
                raise _Refused(400, _NO_FILES)
            token, id, name, data = await forms.read_file(request)
            self._check(contact, token)
            await self._keep(self.attachments, forms.make_file(contact, id, name, data))
        except _Refused as problem:
            return self._refuse(request, problem)
        except ValueError as problem:
            return self._refuse(request, _Refused(400, str(problem)))
        return self._done(request)

    async def printed(self, request: Request) -> Response:
        """One answer by itself, for paper."""
        contact, id = self._people.who(request), _number(request.path_params["id"])
        found: list[dict[str, Any]] = []
        if contact and id:
            found = await run_in_threadpool(self.transcript.since, contact, id - 1)
        if not found or found[0]["id"] != id:
            return self._refuse(request, _Refused(404, "没有找到这条答复，它可能已经过期删除"))
        return self._html(request, "print.html", entry=view(found[0]))

    def _reader(self, request: Request) -> Contact | Response:
        """Whose data may be read, or the refusal."""
        contact = self._people.who(request)
        if contact is None:
            return self._refuse(request, _Refused(401, _STALE))
        try:
            self._read_address.spend(address(request))
        except TooFast:
            return self._refuse(request, _Refused(429, _TOO_FAST))
        return contact

    def _admit(self, request: Request) -> Contact:
        """Who sends, if they may. Raises _Refused."""
        contact = self._people.who(request)
        if contact is None:
            raise _Refused(401, _STALE)
        if forms.foreign(request):
            raise _Refused(403, _STALE)
        try:
            self._say_person.spend(contact.address)
            self._say_address.spend(address(request))
        except TooFast:
            raise _Refused(429, _TOO_FAST) from None
        return contact

    def _check(self, contact: Contact, token: str) -> None:
        if not self._people.proves(contact, token):
            raise _Refused(403, _STALE)

    async def _hand_over(self, contact: Contact, said: dict[str, Any]) -> None:
        update = forms.make_update(contact, said)
        try:
            await self.receive(update)
        except Exception:
            log.exception("a message from the web chat was not stored")
            raise _Refused(503, _AWAY) from None

    async def _keep(self, attachments: Attachments, file: File) -> None:
        try:
            await run_in_threadpool(attachments.receive, file)
        except Exception:
            log.exception("a file from the web chat was not stored")
            raise _Refused(503, _FILE_AWAY) from None

    def _done(self, request: Request) -> Response:
        if forms.wants_json(request):
            return JSONResponse({"ok": True}, headers=self._headers(request))
        back = "/chat/embed" if framed(request) else "/"
        return RedirectResponse(f"{back}#latest", status_code=303)

    def _refuse(
        self, request: Request, problem: _Refused, said: dict[str, Any] | None = None
    ) -> Response:
        """The words, for the script or as a page that gives back what the person wrote."""
        if forms.wants_json(request):
            words = {"error": str(problem)}
            return JSONResponse(words, problem.status, headers=self._headers(request))
        contact = self._people.who(request)
        return self._html(
            request,
            "refused.html",
            status=problem.status,
            words=str(problem),
            text=str((said or {}).get("text", ""))[: forms.LONGEST],
            once=str((said or {}).get("id", ""))[:64],
            token=self._people.token(contact) if contact else "",
        )

    def _html(
        self, request: Request, name: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        html = self._pages.get_template(name).render(
            look=look(request), framed=framed(request), **values
        )
        return HTMLResponse(html, status, headers=self._headers(request))

    def _headers(self, request: Request) -> dict[str, str]:
        images = self.places.tiles if self.places else ""
        return headers(self.embed_origins if framed(request) else None, images)

    def _view(self, entry: dict[str, Any]) -> dict[str, Any]:
        return webchat_places.drawn(self.places, view(entry))


def _number(given: str) -> int:
    """A row's number from an address; 0 for what is none."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 16 else 0


def _version() -> str:
    """Changes with our files, so that no browser runs an old script with a new page."""
    files = sorted((_HERE / "static").iterdir())
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:10]
