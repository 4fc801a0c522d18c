"""The history: chained, complete, checkable; what is changed behind our back is found."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from bot.db.tables import TicketEvent
from bot.desk import export, finding, history, tickets
from handlers import effects
from tests.desk.conftest import MONDAY, Desks


@pytest.fixture
def written(desks: Desks) -> Desks:
    """Some history: two tickets, a claim, a reading, a note, an answer."""
    session, li = desks.session, desks.staff("li")
    one = desks.opens(town="")
    desks.opens(contact="terminal:other")
    tickets.claim(session, one, li, at=MONDAY)
    session.commit()
    finding.viewed(session, one, li, at=MONDAY)
    tickets.note(session, one, li, "打过电话", at=MONDAY)
    tickets.reply(session, one, li, "请来一趟", version=one.version, at=MONDAY)
    session.commit()
    return desks


def check(desks: Desks) -> list[str]:
    desks.session.expire_all()
    return [problem.why for problem in history.verify(desks.session).problems]


def test_what_nobody_touched_is_intact(written: Desks) -> None:
    found = history.verify(written.session)
    assert (found.lines, found.problems) == (7, ())
    seqs = written.session.exec(select(TicketEvent.seq).order_by(TicketEvent.seq)).all()
    assert seqs == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("tampering", "found"),
    [
        ("UPDATE ticketevent SET actor = 'staff:other' WHERE seq = 4", "记录被改过"),
        ("UPDATE ticketevent SET at = '2026-01-01 00:00:00' WHERE seq = 4", "记录被改过"),
        ("UPDATE ticketevent SET after = '已办结' WHERE seq = 7", "记录被改过"),
        ("UPDATE ticketevent SET ticket_id = 2 WHERE seq = 6", "记录被改过"),
        ("DELETE FROM ticketevent WHERE seq = 5", "第 5 条起缺了记录"),
        ("DELETE FROM ticketevent WHERE seq = 7", "最后的记录被删掉了"),
        ("DELETE FROM chainhead", "最后的记录被删掉了"),
        ("UPDATE ticketevent SET salt = '' WHERE seq = 6", "已删除的文字又出现了"),
        (
            "UPDATE ticketevent SET text = (SELECT text FROM ticketevent WHERE seq = 7) WHERE seq = 6",
            "文字被改过",
        ),
        (
            "INSERT INTO ticketevent (at, actor, kind, text, before, after, salt, digest, link) "
            "SELECT at, actor, kind, text, before, after, salt, digest, link FROM ticketevent "
            "WHERE seq = 6",
            "没有经过程序写入",
        ),
    ],
)
def test_tampering_is_found(written: Desks, engine: Engine, tampering: str, found: str) -> None:
    written.session.commit()
    with engine.begin() as connection:
        connection.execute(text(tampering))
    assert any(found in why for why in check(written))


def test_a_chain_rewritten_whole_is_found_by_what_was_noted_elsewhere(written: Desks) -> None:
    noted = history.verify(written.session)
    previous = history.START
    lines = written.session.exec(select(TicketEvent).order_by(TicketEvent.seq)).all()
    lines[3].actor = "staff:other"
    for line in lines:
        line.link = previous = history.link(line, previous)
    head = history.verify(written.session)
    written.session.execute(text("UPDATE chainhead SET link = :link"), {"link": previous})
    written.session.commit()
    assert head.link != noted.link
    assert check(written) == []
    found = history.verify(written.session, expected=(noted.lines, noted.link))
    assert "和当时抄下的校验码不一致" in found.problems[0].why


def test_forgetting_a_person_leaves_the_chain_whole(written: Desks) -> None:
    written.does(effects.ForgetMe(), at=MONDAY + timedelta(days=1))
    written.session.commit()
    assert check(written) == []
    ticket = finding.find(written.session, "T000001")
    assert all(line.text == "" for line in written.lines(ticket))


def test_many_writers_at_once_leave_one_unbroken_chain(engine: Engine, written: Desks) -> None:
    written.session.commit()
    errors: list[Exception] = []

    def write(name: str) -> None:
        try:
            for _ in range(10):
                with Session(engine) as session:
                    history.note(session, None, f"staff:{name}", "noted", text=name)
                    session.commit()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert history.verify(written.session).lines == 47
    assert check(written) == []


def test_an_exported_cell_is_never_a_formula(written: Desks) -> None:
    history.note(written.session, None, "=cmd()", "noted", before="+1", after="好")
    written.session.commit()
    cells = list(export.rows(written.session))[-1]
    assert (cells[3], cells[5], cells[6]) == ("'=cmd()", "'+1", "好")


def test_what_is_rolled_back_leaves_no_gap(written: Desks) -> None:
    history.note(written.session, None, "system", "noted")
    written.session.rollback()
    history.note(written.session, None, "system", "noted")
    written.session.commit()
    assert history.verify(written.session).lines == 8


def test_the_command_verifies_and_exports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, towns: Callable[[str], object]
) -> None:
    from typer.testing import CliRunner

    from bot.cli import cli
    from tests.desk.conftest import SAMPLE

    monkeypatch.setenv("YOUJUN_DATABASE", f"sqlite:///{tmp_path}/a.db")
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    for command in (["migrate"], ["desk", "import", str(SAMPLE)]):
        assert run(cli, command).exit_code == 0
    found = run(cli, ["audit", "verify"])
    assert found.exit_code == 0
    assert "1 条记录，没有被改动" in found.output
    code = found.output.split("校验码")[-1].strip()
    assert run(cli, ["audit", "verify", "--expect", code]).exit_code == 0
    assert run(cli, ["audit", "verify", "--expect", f"1:{'f' * 64}"]).exit_code == 1

    out = tmp_path / "out.csv"
    assert run(cli, ["audit", "export", str(out)]).exit_code == 0
    rows = out.read_text("utf-8-sig").splitlines()
    assert rows[0].startswith("序号,时间,")
    assert ",,system,导入组织,,5 个部门" in rows[1]
    assert "2 条记录，没有被改动" in run(cli, ["audit", "verify"]).output  # the export is one
