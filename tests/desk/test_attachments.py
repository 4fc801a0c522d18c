"""Files people send: what is kept, how, and who may fetch it."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import pytest
from PIL import Image
from sqlalchemy import Engine
from sqlmodel import Session, select

from bot.channels.files import LARGEST, File
from bot.db import outbox
from bot.db.desk import Attachment
from bot.db.tables import Message, State
from bot.desk import attachments, notices, tickets
from bot.desk.attachments import Rejected, Store
from handlers import effects
from handlers.messages import Contact
from tests.desk.conftest import MONDAY, Desks

WANG = Contact("terminal", "wang")
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF"


def photo(kind: str = "JPEG", size: tuple[int, int] = (40, 30), **more: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, "red").save(out, kind, **more)
    return out.getvalue()


def located() -> bytes:
    """A photo that says where and with what it was taken, lying on its side."""
    exif = Image.Exif()
    exif[0x0110] = "SECRET-CAMERA"
    exif[0x0112] = 6
    return photo(exif=exif) + b"<script>alert(1)</script>"


@pytest.fixture
def store(engine: Engine, tmp_path: Path) -> Store:
    return Store(engine, tmp_path / "files", clock=lambda: MONDAY)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
def test_photos_are_known_by_content_and_drawn_anew(kind: str) -> None:
    found, data = attachments.checked(photo(kind))
    assert found == "image/jpeg"
    assert Image.open(io.BytesIO(data)).size == (40, 30)


def test_nothing_hidden_in_a_photo_survives() -> None:
    raw = located()
    assert b"SECRET-CAMERA" in raw
    _, data = attachments.checked(raw)
    assert b"SECRET-CAMERA" not in data
    assert b"script" not in data
    redrawn = Image.open(io.BytesIO(data))
    assert redrawn.size == (30, 40)  # stands upright
    assert not redrawn.getexif()


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (None, "超过 10 MB"),
        (b"%PDF-" + b"0" * LARGEST, "超过 10 MB"),
        (b"", "只能收照片"),
        (b"MZ\x90\x00", "只能收照片"),
        (b"<html><script>", "只能收照片"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "只能收照片"),
        (photo()[:200], "只能收照片"),
        (photo("PNG", (8000, 7000)), "照片太大"),
    ],
)
def test_what_is_not_kept_says_why(data: bytes | None, said: str) -> None:
    with pytest.raises(Rejected, match=said):
        attachments.checked(data)


def test_a_file_is_kept_once_encrypted_with_the_ticket_that_waits_for_it(
    desks: Desks, store: Store
) -> None:
    waiting, newer = desks.opens(town=""), desks.opens(town="")
    li = desks.staff("li")
    tickets.claim(desks.session, waiting, li, at=MONDAY)
    tickets.ask(desks.session, waiting, li, "请拍户口簿", version=waiting.version, at=MONDAY)
    desks.session.commit()
    with Session(store.engine) as session:
        outbox.take(session, WANG)
    for _ in range(2):
        store.receive(File("u1", WANG, "../../户口簿.exe", photo()))

    desks.session.expire_all()
    [kept] = desks.session.exec(select(Attachment)).all()
    assert (kept.ticket_id, kept.kind, kept.name) == (waiting.id, "image/jpeg", "户口簿.exe")
    assert (waiting.state, waiting.paused_at) == (State.WORKING, None)
    assert newer.state == State.NEW
    assert "发来文件" in notices.unseen(desks.session, li)[0].text
    [path] = [path for path in store.folder.rglob("*") if path.is_file()]
    assert b"JFIF" not in path.read_bytes()
    assert store.read(kept).startswith(b"\xff\xd8")
    said = outbox.take(desks.session, WANG)
    assert [f"照片已收到，放在 {waiting.number} 里" in reply.text for reply in said] == [True]


def test_a_file_for_which_there_is_no_room_is_refused_and_leaves_nothing(
    desks: Desks, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    desks.opens(town="")
    desks.session.commit()
    with Session(store.engine) as session:
        outbox.take(session, WANG)

    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        store.receive(File("u1", WANG, "a.pdf", PDF))
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []
    [said] = outbox.take(desks.session, WANG)
    assert "没有保存" in said.text
    store.receive(File("u2", WANG, "a.pdf", PDF))
    assert len(desks.session.exec(select(Attachment)).all()) == 1


def test_without_an_open_request_nothing_is_kept(desks: Desks, store: Store) -> None:
    store.receive(File("u1", WANG, "a.pdf", PDF))
    assert desks.session.exec(select(Attachment)).all() == []
    assert "没有在办的申请" in outbox.take(desks.session, WANG)[0].text
    assert not store.folder.exists()


def test_so_many_files_and_no_more(desks: Desks, store: Store) -> None:
    desks.opens()
    desks.session.commit()
    for number in range(attachments.MOST + 1):
        store.receive(File(f"u{number}", WANG, "a.pdf", PDF))
    assert len(desks.session.exec(select(Attachment)).all()) == attachments.MOST
    last = select(Message.text).order_by(Message.id.desc()).limit(1)  # type: ignore[union-attr]
    assert "已有 20 个文件" in desks.session.exec(last).one()


def test_forgetting_a_person_makes_their_files_unreadable_and_a_sweep_removes_them(
    desks: Desks, store: Store
) -> None:
    desks.opens()
    desks.session.commit()
    store.receive(File("u1", WANG, "a.pdf", PDF))
    desks.does(effects.ForgetMe())
    desks.session.commit()
    assert desks.session.exec(select(Attachment)).all() == []
    desks.session.rollback()
    [path] = [path for path in store.folder.rglob("*") if path.is_file()]
    os.utime(path, (0, 0))
    assert store.sweep(dry_run=True) == 1
    assert store.sweep() == 1
    assert not path.exists()


@pytest.mark.parametrize(("album", "times"), [("a1", 1), (None, 3)])
def test_an_album_is_confirmed_once(
    album: str | None, times: int, desks: Desks, store: Store
) -> None:
    desks.opens(town="")
    desks.session.commit()
    with Session(store.engine) as session:
        outbox.take(session, WANG)
    for number in range(3):
        store.receive(File(f"u{number}", WANG, "a.jpg", photo(), album))
    assert len(desks.session.exec(select(Attachment)).all()) == 3
    assert len(outbox.take(desks.session, WANG)) == times
