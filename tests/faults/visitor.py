"""Somebody in the web chat of a process."""

from __future__ import annotations

import re
from itertools import count
from typing import Any, Self

import aiohttp

_TOKEN = re.compile(r'data-token="([^"]+)"')
_JSON = {"Accept": "application/json"}


class Visitor:
    """A browser with a cookie; every method needs ``async with``."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._ids = count(1)

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        async with self._http.get(f"{self._url}/") as page:
            found = _TOKEN.search(await page.text())
        assert found is not None
        self._token = found[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def says(self, text: str) -> tuple[int, str]:
        """Status and words of the answer to a message."""
        said = {"token": self._token, "id": f"m{next(self._ids)}", "text": text}
        return await self._post("messages", json=said)

    async def sends(self, id: str, data: bytes) -> tuple[int, str]:
        """The same for a photo."""
        form = aiohttp.FormData({"token": self._token, "id": id})
        form.add_field("file", data, filename="材料.jpg", content_type="image/jpeg")
        return await self._post("files", data=form)

    async def hears(self) -> str:
        """The last thing we said."""
        async with self._http.get(f"{self._url}/chat/messages", params={"after": "0"}) as answer:
            return str((await answer.json())["messages"][-1]["html"])

    async def _post(self, what: str, **content: Any) -> tuple[int, str]:
        async with self._http.post(f"{self._url}/chat/{what}", headers=_JSON, **content) as answer:
            return answer.status, await answer.text()
