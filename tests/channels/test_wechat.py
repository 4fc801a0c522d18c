"""A follower's day with the WeChat account, on the real service and database."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from sqlalchemy import Engine
from sqlmodel import Session, col, select
from starlette.applications import Starlette

from bot.channels.files import LARGEST
from bot.channels.wechat import Wechat
from bot.channels.wechat_api import Api
from bot.channels.wechat_crypto import Crypto
from bot.courier import Courier
from bot.db import outbox
from bot.db.desk import Attachment
from bot.db.tables import Allowance, Conversation, Message, Status, Ticket, now
from bot.desk.attachments import Store
from bot.mailbox import Mailbox
from bot.reach import Allowances, reachability
from bot.service import Service
from bot.tokens import SharedToken
from handlers.messages import Choice, Contact, Reply, Update
from tests.channels.wechat_rig import APP_ID, KEY, TOKEN, Follower, Platform

WANG = Contact("wechat", "o-wang")


class Account:
    """The adapter with everything real behind it, and a clock that can be moved."""

    def __init__(
        self,
        service: Service,
        platform: Platform | None,
        *,
        sealed: bool,
        files: Path | None = None,
    ) -> None:
        self.service, self.engine = service, service.engine
        self.ahead = timedelta()
        self.delay = 0.0
        self.following: list[tuple[Contact, bool]] = []
        self.channel = Wechat(
            self._receive,
            Mailbox(self.engine),
            Allowances(self.engine, self.clock),
            token=TOKEN,
            crypto=Crypto(APP_ID, [KEY]) if sealed else None,
            api=self.api(platform) if platform else None,
            attachments=Store(self.engine, files) if files else None,
            blocked=self._follow,
        )
        self.web = Starlette(routes=self.channel.routes())
        self.courier = Courier(self.engine, {"wechat": self.channel})

    def clock(self) -> datetime:
        return now() + self.ahead

    def api(self, platform: Platform) -> Api:
        return Api(platform.url, APP_ID, "secret", SharedToken(self.engine, "wechat"))

    def staff_write(self, *texts: str, choices: tuple[Choice, ...] = ()) -> None:
        with Session(self.engine) as session:
            replies = [Reply(text, choices=choices, author="李同志") for text in texts]
            outbox.put(session, WANG, replies)
            session.commit()

    def reach(self) -> str | None:
        with Session(self.engine) as session:
            return reachability(session, WANG, self.clock())

    def states(self) -> list[str]:
        with Session(self.engine) as session:
            ours = select(Message.status).where(Message.status != Status.RECEIVED)
            found = session.exec(ours.order_by(col(Message.id)))
            return [str(one) for one in found.all()]

    async def _receive(self, update: Update) -> None:
        await asyncio.sleep(self.delay)
        await asyncio.to_thread(self.service.receive, update)

    async def _follow(self, contact: Contact, blocked: bool) -> None:
        self.following.append((contact, blocked))


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with Platform().running() as platform:
        yield platform


@pytest.fixture
def account(service: Service) -> Account:
    """An account that may only answer."""
    return Account(service, None, sealed=False)


@pytest.fixture
async def pushing(service: Service, platform: Platform, tmp_path: Path) -> AsyncIterator[Account]:
    """A verified account."""
    account = Account(service, platform, sealed=False, files=tmp_path / "files")
    yield account
    assert account.channel._api is not None
    await account.channel._api.close()


@pytest.fixture
def wang(account: Account) -> Follower:
    return Follower(account.web)


async def test_a_follower_asks_and_is_answered_in_the_same_breath(wang: Follower) -> None:
    said = await wang.clicks("", event="subscribe")
    assert "通通优军" in said
    assert "1. 问政策待遇" in said
    assert "回复数字" in said
    assert "优待证" in await wang.says("优待证怎么办")


async def test_a_number_stands_for_the_choice_shown_last(wang: Follower) -> None:
    await wang.says("菜单")
    assert "最多问八个问题" in await wang.says("2")
    assert "大家常问" in await wang.clicks("/topics")
    assert "优待证" in await wang.says("１")


async def test_a_number_answers_a_question_that_offers_no_choices(wang: Follower) -> None:
    await wang.says("菜单")
    await wang.says("/request other-help")
    assert "大家常问" not in await wang.says("1")


async def test_sealed_messages_are_read_and_answered_sealed(service: Service) -> None:
    account = Account(service, None, sealed=True)
    assert "优待证" in await Follower(account.web, sealed=True).says("优待证怎么办")
    plain = Follower(account.web)
    response = await plain.posts(plain.xml("text", Content="你好", MsgId=1))
    assert response.status_code == 403


async def test_a_message_sent_again_is_answered_again_but_worked_on_once(
    wang: Follower, account: Account
) -> None:
    first = await wang.says("优待证怎么办", id="7")
    assert first
    assert await wang.says("优待证怎么办", id="7") == first
    clicked = await wang.clicks("/menu", at=5)
    assert await wang.clicks("/menu", at=5) == clicked
    assert len(account.states()) == 2


async def test_three_copies_at_once_are_worked_on_once(wang: Follower, account: Account) -> None:
    answers = await asyncio.gather(*(wang.says("菜单", id="7") for _ in range(3)))
    assert any("问政策待遇" in said for said in answers)
    assert len(account.states()) == 1


async def test_what_was_late_is_there_at_the_word_for_more(
    wang: Follower, account: Account
) -> None:
    account.delay, account.channel.patience = 0.6, 0.1
    assert "继续" in await wang.says("优待证怎么办")
    account.delay, account.channel.patience = 0, 4.5
    for _ in range(100):
        if account.states():
            break
        await asyncio.sleep(0.1)
    said = await wang.says("继续", id="9")
    assert "优待证" in said
    assert await wang.says("继续", id="9") == said


async def test_a_late_answer_is_pushed_by_an_account_that_may(
    pushing: Account, platform: Platform
) -> None:
    pushing.delay, pushing.channel.patience = 0.6, 0.1
    assert await Follower(pushing.web).says("优待证怎么办") == ""
    for _ in range(100):
        await pushing.courier.deliver_due()
        if platform.delivered:
            break
        await asyncio.sleep(0.1)
    [(openid, text)] = platform.delivered
    assert openid == "o-wang"
    assert "优待证" in text


async def test_nothing_is_lost_of_an_answer_longer_than_a_message(
    wang: Follower, account: Account
) -> None:
    sentences = [f"第{number}句话说的是这一件事。" for number in range(120)]
    with Session(account.engine) as session:
        outbox.put(session, WANG, [Reply("".join(sentences), choices=(Choice("/menu", "菜单"),))])
        outbox.put(session, WANG, [Reply("最后一条。")])
        session.commit()
    read = await wang.says("继续")
    while "还有下文" in read[-30:]:
        read = read.rpartition("\n\n（还有")[0] + await wang.says("继续")
    for sentence in [*sentences, "1. 菜单", "最后一条。"]:
        assert read.count(sentence) == 1
    positions = [read.index(sentence) for sentence in [*sentences, "最后一条。"]]
    assert positions == sorted(positions)


async def test_staff_reach_a_person_five_times_and_then_wait_for_them(
    pushing: Account, platform: Platform
) -> None:
    wang = Follower(pushing.web)
    assert "等对方" in str(pushing.reach())
    await wang.says("你好")
    assert "还可发 5 条" in str(pushing.reach())
    pushing.staff_write(*(f"答复{number}" for number in range(7)))
    await pushing.courier.deliver_due()
    assert [text[-3:] for _, text in platform.delivered] == [f"答复{n}" for n in range(5)]
    assert "等对方" in str(pushing.reach())
    said = await wang.says("查进度")
    assert said.index("答复5") < said.index("答复6") < said.index("申请")
    assert "还可发 5 条" in str(pushing.reach())
    assert set(pushing.states()) == {"sent"}


async def test_after_48_hours_a_reply_waits(pushing: Account, platform: Platform) -> None:
    wang = Follower(pushing.web)
    await wang.says("你好")
    pushing.ahead = timedelta(hours=48, seconds=1)
    pushing.staff_write("材料收到了")
    await pushing.courier.deliver_due()
    assert platform.delivered == []
    assert pushing.states()[-1] == "waiting"
    assert "【工作人员 李同志】\n材料收到了" in await wang.says("查进度")


async def test_a_menu_click_allows_three_messages_for_a_minute(
    pushing: Account, platform: Platform
) -> None:
    await Follower(pushing.web).clicks("/menu")
    assert "还可发 3 条" in str(pushing.reach())
    pushing.ahead = timedelta(seconds=61)
    assert "等对方" in str(pushing.reach())


async def test_an_account_that_may_only_answer_keeps_replies_for_the_person(
    wang: Follower, account: Account
) -> None:
    await wang.says("你好")
    account.staff_write("材料收到了")
    await account.courier.deliver_due()
    assert account.states()[-1] == "waiting"
    assert "材料收到了" in await wang.says("进度")


FAULTS: list[tuple[Any, str, int]] = [
    (45015, "waiting", 0),
    (45047, "waiting", 0),
    (48001, "waiting", 0),
    (43004, "failed", 0),
    (45002, "failed", 0),
    (45009, "queued", 0),
    (-1, "queued", 0),
    ("html", "queued", 0),
    ("down", "queued", 0),
    ("reset", "queued", 0),
    (40001, "sent", 1),
    (42001, "sent", 1),
]


@pytest.mark.parametrize(("fault", "status", "sent"), FAULTS)
async def test_each_fault_of_the_platform(
    pushing: Account, platform: Platform, fault: Any, status: str, sent: int
) -> None:
    await Follower(pushing.web).says("你好")
    platform.faults.append(fault)
    pushing.staff_write("材料收到了")
    await pushing.courier.deliver_due()
    assert pushing.states()[-1] == status
    assert len(platform.delivered) == sent


async def test_a_person_who_left_is_marked_for_staff(
    pushing: Account, platform: Platform, engine: Engine
) -> None:
    await Follower(pushing.web).says("你好")
    platform.faults.append(43004)
    pushing.staff_write("材料收到了")
    await pushing.courier.deliver_due()
    with Session(engine) as session:
        found = session.get(Conversation, str(WANG))
        assert found is not None
        assert found.blocked_at is not None


async def test_processes_share_one_access_token(pushing: Account, platform: Platform) -> None:
    other = pushing.api(platform)
    await Follower(pushing.web).says("你好")
    pushing.staff_write("一")
    await pushing.courier.deliver_due()
    await other.send_text("o-wang", "二")
    await other.close()
    assert platform.tokens == 1
    assert len(platform.delivered) == 2


async def test_the_token_is_unreadable_in_the_database(
    pushing: Account, platform: Platform, engine: Engine
) -> None:
    await Follower(pushing.web).says("你好")
    pushing.staff_write("一")
    await pushing.courier.deliver_due()
    with engine.connect() as connection:
        assert "'T1'" not in str(connection.exec_driver_sql("SELECT * FROM accesstoken").all())


async def test_following_and_leaving_are_noted(wang: Follower, account: Account) -> None:
    assert await wang.clicks("", event="unsubscribe") == ""
    await wang.clicks("", event="subscribe", at=2)
    assert account.following == [(WANG, True), (WANG, False)]


QUIET = [("LOCATION", ""), ("VIEW", "https://example.org"), ("TEMPLATESENDJOBFINISH", "")]


@pytest.mark.parametrize(("event", "key"), QUIET)
async def test_noise_is_not_answered(
    wang: Follower, account: Account, event: str, key: str
) -> None:
    assert await wang.clicks(key, event=event) == ""
    assert account.states() == []


UNREADABLE = [
    ("image", {"PicUrl": "https://example.org/1"}, "图片"),
    ("voice", {"MediaId": "1"}, "语音，我还听不懂"),
    ("video", {"MediaId": "1"}, "视频"),
    ("link", {"Url": "https://example.org"}, "链接"),
    ("somethingnew", {}, "这种消息"),
    ("text", {"Content": "【收到不支持的消息类型，暂无法显示】"}, "这种消息"),
]


@pytest.mark.parametrize(("kind", "fields", "named"), UNREADABLE)
async def test_what_we_cannot_read_is_named_politely(
    wang: Follower, kind: str, fields: dict[str, str], named: str
) -> None:
    said = await wang.does(kind, **fields)
    assert named in said
    assert "打字" in said


async def test_words_wechat_heard_in_a_voice_message_are_answered(wang: Follower) -> None:
    assert "优待证" in await wang.does("voice", MediaId="1", Recognition="优待证怎么办。")
    assert "打字" in await wang.does("voice", MediaId="1", Recognition=" ")


def jpeg() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, "JPEG")
    return out.getvalue()


async def requested(follower: Follower, account: Account) -> None:
    """Hand in a request, as T000001."""
    for line in ("/request other-help", "邻居占了我家的地", "去年", "海门区", "三星镇"):
        await follower.says(line)
    for line in ("13900138000", "1", "1"):
        await follower.says(line)
    await account.courier.deliver_due()


def files(account: Account) -> int:
    with Session(account.engine) as session:
        return len(session.exec(select(Attachment)).all())


async def test_a_photo_is_fetched_and_put_into_the_request(
    pushing: Account, platform: Platform
) -> None:
    wang = Follower(pushing.web)
    await requested(wang, pushing)
    platform.files["m1"] = jpeg()
    for _ in range(2):  # WeChat asks again when it heard nothing in time
        said = await wang.does("image", MediaId="m1", PicUrl="http://example.org/1", id="77")
        assert "照片已收到，放在 T000001 里" in said
    assert files(pushing) == 1


async def test_an_old_token_does_not_cost_a_photo(pushing: Account, platform: Platform) -> None:
    wang = Follower(pushing.web)
    await requested(wang, pushing)
    platform.files["m1"] = jpeg()
    api = pushing.channel._api
    assert api is not None
    assert await api.fetch("m1", 10_000) == platform.files["m1"]
    platform.tokens += 1  # from now on the token we keep is wrong
    assert "已收到" in await wang.does("image", MediaId="m1")


@pytest.mark.parametrize("fault", [None, -1, "html", "video"])
async def test_a_photo_that_was_not_given_out_is_asked_for_again(
    pushing: Account, platform: Platform, fault: Any
) -> None:
    wang = Follower(pushing.web)
    platform.faults.append(fault)
    said = await wang.does("image", MediaId="unknown")
    assert "没有传完的图片，我没有收到。请再发一次" in said
    assert files(pushing) == 0


@pytest.mark.parametrize(
    ("data", "words"),
    [(b"\xff\xd8\xff" + bytes(LARGEST), "超过 10 MB"), (b"MZ program", "只能收照片")],
    ids=["too large", "no photo"],
)
async def test_a_photo_that_is_none_or_too_large_is_refused_in_words(
    pushing: Account, platform: Platform, data: bytes, words: str
) -> None:
    wang = Follower(pushing.web)
    await requested(wang, pushing)
    platform.files["m1"] = data
    assert words in await wang.does("image", MediaId="m1")
    assert files(pushing) == 0


async def test_a_photo_without_a_request_is_not_kept(pushing: Account, platform: Platform) -> None:
    platform.files["m1"] = jpeg()
    assert "没有在办的申请" in await Follower(pushing.web).does("image", MediaId="m1")
    assert files(pushing) == 0


async def test_a_location_is_latitude_first_and_in_the_maps_own_datum(
    wang: Follower, account: Account
) -> None:
    heard: list[Update] = []
    account.service.receive = heard.append  # type: ignore[method-assign]
    await wang.does("location", Location_X="31.98", Location_Y="120.89", Scale="15", Label="x")
    [update] = heard
    assert update.point is not None
    assert (update.point.latitude, update.point.longitude, update.point.crs) == (
        31.98,
        120.89,
        "gcj02",
    )


async def test_a_poster_leads_to_its_article(wang: Follower) -> None:
    key = "qrscene_article-preferential-card-apply"
    assert "优待证" in await wang.clicks(key, event="subscribe")
    assert "优待证" in await wang.clicks("article-preferential-card-apply", event="SCAN")


async def test_the_address_is_confirmed_to_wechat_only(wang: Follower) -> None:
    assert (await wang.confirms()).text == "42"
    assert (await wang.confirms(signature="0" * 40)).status_code == 403
    assert (await wang.confirms(timestamp="1")).status_code == 403


BAD: list[Callable[[Follower], tuple[str, dict[str, str]]]] = [
    lambda wang: (wang.xml("text", Content="a", MsgId=1), {"signature": "0" * 40}),
    lambda wang: (wang.xml("text", Content="a", MsgId=1), {"signature": "签"}),
    lambda wang: (wang.xml("text", Content="a", MsgId=1), {"timestamp": "1"}),
    lambda wang: (wang.xml("text", Content="a", MsgId=1), {"timestamp": "²"}),
    lambda wang: (wang.xml("text", Content="a"), {}),
    lambda wang: (wang.xml("text", Content="a" * 70_000, MsgId=1), {}),
    lambda wang: (wang.xml("location", Location_X="a", Location_Y="1", MsgId=1), {}),
    lambda wang: (wang.xml("location", Location_X="nan", Location_Y="1", MsgId=1), {}),
    lambda wang: (wang.xml("location", Location_X="181", Location_Y="1", MsgId=1), {}),
    lambda wang: ("<xml><MsgType>text</MsgType></xml>", {}),
    lambda wang: ("", {}),
    lambda wang: ("<xml>", {}),
    lambda wang: ('<!DOCTYPE x [<!ENTITY a "b">]><xml><MsgId>&a;</MsgId></xml>', {}),
    lambda wang: ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>', {}),
]


@pytest.mark.parametrize("make", BAD)
async def test_what_is_not_from_wechat_is_refused(
    wang: Follower, account: Account, make: Callable[[Follower], tuple[str, dict[str, str]]]
) -> None:
    xml, query = make(wang)
    assert (await wang.posts(xml, **query)).status_code == 403
    assert account.states() == []


async def test_when_the_database_is_away_wechat_keeps_the_message(
    wang: Follower, account: Account, caplog: pytest.LogCaptureFixture
) -> None:
    answering = account.service.receive

    def fail(update: Update) -> None:
        raise OSError("away")

    account.service.receive = fail  # type: ignore[method-assign]
    xml = wang.xml("text", Content="菜单", MsgId=1)
    assert (await wang.posts(xml)).status_code == 503
    account.service.receive = answering  # type: ignore[method-assign]
    assert "问政策" in await wang.says("菜单", id="1")


async def test_a_request_is_filed_by_numbers_and_words_alone(
    wang: Follower, engine: Engine
) -> None:
    for line in ["/request other-help", "邻居占了我家的地", "去年", "海门区", "三星镇"]:
        await wang.says(line)
    await wang.says("13900138000")
    await wang.says("1")
    said = await wang.says("1")
    with Session(engine) as session:
        ticket = session.exec(select(Ticket)).one()
    assert ticket.number in said
    assert ticket.contact == str(WANG)


async def test_forgetting_drops_the_counters_too(pushing: Account, engine: Engine) -> None:
    wang = Follower(pushing.web)
    await wang.says("忘记我")
    await wang.says("1")
    with Session(engine) as session:
        assert session.exec(select(Allowance)).all() == []


async def test_staff_are_not_promised_messages_an_account_may_not_send(
    wang: Follower, account: Account
) -> None:
    await wang.says("你好")
    assert "等对方" in str(account.reach())
