"""What the page sends, read with its limits: a message as JSON or as a plain form, or one file."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from bot.channels.files import LARGEST, File
from handlers.messages import Contact, Point, Update

LONGEST = 4_000
"""Characters of one message."""
_BODY = 64 * 1024
"""Bytes of one message with all its fields."""
_KINDS = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"BM", b"%PDF-")
_TOO_LARGE = "文件超过 10 MB，没有发出去。照片可以缩小后再发，或带到窗口。"
_NO_FILE = "没有收到文件，请重新选一次。"


def foreign(request: Request) -> bool:
    """Whether another site made the browser send this. Old WebViews do not say (Sec-Fetch-Site);
    then the origin, if there is one, must be the host we are asked as."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def wants_json(request: Request) -> bool:
    """The script asks for JSON; a plain form gets a page."""
    if request.method == "GET" and request.url.path == "/chat/messages":
        return True
    kinds = request.headers.get("content-type", ""), request.headers.get("accept", "")
    return any(kind.startswith("application/json") for kind in kinds)


async def read_message(request: Request) -> dict[str, Any]:
    """The fields of a message. Raises ValueError with a sentence for the person."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BODY:
            raise ValueError("内容太长了，请分几次发")
    if not request.headers.get("content-type", "").startswith("application/json"):
        return dict(parse_qsl(body.decode("utf-8", "replace")))
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise ValueError("没有看懂这条消息，请再发一次")
    return said


async def read_file(request: Request) -> tuple[str, str, str, bytes]:
    """Token, id, name and bytes of the one file sent. Raises ValueError with a sentence.

    The file stays in memory: nothing personal is written to a temporary folder.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or len(length) > 12 or int(length) > LARGEST + _BODY:
        raise ValueError(_TOO_LARGE)
    parser = MultiPartParser(request.headers, request.stream(), max_files=1, max_fields=4)
    parser.spool_max_size = LARGEST + _BODY
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError):
        raise ValueError(_NO_FILE) from None
    try:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise ValueError(_NO_FILE)
        data = await file.read()
    finally:
        await form.close()
    return _field(form, "token"), _field(form, "id"), file.filename or "", data


def make_file(contact: Contact, id: str, name: str, data: bytes) -> File:
    """The file for the desk. Raises ValueError for what is empty, too large or of another kind."""
    if not data:
        raise ValueError(_NO_FILE)
    if len(data) > LARGEST:
        raise ValueError(_TOO_LARGE)
    if not data.startswith(_KINDS) and data[8:12] != b"WEBP":
        raise ValueError("只能发照片（JPG、PNG）和 PDF，这个文件没有发出去。请拍成照片再发。")
    return File(_key(id), contact, name[:200], data)


def make_update(contact: Contact, said: Mapping[str, Any]) -> Update:
    """What the person said. Raises ValueError with a sentence for them."""
    id = _key(str(said.get("id") or ""))
    if isinstance(at := said.get("point"), dict):
        return Update(id, contact, point=_point(at))
    text = str(said.get("text") or "").strip()
    if not text:
        raise ValueError("请先打几个字再发")
    if len(text) > LONGEST:
        raise ValueError(f"一次最多发 {LONGEST} 个字，请分几次发")
    label = str(said["label"])[:64] if said.get("label") else None
    return Update(id, contact, text, label=label)


def _key(id: str) -> str:
    return id[:64] or secrets.token_hex(8)


def _field(form: Any, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _point(at: Mapping[str, Any]) -> Point:
    """A browser's position: WGS-84 by the Geolocation specification."""
    try:
        point = Point(float(at["latitude"]), float(at["longitude"]))
    except (KeyError, TypeError, ValueError, OverflowError):
        point = None
    if point is None or not (abs(point.latitude) <= 90 and abs(point.longitude) <= 180):
        raise ValueError("没有收到位置，请再试一次，或者打镇名")
    return point
