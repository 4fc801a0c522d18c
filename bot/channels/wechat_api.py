"""WeChat's interface for what we send on our own: access token, customer-service texts, menu.

https://developers.weixin.qq.com/doc/service/api/ – error codes under "全局返回码".
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Protocol

import aiohttp

from bot.channels.base import Later, SlowDown, Uncertain, Undeliverable

_TOKEN_ERRORS = frozenset({40001, 40014, 42001})
_GONE = frozenset({40003, 43004})
_CLOSED = frozenset({45015, 45047})
_FORBIDDEN = frozenset({48001, 48004, 50002})
_TOO_FAST = frozenset({45009, 45011})
_BUSY = -1
_TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)


class WechatError(Exception):
    """WeChat answered with an error code; the words name it and what the operator can do."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(f"errcode {code}: {words}{_REMEDIES.get(code, '')}")
        self.code, self.words = code, words


class QuotaSpent(Later):
    """WeChat counts more of our messages than we did: nothing more goes until the person writes."""


class Garbled(Exception):
    """WeChat answered, but not in its own form."""


class Tokens(Protocol):
    """Where processes share the access token."""

    async def read(self) -> str | None:
        """The token, unless it runs out soon."""

    async def write(self, token: str, *, seconds: float) -> None: ...

    async def drop(self, token: str) -> None:
        """Forget this token, unless another process has replaced it."""


class Api:
    """Calls of one account; opens its connections at the first."""

    def __init__(self, url: str, app_id: str, app_secret: str, tokens: Tokens) -> None:
        self._url, self._app_id, self._secret = url.rstrip("/"), app_id, app_secret
        self._tokens = tokens
        self._session: aiohttp.ClientSession | None = None
        self._lock = asyncio.Lock()

    async def send_text(self, openid: str, text: str) -> None:
        """A customer-service text. Raises what a channel's ``send`` raises."""
        body = {"touser": openid, "msgtype": "text", "text": {"content": text}}
        try:
            await self._token()  # a token that cannot be had is no doubt about the message
        except WechatError as problem:
            raise of_delivery(problem) from problem
        try:
            await self._call("/cgi-bin/message/custom/send", body)
        except WechatError as problem:
            raise of_delivery(problem) from problem
        except aiohttp.ClientConnectorError:
            raise
        except (TimeoutError, aiohttp.ClientError, Garbled) as problem:
            if isinstance(problem, aiohttp.ConnectionTimeoutError):
                raise
            raise Uncertain("WeChat's answer did not arrive") from problem

    async def create_menu(self, menu: Mapping[str, Any]) -> None:
        """Replace the account's menu. Raises WechatError."""
        await self._call("/cgi-bin/menu/create", menu)

    async def fetch(self, media: str, largest: int) -> bytes | None:
        """The file WeChat keeps under this number; None for one of more than ``largest`` bytes.

        Raises WechatError, Garbled and what aiohttp raises.
        """
        token = await self._token()
        try:
            return await self._get(media, token, largest)
        except WechatError as problem:
            if problem.code not in _TOKEN_ERRORS:
                raise
        await self._tokens.drop(token)
        return await self._get(media, await self._token(), largest)

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()

    async def _call(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        token = await self._token()
        try:
            return await self._post(f"{path}?access_token={token}", body)
        except WechatError as problem:
            if problem.code not in _TOKEN_ERRORS:
                raise
        await self._tokens.drop(token)
        return await self._post(f"{path}?access_token={await self._token()}", body)

    async def _token(self) -> str:
        """The shared token. ``stable_token`` gives every process that asks the same one, so two
        that ask at once do no harm."""
        async with self._lock:
            if token := await self._tokens.read():
                return token
            body = {
                "grant_type": "client_credential",
                "appid": self._app_id,
                "secret": self._secret,
            }
            found = await self._post("/cgi-bin/stable_token", body)
            token = str(found["access_token"])
            await self._tokens.write(token, seconds=float(found.get("expires_in", 7200)))
            return token

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        # WeChat shows \uXXXX as it stands, so Chinese goes out as it is.
        data = json.dumps(body, ensure_ascii=False).encode()
        address = self._url + path  # it carries the token: nowhere else, whatever the answer
        async with self._connection().post(address, data=data, allow_redirects=False) as response:
            text = await response.text()
            if response.status >= 500:
                raise WechatError(_BUSY, f"HTTP {response.status}")
        return _understood(text)

    async def _get(self, media: str, token: str, largest: int) -> bytes | None:
        """https://developers.weixin.qq.com/doc/service/api/material/temporary/api_getmedia.html –
        the bytes, or an error as JSON."""
        query = {"access_token": token, "media_id": media}
        address = f"{self._url}/cgi-bin/media/get"
        async with self._connection().get(address, params=query, allow_redirects=False) as response:
            if response.status >= 300:
                raise WechatError(_BUSY, f"HTTP {response.status}")
            if response.content_type in ("application/json", "text/plain"):
                _understood(await response.text())
                raise Garbled("WeChat answered with words in the place of a file")
            data = bytearray()
            async for chunk in response.content.iter_chunked(64 * 1024):
                data += chunk
                if len(data) > largest:
                    return None
            return bytes(data)

    def _connection(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        return self._session


def _understood(text: str) -> dict[str, Any]:
    """What WeChat answered. Raises WechatError for an error, Garbled for what is no answer."""
    try:
        answer = json.loads(text)
        code = int(answer.get("errcode", 0))
    except (ValueError, AttributeError, TypeError):
        raise Garbled("WeChat answered something that is no JSON object") from None
    if code:
        raise WechatError(code, str(answer.get("errmsg", ""))[:200])
    return dict(answer)


def of_delivery(problem: WechatError) -> Exception:
    """The exception a courier understands; staff read the words of an Undeliverable."""
    if problem.code in _CLOSED:
        return QuotaSpent(str(problem))
    if problem.code in _FORBIDDEN:
        return Later(str(problem))
    if problem.code in _TOO_FAST:
        return SlowDown(60)
    if problem.code in _GONE:
        return Undeliverable("对方已取消关注公众号", gone=True)
    if problem.code == _BUSY or problem.code in _TOKEN_ERRORS or problem.code in _REMEDIES:
        return problem  # passes by itself, or once the operator has mended the settings
    return Undeliverable(f"微信不接受这条消息（{problem.code} {problem.words}）")


_REMEDIES = {
    40013: " – wechat.app_id is wrong",
    40125: " – wechat.app_secret is wrong",
    40164: " – add this server's address to 公众平台 > 基本配置 > IP白名单",
    48001: " – the account is not verified (认证), so it may only answer; set wechat.push: false",
}
