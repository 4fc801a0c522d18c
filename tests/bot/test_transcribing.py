"""The speech endpoint, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from bot.channels.speech import Unheard
from bot.transcribing import Endpoint


class Model:
    """Answers as OpenAI's interface does, or as it should not."""

    def __init__(self) -> None:
        self.answer: object = {"text": " 优待证丢了怎么办 "}
        self.status = 200
        self.heard: list[tuple[bytes, str, str, str | None]] = []

    async def handle(self, request: web.Request) -> web.Response:
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        said = file.file.read(), file.filename, str(form["model"])
        self.heard.append((*said, request.headers.get("Authorization")))
        return web.json_response(self.answer, status=self.status)


@pytest.fixture
async def model() -> Model:
    return Model()


@pytest.fixture
async def url(model: Model) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v1/audio/transcriptions", model.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1/audio/transcriptions"
    await runner.cleanup()


async def test_a_voice_becomes_words(model: Model, url: str) -> None:
    text = await Endpoint(url, "whisper-1", "k", 5).transcribe(b"ogg", "voice.ogg")
    assert text == "优待证丢了怎么办"
    assert model.heard == [(b"ogg", "voice.ogg", "whisper-1", "Bearer k")]


@pytest.mark.parametrize(
    ("status", "answer"), [(500, {}), (200, {"text": "  "}), (200, {}), (200, [])], ids=str
)
async def test_whatever_goes_wrong_is_one_error(
    status: int, answer: object, model: Model, url: str
) -> None:
    model.status, model.answer = status, answer
    with pytest.raises(Unheard):
        await Endpoint(url, "whisper-1", None, 5).transcribe(b"ogg", "voice.ogg")


async def test_nobody_there_is_the_same_error() -> None:
    with pytest.raises(Unheard):
        await Endpoint("http://127.0.0.1:9/", "m", None, 1).transcribe(b"ogg", "voice.ogg")
