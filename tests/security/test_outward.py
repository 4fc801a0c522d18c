"""Where the service may be told to call: settings that would leak keys or reach inside are refused."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from bot import config, outward
from bot.channels.speech import Unheard
from bot.channels.wechat_api import Api, Garbled, WechatError
from bot.embedding import Endpoint as Embedding
from bot.places.geocode import Tianditu, Unavailable
from bot.tokens import SharedToken
from bot.transcribing import Endpoint as Transcriber
from knowledge.meaning import EmbedderFailed

SETTINGS = [
    "telegram.base_url",
    "embedding.url",
    "transcriber.url",
    "geocoder.base_url",
    "wechat.base_url",
]


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
        "//127.0.0.1/",
        "https://",
        "https://user:word@host/v1",
        "https://host/v1#x",
        "https://a b/",
        "https://host:99999999/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://100.100.100.200/latest/",
        "http://metadata.google.internal./",
    ],
)
def test_an_address_inside_or_with_a_password_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"网址|内部地址"):
        outward.checked(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:11434/v1/embeddings",
        "http://[::1]:9000/v1",
        "http://10.3.2.1:8000/",
        "https://api.telegram.org/bot",
        "http://asr.internal:9000/v1/audio",
    ],
)
def test_this_machine_and_the_offices_own_may_be_called(url: str) -> None:
    assert outward.checked(url) == url


@pytest.mark.parametrize("setting", SETTINGS)
def test_every_setting_that_is_called_is_checked_and_its_value_not_repeated(
    tmp_path: Path, setting: str
) -> None:
    section, name = setting.split(".")
    file = tmp_path / "config.yaml"
    file.write_text(f"{section}:\n  {name}: https://user:planted-word@host/\n", "utf-8")

    with pytest.raises(config.ConfigError, match=setting) as caught:
        config.load(file)

    assert "planted-word" not in str(caught.value)


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """Sends everybody on to a place that counts who comes."""

    came = 0

    def do_GET(self) -> None:
        if self.path.startswith("/caught"):
            Elsewhere.came += 1
        self.send_response(302)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/caught")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def redirecting() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    Elsewhere.came = 0
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


async def test_no_one_follows_a_redirection_with_our_keys(redirecting: str, sqlite: Engine) -> None:
    with pytest.raises(EmbedderFailed):
        Embedding(f"{redirecting}/v1", "m", "key", 5).embed(["你好"])
    with pytest.raises(Unheard):
        await Transcriber(f"{redirecting}/v1", "m", "key", 5).transcribe(b"x", "a.ogg")
    with pytest.raises(Unavailable):
        Tianditu("key", redirecting).locate("人民路 1 号")
    wechat = Api(redirecting, "wx1", "word", SharedToken(sqlite, "wechat:wx1"))
    with pytest.raises(Exception, match=r".") as caught:
        await wechat.send_text("o1", "你好")
    await wechat.close()
    assert isinstance(caught.value, (WechatError, Garbled))

    assert Elsewhere.came == 0
