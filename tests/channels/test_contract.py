"""What every channel keeps, whatever its platform: one line a channel, the same tests for all."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import telegram
import telegram.error
from pydantic import SecretStr
from sqlalchemy import Engine
from sqlmodel import Session

from bot import config
from bot.channels import splitting, telegram_read, wechat_read
from bot.channels.base import Later, SlowDown, Uncertain, Undeliverable
from bot.channels.telegram_errors import of_delivery as of_telegram
from bot.channels.telegram_render import render
from bot.channels.terminal import Terminal
from bot.channels.webchat_forms import make_update as read_web
from bot.channels.wechat_api import WechatError
from bot.channels.wechat_api import of_delivery as of_wechat
from bot.channels.wechat_render import messages as wechat_messages
from bot.courier import Courier
from bot.db import outbox
from bot.mailbox import Mailbox
from bot.service import Service
from docs.examples import sms
from docs.examples.sms import Sms
from handlers.messages import Choice, Contact, Reply, Update
from knowledge.base import Knowledge

LONG = "".join(f"第{number}句话，讲的是第{number}件事。" for number in range(700))
PLAIN = Reply("您要哪一种？", choices=(Choice("/menu", "回到菜单"), Choice("/status", "查进度")))


@dataclass(frozen=True)
class Kind:
    """A channel as the contract sees it."""

    name: str
    shows: Callable[[Reply], Sequence[str]]
    """The messages a person reads."""
    limit: int
    size: Callable[[str], int] = len
    buttons: bool = True
    noise: Sequence[Callable[[], Update | None]] = ()
    attachments: Sequence[Callable[[], Update | None]] = ()
    failures: Sequence[tuple[Callable[[], Exception], type[Exception] | None]] = ()
    """What the platform says and what a courier hears; None for trouble that passes."""
    said: Callable[[str], Update | None] = field(default=lambda text: None)


def on_telegram(**fields: Any) -> Update | None:
    message = {
        "message_id": 1,
        "date": 1,
        "chat": {"id": 5, "type": "private"},
        "from": {"id": 5, "is_bot": False, "first_name": "王"},
    }
    raw = {"update_id": 1, "message": message | fields}
    update = telegram.Update.de_json(raw, None)
    assert update is not None
    return telegram_read.read(update)


def on_wechat(kind: str, **fields: str) -> Update | None:
    return wechat_read.read({"FromUserName": "o", "MsgType": kind, "MsgId": "1"} | fields)


def in_terminal(reply: Reply) -> list[str]:
    lines: list[str] = []
    Terminal("1", "a").show([reply], lines.append)
    return ["\n".join(lines)]


def by_sms(status: int) -> Callable[[], Exception]:
    def fail() -> Exception:
        with pytest.raises(Exception) as caught:  # noqa: PT011
            sms.raise_for(status)
        return caught.value

    return fail


PHOTO = [{"file_id": "a", "file_unique_id": "b", "width": 1, "height": 1}]
VOICE = {"file_id": "a", "file_unique_id": "b", "duration": 1}
KINDS = [
    Kind(
        "telegram",
        shows=lambda reply: [one.text for one in render(reply)],
        limit=4096,
        size=splitting.utf16_units,
        said=lambda text: on_telegram(text=text),
        noise=[lambda: on_telegram(pinned_message=None), lambda: on_telegram(new_chat_title="a")],
        attachments=[lambda: on_telegram(photo=PHOTO), lambda: on_telegram(voice=VOICE)],
        failures=[
            (lambda: of_telegram(telegram.error.Forbidden("blocked")), Undeliverable),
            (lambda: of_telegram(telegram.error.BadRequest("too long")), Undeliverable),
            (lambda: of_telegram(telegram.error.RetryAfter(3)), SlowDown),
            (lambda: of_telegram(telegram.error.TimedOut()), Uncertain),
            (lambda: of_telegram(telegram.error.NetworkError("502")), None),
        ],
    ),
    Kind(
        "wechat",
        shows=wechat_messages,
        limit=2048,
        size=splitting.utf8_bytes,
        buttons=False,
        said=lambda text: on_wechat("text", Content=text),
        noise=[
            lambda: on_wechat("event", Event="LOCATION", CreateTime="1"),
            lambda: on_wechat("event", Event="VIEW", EventKey="https://example.org"),
        ],
        attachments=[lambda: on_wechat("image"), lambda: on_wechat("voice")],
        failures=[
            (lambda: of_wechat(WechatError(43004, "")), Undeliverable),
            (lambda: of_wechat(WechatError(45002, "")), Undeliverable),
            (lambda: of_wechat(WechatError(45009, "")), SlowDown),
            (lambda: of_wechat(WechatError(45047, "")), Later),
            (lambda: of_wechat(WechatError(-1, "")), None),
        ],
    ),
    Kind(
        "sms",
        shows=lambda reply: splitting.split(sms.text_of(reply), sms.LIMITS.text),
        limit=500,
        buttons=False,
        said=lambda text: sms.read({"kind": "text", "id": 1, "from": "1", "text": text}),
        noise=[lambda: sms.read({"kind": "report", "id": 1}), lambda: sms.read({})],
        attachments=[lambda: sms.read({"kind": "picture", "id": 1, "from": "1"})],
        failures=[
            (by_sms(410), Undeliverable),
            (by_sms(404), Undeliverable),
            (by_sms(429), SlowDown),
            (by_sms(502), None),
        ],
    ),
    Kind(
        "terminal",
        shows=in_terminal,
        limit=10**6,
        buttons=False,
        said=lambda text: Terminal("1", "a").read(text),
    ),
    Kind(
        "web",
        shows=lambda reply: [reply.text],
        limit=20_000,
        said=lambda text: read_web(Contact("web", "1"), {"text": text}),
    ),
]


def those(attribute: str) -> pytest.MarkDecorator:
    """The channels to which a rule applies."""
    kinds = [pytest.param(one, id=one.name) for one in KINDS if getattr(one, attribute)]
    return pytest.mark.parametrize("kind", kinds)


PAGE = Path(__file__).parents[2] / "CONTRIBUTING.md"
EACH = pytest.mark.parametrize("kind", [pytest.param(one, id=one.name) for one in KINDS])


@EACH
def test_a_long_text_arrives_whole_in_parts_that_fit(kind: Kind) -> None:
    parts = kind.shows(Reply(LONG))
    assert all(0 < kind.size(part) <= kind.limit for part in parts)
    assert "".join("".join(parts).split()) == LONG
    for part in parts[:-1]:
        assert part[-1] in "。，"  # cut where a reader pauses, never inside a word


@EACH
def test_choices_are_buttons_or_numbers(kind: Kind) -> None:
    [shown] = kind.shows(PLAIN)
    assert ("1. 回到菜单" in shown) != kind.buttons
    assert ("2. 查进度" in shown) != kind.buttons


@EACH
def test_what_a_person_types_arrives_as_they_typed_it(kind: Kind) -> None:
    update = kind.said("  优待证<b>&amp;怎么办 ")
    assert update is not None
    assert update.text == "优待证<b>&amp;怎么办"
    assert update.contact.channel == kind.name
    assert update.id


@those("noise")
def test_noise_is_ignored(kind: Kind) -> None:
    for make in kind.noise:
        assert make() is None


@those("attachments")
def test_attachments_are_refused_politely(kind: Kind, service: Service) -> None:
    for make in kind.attachments:
        update = make()
        assert update is not None
        assert update.unsupported
        update = replace(update, id=secrets.token_hex(4))
        service.receive(update)
        with Session(service.engine) as session:
            said = outbox.take(session, update.contact)[-1]
        assert update.unsupported in said.text
        assert "打字" in said.text


@those("failures")
def test_failures_are_told_in_the_couriers_words(
    kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")  # as the channel sets it
    for make, wanted in kind.failures:
        heard = make()
        if wanted is not None:
            assert isinstance(heard, wanted), heard
        else:
            assert not isinstance(heard, Undeliverable | SlowDown | Later | Uncertain), heard


async def test_the_worked_example_of_contributing_works(
    sqlite: Engine, knowledge: Knowledge
) -> None:
    """The settings class and the line are taken from the page and run as they stand there."""
    page = PAGE.read_text("utf-8")
    settings_code, line = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    sent: list[tuple[str, str]] = []

    class App:
        engine = sqlite
        channels: dict[str, Sms] = {}  # noqa: RUF012

        async def receive(self, update: Update) -> None:
            await asyncio.to_thread(Service(sqlite, knowledge).receive, update)

    async def gateway(number: str, text: str) -> int:
        sent.append((number, text))
        return 200

    names: dict[str, Any] = {"_Section": config._Section, "SecretStr": SecretStr}
    exec(compile(settings_code, PAGE.name, "exec", dont_inherit=True), names)  # noqa: S102
    chosen = names["Sms"](enabled=True, secret="s3cret", gateway="https://example.org/")
    app = App()
    names |= {"app": app, "Mailbox": Mailbox, "settings": chosen, "Sms": Sms}
    exec(line, names | {"post": lambda url: gateway})  # noqa: S102
    await drive(app.channels["sms"], sqlite, sent)


async def drive(channel: Sms, engine: Engine, sent: list[tuple[str, str]]) -> None:
    """A person sends a text, is answered, and chooses by number."""
    import httpx2
    from starlette.applications import Starlette

    courier = Courier(engine, {"sms": channel})
    transport = httpx2.ASGITransport(Starlette(routes=channel.routes()))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        for id, text in enumerate(["菜单", "1"]):
            body = {"kind": "text", "id": id, "from": "100", "text": text}
            response = await client.post("/sms", json=body)
            assert response.status_code == 403
            response = await client.post("/sms", json=body, headers={"x-secret": "s3cret"})
            assert response.status_code == 200
            await courier.deliver_due()
    assert {number for number, _ in sent} == {"100"}
    assert "1. 问政策待遇" in sent[0][1]
    assert "大家常问" in sent[1][1]
