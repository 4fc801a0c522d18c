"""Receives a file from somebody who is signed in; nobody else can make us store a byte."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

from python_multipart.exceptions import MultipartParseError
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import Request
from starlette.responses import Response

from bot.console import access
from bot.console.base import Action, Console, Visit
from bot.console.guard import Endpoint, allowed, refuse_form, signed_in
from bot.db.tables import Staff
from bot.desk import roles
from bot.places.sheets import LARGEST_FILE

_OVERHEAD = 64 * 1024
_SLICE = 1024 * 1024


@dataclass(frozen=True)
class Upload:
    """A file and the other fields of its form, brought by ``staff``."""

    staff: Staff
    name: str
    path: Path
    fields: dict[str, str]


Receive = Callable[[Console, Upload], str]
"""Works on the file without a database session of its own; returns the address to go to.
Raises ``Unusable``."""


class Unusable(Exception):
    """The file cannot be used; the message says why, for the person who sent it."""


class TooLong(Exception):
    """More bytes than we take."""


def receiving(
    console: Console, what: str, receive: Receive, refused: Callable[[str], Action]
) -> Endpoint:
    """An endpoint that gives ``receive`` a file of those whose role allows ``what``; ``refused``
    makes the page that says why it was not used."""

    async def endpoint(request: Request) -> Response:
        login = access.read(console, request.cookies.get(access.COOKIE, ""))
        staff = await run_in_threadpool(_staff, console, login, what) if login else None
        if login is None or staff is None:
            return await _page(console, request, allowed(what, _nothing))
        try:
            async with _received(request, staff) as (upload, token):
                if not access.fits(console, login.nonce, token):
                    return refuse_form(console, {})
                address = await run_in_threadpool(receive, console, upload)
        except TooLong:
            words = "文件超过 100 MB，没有接收。请拆成几份再导入。"
            return await _page(console, request, refused(words))
        except (MultiPartException, MultipartParseError, HTTPException):
            words = "没有收到完整的文件，请再选一次文件上传。"
            return await _page(console, request, refused(words))
        except Unusable as unusable:
            return await _page(console, request, refused(str(unusable)))
        return Response(status_code=303, headers={"location": address})

    return endpoint


def _staff(console: Console, login: access.Login, what: str) -> Staff | None:
    """Who brings a file; None for those who may not, and ``signed_in`` says why."""
    with Session(console.engine, expire_on_commit=False) as db:
        staff = access.staff_of(db, login)
        if staff is None or access.lacks_second_factor(console, db, staff):
            return None
        allowed_to = roles.may(roles.grants(db, staff), what)
        db.commit()
        return staff if allowed_to else None


@contextlib.asynccontextmanager
async def _received(request: Request, staff: Staff) -> AsyncIterator[tuple[Upload, str]]:
    """The upload in a folder of its own, and the form's token. Raises TooLong, Unusable."""
    _limit(request)
    async with request.form(max_files=1, max_fields=10) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            raise Unusable("请先选一个文件，再点上传。")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "upload"
            with path.open("wb") as out:
                while piece := await file.read(_SLICE):
                    out.write(piece)
            fields = {key: str(value) for key, value in form.items() if key != "file"}
            yield Upload(staff, Path(file.filename).name, path, fields), fields.get("token", "")


def _limit(request: Request) -> None:
    """Stop reading when the body is longer than we take, whatever its header says."""
    most, seen = LARGEST_FILE + _OVERHEAD, 0
    if int(request.headers.get("content-length") or 0) > most:
        raise TooLong
    receive = request.receive

    async def counted() -> dict[str, object]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise TooLong
        return dict(message)

    request._receive = counted  # Starlette has no public way to watch a body


async def _page(console: Console, request: Request, action: Action) -> Response:
    """A page for a request whose body is spent: shown as if it had been asked for."""
    scope = dict(request.scope) | {"method": "GET"}
    return await signed_in(console, action)(Request(scope, _no_body))


async def _no_body() -> dict[str, object]:
    return {"type": "http.request", "body": b"", "more_body": False}


def _nothing(visit: Visit) -> Response:
    return visit.page("problem.html", status=404, title="没有找到", words="", text="")
