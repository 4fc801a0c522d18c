"""python-telegram-bot's requests over aiohttp: a third of the default client's work, or less.

What goes wrong is told in python-telegram-bot's own words, as its default client tells it.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

_JSON_TEXT = json.JSONEncoder(ensure_ascii=False).encode


class Call:
    """The parameters of one call, sent as JSON; for a client that wants forms, as a form."""

    contains_files = False
    multipart_data = None

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        self.parameters = {name: one for name, one in parameters.items() if one is not None}

    @property
    def json_parameters(self) -> dict[str, str]:
        """For a form: what is no text as JSON."""
        return {
            name: one if isinstance(one, str) else json.dumps(one)
            for name, one in self.parameters.items()
        }

    @property
    def body(self) -> bytes:
        """All of it as JSON."""
        return _JSON_TEXT(self.parameters).encode()


CONNECT, WRITE, READ = 5.0, 10.0, 15.0
"""Seconds. A send is over, one way or the other, before the courier's lease of 60 s ends."""
_POOL = 10.0
"""Seconds until we have a connection, a free one or a new one."""
_IDLE = 25.0
"""Telegram closes connections that were idle for some 40 s; ours are closed before that."""
_JSON = {"Content-Type": "application/json"}


class AiohttpRequest(BaseRequest):
    """``connections`` at a time, through ``proxy`` or the one the environment names."""

    def __init__(
        self,
        connections: int,
        *,
        read: float = READ,
        pool: float = _POOL,
        proxy: str | None = None,
    ) -> None:
        """``read`` and ``pool`` are seconds to wait for an answer and for a connection."""
        self._connections, self._read, self._pool = connections, read, pool
        self._proxy = proxy
        self._proxies: dict[str, str | None] = {}
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        """Seconds."""
        return self._read

    async def initialize(self) -> None:
        """Open the pool; nothing happens if it is open."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=_IDLE),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": self.USER_AGENT},
            )

    async def shutdown(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        """Status and body. Raises TimedOut, NetworkError; RuntimeError before ``initialize``."""
        if self._session is None:
            raise RuntimeError("this AiohttpRequest is not initialized")
        body, headers = _body(request_data)
        timeout = _timeout(
            read=_or(read_timeout, self._read),
            write=_or(write_timeout, WRITE),
            connect=_or(connect_timeout, CONNECT),
            pool=_or(pool_timeout, self._pool),
        )
        try:
            async with self._session.request(
                method,
                url,
                data=body,
                headers=headers,
                timeout=timeout,
                proxy=self._proxy or self._environments_proxy(url),
                allow_redirects=False,
            ) as response:
                return response.status, await response.read()
        except TimeoutError as problem:
            raise TimedOut(_said(problem)) from problem
        except aiohttp.ClientError as problem:
            raise NetworkError(_said(problem)) from problem

    def _environments_proxy(self, url: str) -> str | None:
        """HTTPS_PROXY and its kin, which NO_PROXY may overrule; asked once for each server."""
        address = urlsplit(url)
        origin = f"{address.scheme}://{address.netloc}"
        if origin not in self._proxies:
            proxy = urllib.request.getproxies().get(address.scheme)
            passed = urllib.request.proxy_bypass(address.hostname or "")
            self._proxies[origin] = None if passed else proxy
        return self._proxies[origin]

    @staticmethod
    def parse_json_payload(payload: bytes) -> Any:
        """As the base class, but what people wrote does not go to the log."""
        try:
            return json.loads(payload.decode("utf-8", "replace"))
        except ValueError:
            raise TelegramError("Invalid server response") from None


def _or(given: Any, usual: float) -> float | None:
    """What the caller gave; None means for ever, nothing means as usual."""
    if given is None:
        return None
    return float(given) if isinstance(given, int | float) else usual


def _timeout(
    *, read: float | None, write: float | None, connect: float | None, pool: float | None
) -> aiohttp.ClientTimeout:
    """aiohttp has no time-out of its own for writing: it goes into the total."""
    total = None if pool is None or read is None or write is None else pool + read + write
    return aiohttp.ClientTimeout(total=total, connect=pool, sock_connect=connect, sock_read=read)


def _body(given: RequestData | Call | None) -> tuple[Any, Mapping[str, str] | None]:
    """What to send, and headers that say what it is, where aiohttp does not know."""
    if isinstance(given, Call):
        return given.body, _JSON
    if given is None or not given.contains_files:
        return (given.json_parameters if given else None), None
    form = aiohttp.FormData(quote_fields=False)  # names of files stay as they are
    for name, value in given.json_parameters.items():
        form.add_field(name, value)
    for name, (file, content, kind) in (given.multipart_data or {}).items():
        form.add_field(name, content, filename=file, content_type=kind)
    return form, None


def _said(problem: BaseException) -> str:
    """aiohttp's words without the address, which carries the token."""
    return f"aiohttp.{type(problem).__name__}: {problem}".partition(" url=")[0]
