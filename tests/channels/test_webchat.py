"""The web chat's endpoints: who may send, what is refused, nothing twice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.channels.webchat import Webchat
from bot.db import outbox
from bot.service import Service
from bot.transcript import Transcript
from handlers.messages import Contact, Reply, Update
from knowledge.base import Knowledge


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def web(sqlite: Engine, knowledge: Knowledge, clock: Clock) -> Starlette:
    service = Service(sqlite, knowledge)

    async def receive(update: Update) -> None:
        await asyncio.to_thread(service.receive, update)

    chat = Webchat(receive, Transcript(sqlite), secret="secret", clock=clock)
    return Starlette(routes=chat.routes())


@pytest.fixture
def client(web: Starlette) -> Iterator[TestClient]:
    with TestClient(web, follow_redirects=False) as client:
        yield client


def token(client: TestClient) -> str:
    found = re.search(r'data-token="(\w+)"', client.get("/").text)
    assert found
    return found.group(1)


def say(client: TestClient, key: str, text: str, **more: Any) -> Any:
    return client.post("/chat/messages", json={"token": key, "text": text, **more})


def heard(client: TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/chat/messages?after=0").json()["messages"]
    return found


def test_a_question_is_answered_and_found_again_on_the_page(client: TestClient) -> None:
    key = token(client)
    assert say(client, key, "残疾军人坐火车半价吗").status_code == 200
    person, bot = heard(client)
    assert (person["side"], person["text"]) == ("person", "残疾军人坐火车半价吗")
    assert bot["side"] == "bot"
    assert "减收50%" in client.get("/").text
    assert client.get(f"/chat/messages?after={bot['id']}").json() == {"messages": []}


def test_a_message_sent_again_after_a_lost_answer_is_taken_once(client: TestClient) -> None:
    key = token(client)
    for _ in range(3):
        assert say(client, key, "你好", id="same").status_code == 200
    assert len(heard(client)) == 2


def test_a_plain_form_works_too(client: TestClient) -> None:
    answer = client.post("/chat/messages", data={"token": token(client), "text": "你好"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/#latest")
    assert len(heard(client)) == 2


def test_a_button_is_shown_by_its_label(client: TestClient) -> None:
    say(client, token(client), "/menu", label="回到菜单")
    assert heard(client)[0]["text"] == "回到菜单"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "你好"}, 403),
        ({"text": "你好", "token": "wrong"}, 403),
        ({"text": "  "}, 400),
        ({"text": "长" * 4001}, 400),
        ({"point": {"latitude": "x", "longitude": 1}}, 400),
        ({"text": "长" * 70_000}, 400),
    ],
)
def test_what_is_wrong_is_refused_in_words(
    client: TestClient, body: dict[str, Any], status: int
) -> None:
    key = token(client)
    body = body if status == 403 else body | {"token": key}
    answer = client.post("/chat/messages", json=body)
    assert answer.status_code == status
    assert re.search(r"[\u4e00-\u9fff]", answer.json()["error"])
    assert heard(client) == []


@pytest.mark.parametrize("body", [b"{", b"[1]", b"\xff\xfe", b"[" * 50_000, b"null"])
def test_garbage_is_refused_without_harm(client: TestClient, body: bytes) -> None:
    token(client)
    answer = client.post(
        "/chat/messages", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 403)


def test_a_stranger_reads_nothing(web: Starlette, client: TestClient) -> None:
    say(client, token(client), "我的事只跟你说")
    with TestClient(web) as stranger:
        assert stranger.get("/chat/messages").status_code == 401
        token(stranger)
        assert heard(stranger) == []
        stranger.cookies.clear()
        stranger.cookies.set("youjun", "forged")
        assert stranger.get("/chat/messages").status_code == 401


def test_nobody_sends_faster_than_people_type(client: TestClient, clock: Clock) -> None:
    key = token(client)
    answers = [say(client, key, "你好", id=str(n)).status_code for n in range(20)]
    assert answers == [200] * 15 + [429] * 5
    clock.now += 10
    assert say(client, key, "你好", id="later").status_code == 200


def test_what_staff_write_is_shown_as_theirs_and_as_text(
    client: TestClient, sqlite: Engine
) -> None:
    say(client, token(client), "你好")
    with Session(sqlite) as session:
        contact = next(iter(session.connection().exec_driver_sql("SELECT contact FROM message")))[0]
        reply = Reply("<b>您好</b>", author="李同志 · T000001")
        outbox.put(session, Contact.parse(contact), [reply])
        session.commit()
    last = heard(client)[-1]
    assert (last["side"], last["author"]) == ("staff", "李同志 · T000001")
    page = client.get("/").text
    assert "&lt;b&gt;您好" in page
    assert "<b>您好" not in page


def test_the_page_allows_no_foreign_or_inline_script(client: TestClient) -> None:
    page = client.get("/")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert "<script>" not in page.text
    assert "httponly" in page.headers["set-cookie"].lower()
    assert "samesite=lax" in page.headers["set-cookie"].lower()
    assert not re.search(r'(src|href)="https?://', page.text)
