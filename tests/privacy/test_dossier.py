"""One's own data: all of it, for oneself alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlmodel import Session, select
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner

from bot import dossier
from bot.channels.webchat import Webchat
from bot.channels.webchat_people import People
from bot.cli import cli
from bot.db.tables import Message, Staff, Status, Ticket, TicketEvent, now
from bot.desk import effects as desk
from bot.desk import finding, history, tickets
from bot.expiry import Terms, purge
from bot.transcript import Transcript
from handlers.effects import AddToTicket
from handlers.messages import Contact, Update
from tests.conftest import KEY
from tests.privacy.conftest import OTHERS, PDF, PHONE, STRANGE, Life


def test_everything_of_theirs_is_in_it_and_nothing_of_anybody_else(life: Life) -> None:
    with Session(life.engine) as session:
        found = dossier.collect(session, life.phone.contact, str)
    text, page = dossier.as_json(found), dossier.page(found)
    for kept in (text, page):
        for words in (
            "邻居占了我家的地",
            PHONE,
            "房子也漏水",
            "三星镇叠石桥",
            "没处理成的话",
            "T000001 请带上户口本",
        ):
            assert words in kept, words
        for words in (OTHERS, STRANGE, "charlie", "T000002", "同事看的备注", "草稿"):
            assert words not in kept, words
    assert {one["address"] for one in found["channels"]} == {"wang-4711", "352706599"}
    assert [one["name"] for one in found["files"]] == [f"{PHONE}.pdf"]


def test_what_people_write_is_no_markup_on_the_page(life: Life) -> None:
    life.charlie.says("补充<script>alert(1)</script>")
    with Session(life.engine) as session:
        page = dossier.page(dossier.collect(session, life.charlie.contact, str))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def browser(life: Life) -> tuple[TestClient, People]:
    async def receive(_update: Update) -> None:
        """Nobody answers."""

    mine = dossier.Dossiers(life.engine, str)
    web = Webchat(receive, Transcript(life.engine), secret="s", mine=mine)
    return TestClient(Starlette(routes=web.routes())), People("web", "s", secure=False)


def cookie(people: People, contact: Contact) -> dict[str, str]:
    return {"cookie": f"youjun={people._signer.dumps(contact.address)}"}


def test_in_the_web_chat_only_the_person_opens_it(life: Life) -> None:
    web, people = browser(life)
    for path in ("/chat/mine", "/chat/mine.json"):
        theirs = web.get(path, headers=cookie(people, life.wang.contact))
        assert theirs.status_code == 200
        assert PHONE in theirs.text
        assert OTHERS not in theirs.text
        assert theirs.headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in theirs.headers["content-security-policy"]
        stranger = web.get(path, headers=cookie(people, life.charlie.contact))
        assert PHONE not in stranger.text
        assert web.get(path).status_code == 401
        assert web.get(path, headers={"cookie": "youjun=wang-4711.forged"}).status_code == 401
    assert json.loads(web.get("/chat/mine.json", headers=cookie(people, life.wang.contact)).text)


def test_the_command_gives_a_page_on_the_web_and_elsewhere_counts_only(life: Life) -> None:
    life.wang.says("导出我的信息")
    assert [link.url for link in life.wang.heard[-1].links] == ["/chat/mine", "/chat/mine.json"]
    said = life.phone.says("导出我的信息")[-1]
    assert "T000001（" in said
    assert "关联的渠道：网页聊天" in said
    assert life.phone.heard[-1].links == ()
    for words in ("邻居", PHONE, "叠石桥"):
        assert words not in said


def test_the_privacy_notice_says_what_holds_here(life: Life) -> None:
    life.wang.says("菜单")
    [said] = life.wang.says("隐私")
    assert "180 天" in said
    assert "忘记我" in said
    assert len(said) < 500


def test_staff_hand_it_out_and_the_history_says_so(
    sqlite: Engine, live: Callable[[Engine], Life], tmp_path: Path
) -> None:
    live(sqlite)
    environment = {
        "YOUJUN_DATABASE": sqlite.url.render_as_string(),
        "YOUJUN_SECRET_KEYS": f'["{KEY}"]',
    }

    def run(*command: str) -> str:
        done = CliRunner().invoke(cli, command, env=environment)
        return done.output + str(done.exception or "")

    out = tmp_path / "out"
    assert "2 个渠道" not in run("export-person", str(out), "--contact", "telegram:352706599")
    assert PHONE in (out / "我的信息.json").read_text("utf-8")
    assert OTHERS not in (out / "我的信息.html").read_text("utf-8")
    assert [path.read_bytes() for path in out.glob("文件*.pdf")] == [PDF]
    assert "没有找到" in run("export-person", str(tmp_path / "b"), "--contact", "web:nobody")
    run("export-person", str(tmp_path / "c"), "--contact", "T000002")
    assert OTHERS in (tmp_path / "c" / "我的信息.json").read_text("utf-8")
    with Session(sqlite) as session:
        lines = session.exec(select(TicketEvent).where(TicketEvent.kind == "handed-out")).all()
        told = [(line.actor, line.after) for line in lines]
        assert told == [("system", "T000001"), ("system", "T000002")]


def test_staff_erase_by_phone_after_asking_and_the_history_says_so(
    sqlite: Engine, live: Callable[[Engine], Life], tmp_path: Path
) -> None:
    live(sqlite)
    environment = {
        "YOUJUN_DATABASE": sqlite.url.render_as_string(),
        "YOUJUN_SECRET_KEYS": f'["{KEY}"]',
    }

    def run(*command: str, stdin: str = "") -> str:
        done = CliRunner().invoke(cli, command, env=environment, input=stdin)
        return done.output + str(done.exception or "")

    run("keys", "renew-signing")  # the phones are hashed with the stored secret from now on
    assert "没有找到" in run("forget", "--phone", "13000000000", "--yes")
    run("forget", "--phone", PHONE, stdin="n\n")
    with Session(sqlite) as session:
        assert session.exec(select(Ticket.phone)).all() == [PHONE, OTHERS]
    assert "T000001（" in run("forget", "--phone", f"+86 {PHONE}", "--yes")
    with Session(sqlite) as session:
        assert session.exec(select(Ticket.phone)).all() == ["", OTHERS]
        assert "web:wang-4711" not in str(session.exec(select(Message.contact)).all())
        lines = session.exec(select(TicketEvent).where(TicketEvent.kind == "erased")).all()
        assert [line.after for line in lines] == ["1 件申请"]
        assert not history.verify(session).problems
    assert [path for path in (tmp_path / "files").rglob("*.*") if PHONE in path.name] == []


def test_a_purge_counts_every_kind_before_it_deletes(either: Life) -> None:
    terms = Terms(timedelta(seconds=-60), timedelta(seconds=-60), timedelta(seconds=-60))
    would = dict(purge(either.engine, terms, dry_run=True))
    assert would["没能处理的消息"] == 1
    assert would["没发出的草稿"] == 2
    assert would["过期的微信可发条数"] == 1
    assert would["聊天记录"] > 20
    with Session(either.engine) as session:
        assert session.exec(select(Message).where(Message.status == Status.RECEIVED)).all()
    did = dict(purge(either.engine, terms))
    assert {kind: did[kind] for kind in would if "久未来" not in kind} == {
        kind: count for kind, count in would.items() if "久未来" not in kind
    }
    again = dict(purge(either.engine, terms))
    assert not any(count for kind, count in again.items() if kind != "答复回执"), again
    with Session(either.engine) as session:
        assert [one.details for one in session.exec(select(Ticket)).all()] != [[], []]


def test_numbers_nobody_asked_for_are_in_no_form_and_staff_may_not_send_them(life: Life) -> None:
    with Session(life.engine) as session:
        ticket = finding.find(session, "T000001")
        assert "邻居占了我家的地，身份证［身份证号已隐去］" in str(ticket.details)
        li = session.exec(select(Staff)).one()
        for act in (tickets.note, lambda *a: tickets.reply(*a, version=ticket.version)):
            with pytest.raises(finding.Refused, match="不要写身份证号"):
                act(session, ticket, li, "核对：320624195001011234")
    typed = "补充：我卡号6222021234567890123，部队73016部队，电话13600136000"
    with Session(life.engine) as session:
        wanted = AddToTicket("T000001", typed)
        desk.perform(session, life.wang.contact, wanted, settings=desk.Settings(), now=now())
        ticket = finding.find(session, "T000001")
        said = [line.text for line in finding.lines(session, ticket)][-1]
    assert said == "补充：我卡号［卡号已隐去］，部队73016部队，电话13600136000"


def test_a_military_unit_is_not_repeated(life: Life) -> None:
    person = life.charlie
    for line in ("菜单", "/request other-help", "我原来在73016部队，驻地在某某山沟"):
        person.says(line)
    for line in ("去年", "海门区", "三星镇", "13900138000"):
        person.says(line)
    [said] = person.says("同意")
    assert "请看一遍" in said
    assert "73016" not in said
    assert "山沟" not in said
