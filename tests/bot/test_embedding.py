"""Nearness of meaning through an OpenAI-compatible endpoint, against a real local server."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bot.config import Embedding, Settings
from bot.embedding import Endpoint
from knowledge.meaning import EmbedderFailed
from knowledge.schema import Lexicon
from knowledge.search import Index
from knowledge.text import Reader

ENTRIES = {"aid": ["困难帮扶怎么申请", "家里困难找谁"], "card": ["优待证怎么申请", "办优待证找谁"]}
HARD = ("困难", "揭不开锅")


class Server(ThreadingHTTPServer):
    """Speaks the embeddings API; ``broken`` says how it fails."""

    broken: str = ""
    asked: list[dict[str, Any]]
    keys: list[str | None]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(asked)
        self.server.keys.append(self.headers.get("Authorization"))
        rows = [
            {"index": at, "embedding": [1.0, 0.0] if any(w in text for w in HARD) else [0.0, 1.0]}
            for at, text in enumerate(asked["input"])
        ]
        if self.server.broken == "short":
            rows = rows[:-1]
        body = (
            b"<html>" if self.server.broken == "html" else json.dumps({"data": rows[::-1]}).encode()
        )
        self.send_response(503 if self.server.broken == "503" else 200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server(("127.0.0.1", 0), Handler)
    running.asked, running.keys = [], []
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield running
    running.shutdown()
    running.server_close()
    thread.join()


def endpoint(server: Server) -> Endpoint:
    return Endpoint(f"http://127.0.0.1:{server.server_port}/v1/embeddings", "m", "k", 2.0)


def test_what_means_the_same_is_found_without_a_common_word(server: Server) -> None:
    without = Index(ENTRIES, Reader.of(Lexicon()))
    index = Index(ENTRIES, Reader.of(Lexicon()), embedder=endpoint(server))
    by_words, by_meaning = (one.search("揭不开锅了，办什么") for one in (without, index))
    assert by_words == [] or by_words[0].id == "card"
    assert by_meaning[0].id == "aid"


def test_what_people_type_is_masked_and_asked_for_once(server: Server) -> None:
    index = Index(ENTRIES, Reader.of(Lexicon()), embedder=endpoint(server))
    known = len(server.asked)
    for _ in range(3):
        index.search("我电话13812345678困难")
    assert [one["input"] for one in server.asked[known:]] == [["我电话138****5678困难"]]
    assert server.asked[0]["model"] == "m"
    assert server.keys[0] == "Bearer k"


@pytest.mark.parametrize("broken", ["503", "html", "short"])
def test_when_the_model_fails_words_alone_decide(server: Server, broken: str) -> None:
    index = Index(ENTRIES, Reader.of(Lexicon()), embedder=endpoint(server))
    server.broken = broken
    assert index.search("优待证怎么申请")[0].id == "card"


def test_a_model_that_fails_at_the_start_is_named(server: Server) -> None:
    server.broken = "503"
    with pytest.raises(EmbedderFailed, match="没有给出向量"):
        Index(ENTRIES, Reader.of(Lexicon()), embedder=endpoint(server))


def test_without_a_setting_there_is_no_model() -> None:
    assert Settings().embedding == Embedding()
    assert Embedding().url is None
