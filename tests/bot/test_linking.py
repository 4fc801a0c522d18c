"""One person in several channels: linked by a code and two confirmations, and parted again."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, col, select

from bot.db.linking import LinkGuess, LinkRequest
from bot.db.tables import Conversation, Message, Staff, State, Ticket, TicketEvent, now
from bot.desk import finding, tickets
from bot.desk.effects import Settings
from bot.expiry import Terms, purge
from bot.service import Service
from handlers.messages import Contact
from knowledge.base import Knowledge
from tests.person import Person

REQUEST = (
    "/request other-help",
    "邻居占了我家的地",
    "去年",
    "海门区",
    "三星镇",
    "13900138000",
    "1",
    "1",
)


class Clock:
    """A clock that can be moved."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return now() + self.ahead


BOTH = pytest.mark.parametrize("engine", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def engine(request: pytest.FixtureRequest) -> Engine:
    """SQLite unless a test asks for both: what differs between them is little and tested there."""
    found: Engine = request.getfixturevalue(getattr(request, "param", "sqlite"))
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def at(engine: Engine, knowledge: Knowledge, clock: Clock) -> Callable[[str], Person]:
    """Makes a person by contact: ``at("wechat:o-wang")``."""
    titles = {one.id: one.title for one in knowledge.library.services.values()}
    service = Service(
        engine, knowledge, desk_settings=Settings(titles=titles, secret="s" * 44), clock=clock
    )
    return lambda key: Person(service, Contact.parse(key))


@pytest.fixture
def wang(at: Callable[[str], Person]) -> Person:
    """老王 at the web page, where he has handed in a request."""
    person = at("web:wang")
    for line in REQUEST:
        person.says(line)
    return person


@pytest.fixture
def phone(at: Callable[[str], Person]) -> Person:
    """老王's WeChat."""
    return at("wechat:o-wang")


def code_of(person: Person) -> str:
    [said] = person.says("关联")
    found = re.search(r"关联 (\d{4} \d{4})\n", said)
    assert found, said
    return found[1]


def link(first: Person, second: Person) -> None:
    second.says(f"关联 {code_of(first)}")
    second.presses("是")
    first.reads()
    [said] = first.presses("是")
    assert "已和" in said
    second.reads()


def staff_reply(engine: Engine, words: str) -> None:
    with Session(engine) as session:
        li = session.exec(select(Staff)).first()
        if li is None:
            li = Staff(username="li", name="李同志", password_hash="-")
            session.add(li)
            session.flush()
        ticket = finding.find(session, "T000001")
        if ticket.owner is None:
            tickets.claim(session, ticket, li)
        tickets.reply(session, ticket, li, words, version=ticket.version)
        session.commit()


def resolve(engine: Engine) -> None:
    with Session(engine) as session:
        li = session.exec(select(Staff)).one()
        tickets.resolve(session, finding.find(session, "T000001"), li)
        session.commit()


def held(engine: Engine) -> dict[str, str | None]:
    with Session(engine) as session:
        return {one.contact: one.held for one in session.exec(select(Conversation)).all()}


@BOTH
def test_a_code_and_a_yes_on_both_sides_link_two_channels(wang: Person, phone: Person) -> None:
    assert "还没有提交过申请" in phone.says("进度")[0]
    code = code_of(wang)
    [asked] = phone.says(f"关联 {code}")
    assert "网页聊天" in asked
    assert "别人叫您发这个号码" in asked
    assert "还没有提交过申请" in phone.says("进度")[0]  # nothing is seen before both said yes
    phone.says("关联")
    [waiting] = phone.presses("是")
    assert "还差一步" in waiting
    assert "还没有提交过申请" in phone.says("进度")[0]
    [question] = wang.reads()
    assert "有人在微信里用了您的关联号码" in question
    [linked] = wang.presses("是")
    assert "已和微信关联" in linked
    assert "已和网页聊天关联" in phone.reads()[0]
    assert "T000001" in phone.says("进度")[0]


@pytest.mark.parametrize(
    "typed", ["关联{}", "关联：{}", "绑定 {}", "“关联 {}”", "关联 {}。", "关联 {wide}"]
)
def test_the_code_may_be_typed_in_many_ways(wang: Person, phone: Person, typed: str) -> None:
    code = code_of(wang)
    wide = "".join(chr(ord(sign) + 0xFEE0) if sign.isdecimal() else sign for sign in code)
    [asked] = phone.says(typed.format(code.replace(" ", ""), wide=wide))
    assert "那边也是您本人在用吗" in asked


def test_the_code_may_be_typed_when_asked_for(wang: Person, phone: Person) -> None:
    code = code_of(wang)
    phone.says("关联")
    assert "8 位号码" in phone.presses("我手上有号码")[0]
    assert "8 位数字" in phone.says("1234")[0]
    assert "那边也是您本人在用吗" in phone.says(code)[0]


@pytest.mark.parametrize("who", ["claimant", "owner"])
def test_either_side_may_say_no(wang: Person, phone: Person, who: str) -> None:
    phone.says(f"关联 {code_of(wang)}")
    if who == "claimant":
        assert "没有关联" in phone.presses("不是")[0]
        assert "没有关联" in wang.reads()[0]
    else:
        phone.presses("是")
        wang.reads()
        assert "没有关联" in wang.presses("不是")[0]
        assert "没有关联" in phone.reads()[0]
    assert "还没有提交过申请" in phone.says("进度")[0]
    assert "没有等您确认的关联" in wang.says("确认关联")[0]


def test_a_code_works_once_and_a_new_one_ends_the_old(
    wang: Person, phone: Person, at: Callable[[str], Person]
) -> None:
    old = code_of(wang)
    code = code_of(wang)
    assert "号码不对" in phone.says(f"关联 {old}")[0]
    phone.says(f"关联 {code}")
    assert "号码不对" in at("wechat:charlie").says(f"关联 {code}")[0]
    assert "已填了号码" in wang.says("关联")[0]  # and no third code while that one is open


@BOTH
def test_of_two_who_type_a_code_at_once_one_is_asked(
    wang: Person, at: Callable[[str], Person]
) -> None:
    code = code_of(wang)
    two = [at("wechat:o-wang"), at("telegram:charlie")]
    for one in two:
        one.says("菜单")
    with ThreadPoolExecutor(2) as pool:
        heard = list(pool.map(lambda one: one.says(f"关联 {code}")[0], two))
    assert sorted("那边也是您本人" in said for said in heard) == [False, True]
    assert any("号码不对" in said for said in heard)


def test_a_code_and_a_yes_expire(wang: Person, phone: Person, clock: Clock) -> None:
    code = code_of(wang)
    clock.ahead = timedelta(minutes=11)
    assert "过期" in phone.says(f"关联 {code}")[0]
    phone.says(f"关联 {code_of(wang)}")
    phone.presses("是")
    clock.ahead += timedelta(minutes=11)
    wang.reads()
    assert "可能过期了" in wang.presses("是")[0]
    assert "还没有提交过申请" in phone.says("进度")[0]


@BOTH
def test_a_stranger_who_guesses_is_stopped(
    wang: Person, at: Callable[[str], Person], clock: Clock
) -> None:
    code, charlie = code_of(wang), at("web:charlie")
    for guess in range(5):
        assert "号码不对" in charlie.says(f"关联 1111 111{guess}")[0]
    assert "错得太多" in charlie.says(f"关联 {code}")[0]  # even the right one
    assert wang.reads() == []
    clock.ahead = timedelta(minutes=31)
    assert "号码不对" in charlie.says("关联 1111 1119")[0]


def test_strangers_of_many_names_are_stopped_together(
    wang: Person, at: Callable[[str], Person], engine: Engine
) -> None:
    with Session(engine) as session:
        session.add_all(LinkGuess(contact=f"web:charlie{number}") for number in range(200))
        session.commit()
    assert "错得太多" in at("web:charlie201").says(f"关联 {code_of(wang)}")[0]


def test_a_stranger_cannot_answer_for_either_side(
    wang: Person, phone: Person, at: Callable[[str], Person]
) -> None:
    phone.says(f"关联 {code_of(wang)}")
    charlie = at("web:charlie")
    assert "没有等您确认的关联" in charlie.says("/link-yes")[0]
    assert "没有等您确认的关联" in wang.says("/link-yes")[0]  # not before the other side agreed
    phone.presses("是")
    assert "没有等您确认的关联" in phone.says("/link-yes")[0]  # nor twice for both
    assert "还没有提交过申请" in phone.says("进度")[0]


def test_the_code_is_not_kept_readable(wang: Person, engine: Engine) -> None:
    code = code_of(wang).replace(" ", "")
    with Session(engine) as session:
        kept = session.exec(select(LinkRequest)).one()
    assert kept.digest
    assert code not in kept.model_dump_json()


def test_the_own_code_and_a_linked_channel_are_told_apart(wang: Person, phone: Person) -> None:
    assert "就是在这里要的" in wang.says(f"关联 {code_of(wang)}")[0]
    link(wang, phone)
    assert "早就关联好了" in phone.says(f"关联 {code_of(wang)}")[0]


def test_both_channels_do_everything_with_a_request(
    wang: Person, phone: Person, engine: Engine
) -> None:
    link(wang, phone)
    phone.says("/add T000001")
    assert "已补充到 T000001" in phone.says("还有一件事：井也归他了")[0]
    phone.says("/withdraw T000001")
    assert "已撤回" in phone.says("1")[0]
    with Session(engine) as session:
        assert session.exec(select(Ticket)).one().state == State.RESOLVED


@BOTH
def test_staff_answer_where_the_person_wrote_last_and_the_other_side_can_read_it(
    wang: Person, phone: Person, engine: Engine
) -> None:
    link(wang, phone)
    phone.says("进度")
    staff_reply(engine, "请带土地证来窗口")
    assert wang.reads() == []
    heard = phone.reads()
    assert "请带土地证来窗口" in heard[-1]
    assert held(engine) == {"web:wang": None, "wechat:o-wang": "T000001"}
    assert "已转给办理 T000001" in phone.says("好的，明天来")[0]
    staff_reply(engine, "请带土地证来窗口")
    phone.reads()
    [said] = wang.says("进度")
    assert "工作人员已答复（发在微信里）：“请带土地证来窗口”" in said
    resolve(engine)
    assert set(held(engine).values()) == {None}


def test_staff_do_not_write_to_a_channel_that_was_blocked(
    wang: Person, phone: Person, engine: Engine
) -> None:
    link(wang, phone)
    phone.says("进度")
    with Session(engine) as session:
        conversation = session.get(Conversation, "wechat:o-wang")
        assert conversation is not None
        conversation.blocked_at = now()
        session.commit()
    staff_reply(engine, "请带土地证来窗口")
    assert "请带土地证来窗口" in wang.reads()[-1]


@BOTH
def test_each_side_keeps_what_we_remember_and_learns_the_rest(
    wang: Person, phone: Person, engine: Engine
) -> None:
    phone.says("菜单")
    with Session(engine) as session:
        web, wechat = (session.get(Conversation, key) for key in ("web:wang", "wechat:o-wang"))
        assert web
        assert wechat
        web.memory = {"region": "海门区", "article": "a"}
        wechat.memory = {"region": "如东县", "profile": {"kind": "conscript"}}
        session.commit()
    link(wang, phone)
    with Session(engine) as session:
        web, wechat = (session.get(Conversation, key) for key in ("web:wang", "wechat:o-wang"))
        assert web
        assert wechat
        assert web.memory == {
            "region": "海门区",
            "article": "a",
            "profile": {"kind": "conscript"},
        }
        assert wechat.memory == {"region": "如东县", "profile": {"kind": "conscript"}}


@BOTH
def test_unlinking_parts_the_two_and_tells_the_other(
    wang: Person, phone: Person, engine: Engine
) -> None:
    link(wang, phone)
    phone.says("进度")
    staff_reply(engine, "请带土地证来窗口")
    phone.reads()
    assert "确定取消吗" in phone.says("取消关联")[0]
    assert "T000001" in phone.says("进度")[0]  # asking is not doing
    phone.says("取消关联")
    assert "已取消和网页聊天的关联" in phone.presses("确定")[0]
    assert "取消了关联" in wang.reads()[0]
    assert "还没有提交过申请" in phone.says("进度")[0]
    assert "T000001" in wang.says("进度")[0]
    assert held(engine)["wechat:o-wang"] is None
    assert "没有和别处关联" in phone.says("取消关联")[0]


def test_of_three_channels_one_may_leave_or_all_part(
    wang: Person, phone: Person, at: Callable[[str], Person]
) -> None:
    link(wang, phone)
    telegram = at("telegram:5")
    link(phone, telegram)
    assert "已和Telegram关联" in wang.reads()[0]
    assert "T000001" in telegram.says("进度")[0]
    telegram.says("取消关联")
    telegram.presses("只取消这一个")
    assert "还没有提交过申请" in telegram.says("进度")[0]
    assert "您在Telegram里取消了关联" in phone.reads()[0]
    assert "T000001" in phone.says("进度")[0]
    link(phone, telegram)
    wang.says("取消关联")
    wang.presses("确定，全部取消")
    for other in (phone, telegram):
        other.reads()
        assert "还没有提交过申请" in other.says("进度")[0]


def test_at_most_six_channels_are_one_person(wang: Person, at: Callable[[str], Person]) -> None:
    for number in range(5):
        link(wang, at(f"web:{number}"))
    assert "关联的太多" in at("web:6").says(f"关联 {code_of(wang)}")[0]


@BOTH
def test_forgetting_covers_every_linked_channel(
    wang: Person, phone: Person, engine: Engine
) -> None:
    link(wang, phone)
    code_of(phone)
    wang.says("忘记我")
    phone.says("忘记我")
    phone.presses("确定删除")
    with Session(engine) as session:
        left = session.exec(select(Message).where(col(Message.contact) == "web:wang")).all()
        assert left == []
        assert session.exec(select(Ticket)).one().contact == "forgotten:"
        assert session.exec(select(LinkRequest)).all() == []
        for conversation in session.exec(select(Conversation)).all():
            assert conversation.person is None
            assert conversation.flow is None
    assert "还没有提交过申请" in wang.says("进度")[0]


def test_staff_see_in_the_history_and_the_conversation_what_was_linked(
    wang: Person, phone: Person, engine: Engine
) -> None:
    link(wang, phone)
    phone.says("我换到微信了")
    with Session(engine) as session:
        ticket = finding.find(session, "T000001")
        kinds = select(TicketEvent.text).where(TicketEvent.kind == "linked")
        assert session.exec(kinds).all() == ["关联：网页聊天、微信"]
        said = [one.text for one in finding.conversation(session, ticket)]
    assert "我换到微信了" in said
    assert "邻居占了我家的地" in said


def test_linking_leaves_a_question_that_is_open_open(wang: Person, phone: Person) -> None:
    phone.says("人工")
    phone.says(f"关联 {code_of(wang)}")
    phone.presses("是")
    assert "县市区" in phone.says("想问优待证的事")[0]


def test_what_expired_is_purged(wang: Person, engine: Engine) -> None:
    code_of(wang)
    with Session(engine) as session:
        session.add(LinkGuess(contact="web:charlie", at=now() - timedelta(days=2)))
        session.exec(select(LinkRequest)).one().expires_at = now() - timedelta(minutes=1)
        session.commit()
    purge(engine, Terms(timedelta(days=180)))
    with Session(engine) as session:
        assert session.exec(select(LinkRequest)).all() == []
        assert session.exec(select(LinkGuess)).all() == []
