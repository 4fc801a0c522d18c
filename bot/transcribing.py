"""A speech model behind an OpenAI-compatible endpoint (whisper.cpp, faster-whisper, a cloud)."""

from __future__ import annotations

import httpx

from bot.channels.speech import Unheard


class Endpoint:
    """Asks ``url`` (…/v1/audio/transcriptions). A voice cannot be masked: it leaves as it is, so the
    operator decides where to."""

    def __init__(self, url: str, model: str, key: str | None, timeout: float) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._url, self._model, self._headers, self._timeout = url, model, headers, timeout

    async def transcribe(self, voice: bytes, name: str) -> str:
        """What was said. Raises Unheard."""
        asked = {"model": self._model, "language": "zh", "response_format": "json"}
        try:
            async with httpx.AsyncClient(headers=self._headers, timeout=self._timeout) as client:
                answer = await client.post(self._url, data=asked, files={"file": (name, voice)})
            answer.raise_for_status()
            text = str(answer.json()["text"]).strip()
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as problem:
            raise Unheard(f"语音服务 {self._url} 没有给出文字：{problem}") from problem
        if not text:
            raise Unheard("没有听出话来")
        return text
