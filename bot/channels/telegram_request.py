"""python-telegram-bot's requests over aiohttp: a third of the default client's work, or less.

What goes wrong is told in python-telegram-bot's own words, as its default client tells it.
"""

from __future__ import annotations

import json
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECT, WRITE, READ = 5.0, 10.0, 15.0
"""Seconds. A send is over, one way or the other, before the courier's lease of 60 s ends."""
_POOL = 10.0
"""Seconds until we have a connection, a free one or a new one."""
_IDLE = 25.0
"""Telegram closes connections that were idle for some 40 s; ours are closed before that."""


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
                data=_body(request_data),
                timeout=timeout,
                proxy=self._proxy or _environments_proxy(url),
                allow_redirects=False,
            ) as response:
                return response.status, await response.read()
        except TimeoutError as problem:
            raise TimedOut(_said(problem)) from problem
        except aiohttp.ClientError as problem:
            raise NetworkError(_said(problem)) from problem

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


def _body(given: RequestData | None) -> aiohttp.FormData | dict[str, str] | None:
    if given is None or not given.contains_files:
        return given.json_parameters if given else None
    form = aiohttp.FormData()
    for name, value in given.json_parameters.items():
        form.add_field(name, value)
    for name, (file, content, kind) in (given.multipart_data or {}).items():
        form.add_field(name, content, filename=file, content_type=kind)
    return form


def _environments_proxy(url: str) -> str | None:
    """HTTPS_PROXY and its kin, which NO_PROXY may overrule."""
    address = urlsplit(url)
    proxy = urllib.request.getproxies().get(address.scheme)
    if not proxy or urllib.request.proxy_bypass(address.hostname or ""):
        return None
    return proxy


def _said(problem: BaseException) -> str:
    """aiohttp's words without the address, which carries the token."""
    return f"aiohttp.{type(problem).__name__}: {problem}".partition(" url=")[0]
