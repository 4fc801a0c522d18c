"""The web chat's endpoints: who may send, what is refused, nothing twice."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import Session
from starlette.applications import Starlette
from starlette.testclient import TestClient

from bot.channels.files import LARGEST, File
from bot.channels.webchat import Webchat
from bot.channels.webchat_limits import Allowance, network
from bot.channels.webchat_view import parts
from bot.db import outbox
from bot.service import Service
from bot.transcript import Transcript
from handlers.messages import Contact, Reply, Update
from knowledge.base import Knowledge
from knowledge.render import render

JPEG = b"\xff\xd8\xff\xe0 not really"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Kept:
    """Keeps files in memory."""

    files: list[File] = field(default_factory=list)

    def receive(self, file: File) -> None:
        self.files.append(file)


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
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "unsafe-inline" not in page.headers["content-security-policy"]
    assert "<script>" not in page.text
    assert "httponly" in page.headers["set-cookie"].lower()
    assert "samesite=lax" in page.headers["set-cookie"].lower()
    assert not re.search(r'(src|href)="https?://', page.text)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_another_site_cannot_speak_for_the_person(
    client: TestClient, headers: dict[str, str], status: int
) -> None:
    body = {"token": token(client), "text": "你好"}
    assert client.post("/chat/messages", json=body, headers=headers).status_code == status


def test_a_thousand_cookies_from_one_address_are_slowed_down(
    web: Starlette, client: TestClient
) -> None:
    answers = []
    for number in range(20):
        client.cookies.clear()
        key = token(client)
        answers += [say(client, key, " ", id=f"{number}-{n}").status_code for n in range(12)]
    assert answers.count(400) == 200
    assert answers[-1] == 429


def test_buckets_are_bounded_and_an_ipv6_household_is_one(clock: Clock) -> None:
    allowance = Allowance(1, 0.1, clock)
    for number in range(30_000):
        allowance.spend(str(number))
    assert len(allowance._left) <= 20_000
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9")
    assert network("2001:db8:1:3::1") != network("2001:db8:1:2::1")
    assert network("::ffff:10.0.0.1") == "10.0.0.1"


def test_a_plain_form_that_is_refused_gets_a_page_with_its_words(client: TestClient) -> None:
    words = "</textarea><script>alert(1)</script>"
    answer = client.post("/chat/messages", data={"token": "x" + token(client), "text": words})
    assert answer.status_code == 403
    assert "回到对话" in answer.text
    assert "<script>alert" not in answer.text
    assert "&lt;/textarea&gt;" in answer.text


def test_a_database_that_is_away_costs_no_words(sqlite: Engine) -> None:
    async def receive(_update: Update) -> None:
        raise OSError("away")

    chat = Webchat(receive, Transcript(sqlite), secret="secret")
    with TestClient(Starlette(routes=chat.routes())) as client:
        answer = client.post("/chat/messages", data={"token": token(client), "text": "我的话"})
        assert answer.status_code == 503
        assert "我的话" in answer.text


def test_a_file_that_cannot_be_stored_is_refused_in_words(sqlite: Engine) -> None:
    class Away:
        def receive(self, _file: File) -> None:
            raise OSError("away")

    async def receive(_update: Update) -> None: ...

    chat = Webchat(receive, Transcript(sqlite), secret="secret", attachments=Away())
    with TestClient(Starlette(routes=chat.routes())) as client:
        key, file = token(client), {"file": ("a.jpg", JPEG)}
        answer = client.post("/chat/files", data={"token": key}, files=file)
    assert answer.status_code == 503
    assert "这个文件还没有存下" in answer.text


def test_an_answer_is_printed_for_its_person_only(web: Starlette, client: TestClient) -> None:
    say(client, token(client), "残疾军人坐火车半价吗")
    id = heard(client)[-1]["id"]
    assert "减收50%" in client.get(f"/chat/print/{id}").text
    assert client.get(f"/chat/print/{id + 1}").status_code == 404
    assert client.get(f"/chat/print/{10**30}").status_code == 404
    with TestClient(web) as stranger:
        assert stranger.get(f"/chat/print/{id}").status_code == 404
        token(stranger)
        assert stranger.get(f"/chat/print/{id}").status_code == 404


def test_files_are_refused_in_words_where_nothing_keeps_them(client: TestClient) -> None:
    key = token(client)
    assert 'type="file"' not in client.get("/").text
    answer = client.post("/chat/files", data={"token": key}, files={"file": ("a.jpg", JPEG)})
    assert answer.status_code == 400
    assert "还不能收文件" in answer.text


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (JPEG, None),
        (b"%PDF-1.7 ...", None),
        (b"RIFF\0\0\0\0WEBPVP8 ", None),
        (b"", "没有收到文件"),
        (b"<svg onload=alert(1)>", "只能发照片"),
        (b"PK\x03\x04", "只能发照片"),
        (JPEG + b"0" * LARGEST, "超过 10 MB"),
        (JPEG + b"0" * (LARGEST + 100_000), "超过 10 MB"),
    ],
)
def test_files_are_checked_by_content_and_size(
    sqlite: Engine, data: bytes, words: str | None
) -> None:
    kept = Kept()

    async def receive(_update: Update) -> None: ...

    chat = Webchat(receive, Transcript(sqlite), secret="secret", attachments=kept)
    with TestClient(Starlette(routes=chat.routes())) as client:
        answer = client.post(
            "/chat/files",
            data={"token": token(client), "id": "f1"},
            files={"file": ("材料.jpg", data)},
            headers={"Accept": "application/json"},
        )
    assert answer.status_code == (400 if words else 200)
    assert (words or "") in answer.json().get("error", "")
    assert [(file.id, file.name, file.data) for file in kept.files] == (
        [] if words else [("f1", "材料.jpg", data)]
    )


def test_a_file_needs_the_token_of_its_page(sqlite: Engine) -> None:
    kept = Kept()

    async def receive(_update: Update) -> None: ...

    chat = Webchat(receive, Transcript(sqlite), secret="secret", attachments=kept)
    with TestClient(Starlette(routes=chat.routes())) as client:
        for key in ("", "é", token(client) + "0"):
            answer = client.post("/chat/files", data={"token": key}, files={"file": ("a", JPEG)})
            assert answer.status_code == 403
        broken = client.post(
            "/chat/files", content=b"--", headers={"Content-Type": "multipart/form-data"}
        )
        assert broken.status_code == 400
    assert kept.files == []


@pytest.mark.parametrize(
    ("query", "classes"),
    [
        ("?size=large", "large auto"),
        ("?theme=contrast", "normal contrast"),
        ("?size=large&theme=dark", "large dark"),
        ('?size="><script>', "normal auto"),
    ],
)
def test_the_look_is_kept_and_nothing_unknown_gets_in(
    client: TestClient, query: str, classes: str
) -> None:
    client.get(f"/{query}")
    assert f'<html lang="zh-CN" class="{classes}">' in client.get("/").text
    client.cookies.clear()
    client.cookies.set("youjun-look", 'size-"onload=.theme-contrast.x')
    assert 'class="normal contrast"' in client.get("/").text


def test_frames_are_for_named_sites_only(sqlite: Engine, client: TestClient) -> None:
    assert client.get("/chat/embed").status_code == 404

    async def receive(_update: Update) -> None: ...

    origin = "https://bureau.example"
    chat = Webchat(
        receive, Transcript(sqlite), secret="s", secure_cookies=True, embed_origins=[origin]
    )
    with TestClient(Starlette(routes=chat.routes())) as framed:
        page = framed.get("/chat/embed")
        assert f"frame-ancestors 'self' {origin}" in page.headers["content-security-policy"]
        assert "SameSite=none; Secure; Partitioned" in page.headers["set-cookie"]
        plain = framed.get("/?framed=1")
        assert "frame-ancestors 'none'" in plain.headers["content-security-policy"]
        assert "Partitioned" not in plain.headers["set-cookie"]


def test_the_page_weighs_at_most_60_kilobytes(client: TestClient) -> None:
    page = client.get("/").text
    parts = [client.get(path) for path in re.findall(r'(?:src|href)="(/chat/static/[^"]+)"', page)]
    assert [part.status_code for part in parts] == [200, 200]
    assert len(page.encode()) + sum(len(part.content) for part in parts) <= 60_000


@pytest.mark.parametrize("new", [r"\?\.[a-z(\[]", r"\?\?", r"catch \{", r"\.at\(", r"replaceAll"])
def test_old_web_views_understand_the_script(client: TestClient, new: str) -> None:
    assert not re.search(new, client.get("/chat/static/chat.js").text)


def test_parts_of_an_answer_are_told_apart() -> None:
    text = "结论。\n\n条件：\n· 一\n· 二\n怎么办：\n1. 甲\n   续\n去哪里：乙\n\n依据：丙；丁\n适用：南通市"
    found = [(part.kind, part.title, [item.text for item in part.items]) for part in parts(text)]
    assert found == [
        ("text", "", ["结论。"]),
        ("list", "条件：", ["一", "二"]),
        ("list", "怎么办：", ["甲\n续"]),
        ("text", "", ["去哪里：乙"]),
        ("fold", "依据：", ["丙", "丁"]),
        ("note", "", ["适用：南通市"]),
    ]


def test_no_word_of_any_answer_is_lost_on_the_page(knowledge: Knowledge) -> None:
    for article in knowledge.library.articles.values():
        text = render(article, today=date(2026, 12, 1))
        shown = "".join(
            part.title + "".join(item.number + item.text for item in part.items)
            for part in parts(text)
        )
        assert re.sub(r"[\s·；.]", "", text) == re.sub(r"[\s·；.]", "", shown), article.id
