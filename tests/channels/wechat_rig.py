"""WeChat around our adapter: a follower whose phone it carries, and its interface for pushes."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import httpx2
from aiohttp import web
from aiohttp.test_utils import TestServer
from defusedxml.ElementTree import fromstring
from starlette.applications import Starlette
from wechatpy.crypto import WeChatCrypto

from bot.channels.wechat_crypto import signature

TOKEN = "token"
APP_ID = "wx0123456789abcdef"
KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


class Follower:
    """Sends what a person does as WeChat sends it; sealed by wechatpy in AES mode."""

    def __init__(self, app: Starlette, *, openid: str = "o-wang", sealed: bool = False) -> None:
        self._client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://test"
        )
        self.openid = openid
        self._crypto = WeChatCrypto(TOKEN, KEY, APP_ID) if sealed else None
        self._ids = count(1)

    async def says(self, text: str, *, id: str | None = None) -> str:
        return await self.does(Content=text, id=id)

    async def clicks(self, key: str, *, event: str = "CLICK", at: int = 1) -> str:
        return await self.does("event", Event=event, EventKey=key, CreateTime=at)

    async def does(self, kind: str = "text", *, id: str | None = None, **fields: Any) -> str:
        """Send a message; what the phone shows for the answer, empty for nothing."""
        if kind != "event":
            fields["MsgId"] = id or next(self._ids)
        response = await self.posts(self.xml(kind, **fields))
        assert response.status_code == 200, response.text
        return self._shown(response.text)

    def xml(self, kind: str, **fields: Any) -> str:
        values = {
            "ToUserName": "gh_us",
            "FromUserName": self.openid,
            "CreateTime": int(time.time()),
            "MsgType": kind,
        } | fields
        return f"<xml>{''.join(f'<{k}><![CDATA[{v}]]></{k}>' for k, v in values.items())}</xml>"

    async def posts(self, xml: str, **query: str) -> httpx2.Response:
        at, nonce = str(int(time.time())), "nonce"
        signed = {"timestamp": at, "nonce": nonce, "signature": signature(TOKEN, at, nonce)}
        if self._crypto is not None:
            xml = self._crypto.encrypt_message(xml, nonce, at)
            signed["msg_signature"] = fromstring(xml).findtext("MsgSignature")
        return await self._client.post("/wechat", params=signed | query, content=xml.encode())

    async def confirms(self, **query: str) -> httpx2.Response:
        at, nonce = str(int(time.time())), "nonce"
        signed = {"timestamp": at, "nonce": nonce, "signature": signature(TOKEN, at, nonce)}
        return await self._client.get("/wechat", params=signed | {"echostr": "42"} | query)

    def _shown(self, body: str) -> str:
        if body == "success":
            return ""
        if self._crypto is not None:
            sealed = fromstring(body)
            body = self._crypto.decrypt_message(
                body,
                sealed.findtext("MsgSignature"),
                sealed.findtext("TimeStamp"),
                sealed.findtext("Nonce"),
            )
        answer = fromstring(body)
        assert answer.findtext("ToUserName") == self.openid
        assert answer.findtext("FromUserName") == "gh_us"
        text: str = answer.findtext("Content")
        assert len(text.encode()) <= 2048
        return text


class Platform:
    """api.weixin.qq.com: hands out tokens, delivers texts, fails as told."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, str]] = []
        self.menus: list[Any] = []
        self.files: dict[str, bytes] = {}
        self.tokens = 0
        self.faults: deque[Any] = deque()
        """For the next deliveries: an errcode, ``html``, ``reset``, ``hang`` or None."""
        self.url = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Platform]:
        app = web.Application()
        app.router.add_post("/cgi-bin/stable_token", self._token)
        app.router.add_post("/cgi-bin/message/custom/send", self._deliver)
        app.router.add_post("/cgi-bin/menu/create", self._menu)
        app.router.add_get("/cgi-bin/media/get", self._media)
        server = TestServer(app)
        await server.start_server()
        self.url = str(server.make_url(""))
        try:
            yield self
        finally:
            await server.close()

    async def _token(self, request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        if (asked["appid"], asked["secret"]) != (APP_ID, "secret"):
            return web.json_response({"errcode": 40125, "errmsg": "invalid appsecret"})
        self.tokens += 1
        return web.json_response({"access_token": f"T{self.tokens}", "expires_in": 7200})

    async def _deliver(self, request: web.Request) -> web.StreamResponse:
        if request.query["access_token"] != f"T{self.tokens}":
            return _error(40001)
        match self.faults.popleft() if self.faults else None:
            case int(code):
                return _error(code)
            case "html":
                return web.Response(text="<html>502</html>", content_type="text/html")
            case "down":
                return web.Response(status=502)
            case "reset":
                assert request.transport is not None
                request.transport.abort()
                await asyncio.sleep(0)
        body = json.loads(await request.read())
        assert len(body["text"]["content"].encode()) <= 2048
        self.delivered.append((body["touser"], body["text"]["content"]))
        return web.json_response({"errcode": 0, "errmsg": "ok"})

    async def _media(self, request: web.Request) -> web.StreamResponse:
        if request.query["access_token"] != f"T{self.tokens}":
            return _error(40001)
        match self.faults.popleft() if self.faults else None:
            case int(code):
                return _error(code)
            case "html":
                return web.Response(text="<html>502</html>", content_type="text/html", status=502)
            case "video":
                return web.json_response({"video_url": "https://example.org/v"})
        found = self.files.get(request.query["media_id"])
        if found is None:
            return web.json_response({"errcode": 40007, "errmsg": "invalid media_id"})
        return web.Response(body=found, content_type="image/jpeg")

    async def _menu(self, request: web.Request) -> web.Response:
        self.menus.append(json.loads(await request.read()))
        return web.json_response({"errcode": 0, "errmsg": "ok"})


def _error(code: int) -> web.Response:
    return web.json_response({"errcode": code, "errmsg": "told to"})
