"""Photos and PDFs for a request: checked by content, re-encoded, encrypted, kept beside the
database. Implements :class:`bot.channels.files.Attachments`."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet
from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlmodel import Session, col, func, select

from bot import linked
from bot.channels.files import LARGEST, File
from bot.db import outbox
from bot.db.desk import Attachment
from bot.db.engine import is_full
from bot.db.tables import Conversation, Message, State, Status, Ticket, now
from bot.desk import history, people, promises
from handlers.messages import Choice, Reply

MOST = 20
"""Files of one request."""
_TOGETHER = timedelta(minutes=2)
"""The files of an album come one by one, within so long."""
_PIXELS = 50_000_000
_SIDE = 3000
"""Longest side of a kept photo: a page of print stays readable."""
_TOO_LARGE = "照片太大，没有保存。请缩小后再发。"
_NO_ROOM = "系统现在存不下文件，这个没有保存。请过一会儿再发，或带到窗口。"
_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
log = logging.getLogger(__name__)


class Rejected(Exception):
    """The file is not kept; the message says why, in words for the person."""


class Store:
    """Keeps files in a folder, each under its own key."""

    def __init__(
        self, engine: Engine, folder: Path, *, clock: Callable[[], datetime] = now
    ) -> None:
        self.engine = engine
        self.folder = folder
        self.clock = clock

    def receive(self, file: File) -> None:
        """Keep the file with the person's open request, or say why not."""
        path = self._path(secrets.token_hex(16))
        try:
            self._receive(file, path)
        except OperationalError as problem:
            if is_full(problem):  # room for others; whatever else is left, ``sweep`` finds
                path.unlink(missing_ok=True)
            raise

    def read(self, one: Attachment) -> bytes:
        """The bytes of a kept file."""
        return Fernet(one.secret).decrypt(self._path(one.key).read_bytes())

    def sweep(self, *, dry_run: bool = False) -> int:
        """Delete files whose row is gone (nobody can read them any more); returns how many."""
        with Session(self.engine) as session:
            known = set(session.exec(select(Attachment.key)).all())
        fresh = self.clock().timestamp() - timedelta(hours=1).total_seconds()
        loose = [
            path
            for path in self.folder.glob("??/*")
            if path.name not in known and path.stat().st_mtime < fresh
        ]
        for path in () if dry_run else loose:
            path.unlink()
        return len(loose)

    def _receive(self, file: File, path: Path) -> None:
        with Session(self.engine) as session:
            if not _accept(session, file):
                return
            try:
                said = self._keep(session, file, path)
            except Rejected as problem:
                said = str(problem)
            if file.album and _just_said(session, file, said):
                session.commit()
                return
            choices = (Choice("/status", "查进度"), Choice("/menu", "回到菜单"))
            outbox.put(session, file.contact, [Reply(said, choices=choices)])
            session.commit()

    def _keep(self, session: Session, file: File, path: Path) -> str:
        ticket = _ticket(session, file)
        kind, data = checked(file.data)
        secret = Fernet.generate_key()
        _write(path, Fernet(secret).encrypt(data))  # before the row: none points to nothing
        session.add(
            Attachment(
                key=path.name,
                contact=str(file.contact),
                ticket_id=ticket.id,
                kind=kind,
                name=Path(file.name).name[:80] or "文件",
                secret=secret.decode(),
                size=len(data),
                digest=hashlib.sha256(data).hexdigest(),
                at=self.clock(),
            )
        )
        self._tell_staff(session, ticket)
        what = "照片" if kind == "image/jpeg" else "文件"
        return f"{what}已收到，放在 {ticket.number} 里，只有经办的工作人员能看。"

    def _tell_staff(self, session: Session, ticket: Ticket) -> None:
        at = self.clock()
        before = ticket.state
        if ticket.state in (State.ASKED, State.ANSWERED):
            ticket.state = State.WORKING if ticket.owner else State.NEW
        ticket.version += 1
        history.note(
            session, ticket, "person", "attached", before=before, after=ticket.state, at=at
        )
        promises.heard(session, ticket, at=at)
        people.tell_staff(session, ticket, "attached", f"{ticket.number} 当事人发来文件", at)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / key


def of_ticket(session: Session, ticket: Ticket) -> list[Attachment]:
    """The files of a ticket, oldest first."""
    query = select(Attachment).where(Attachment.ticket_id == ticket.id)
    return list(session.exec(query.order_by(col(Attachment.id))).all())


def checked(data: bytes | None) -> tuple[str, bytes]:
    """Media type, by content, and what is kept: photos are drawn anew, so that nothing hidden in
    the file, and no camera position, survives. Raises Rejected."""
    if data is None or len(data) > LARGEST:
        raise Rejected("文件超过 10 MB，没有保存。照片可以缩小后再发，或带到窗口。")
    if data.startswith(b"%PDF-"):
        return "application/pdf", data
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            return "image/jpeg", _redrawn(image)
    except Image.DecompressionBombError:
        raise Rejected(_TOO_LARGE) from None
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError):
        raise Rejected("只能收照片（JPG、PNG）和 PDF，这个文件没有保存。请拍成照片再发。") from None


def _write(path: Path, data: bytes) -> None:
    """All of it and down to the disk, or nothing. Raises Rejected where there is no room."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with path.open("wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
    except OSError as problem:
        path.unlink(missing_ok=True)
        log.error("a file was not kept: %s", problem.strerror)
        raise Rejected(_NO_ROOM) from None


def _redrawn(image: Image.Image) -> bytes:
    if image.width * image.height > _PIXELS:
        raise Rejected(_TOO_LARGE)
    upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((_SIDE, _SIDE))
    clean = Image.frombytes("RGB", upright.size, upright.tobytes())
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=85)
    return out.getvalue()


def _ticket(session: Session, file: File) -> Ticket:
    """The request a file belongs to: the one staff hold, one that waits for it, the latest."""
    contact = str(file.contact)
    mine = col(Ticket.contact).in_(linked.contacts(session, contact))
    query = select(Ticket).where(mine, Ticket.state != State.RESOLVED)
    found = list(session.exec(query.order_by(col(Ticket.id).desc()).with_for_update()).all())
    if not found:
        raise Rejected("您现在没有在办的申请，文件没有保存。要办事请先提交申请，再发照片。")
    conversation = session.get(Conversation, contact)
    held = conversation.held if conversation else None
    ticket = next((one for one in found if one.number == held), None)
    ticket = ticket or next((one for one in found if one.state == State.ASKED), found[0])
    count = select(func.count()).select_from(Attachment).where(Attachment.ticket_id == ticket.id)
    if session.exec(count).one() >= MOST:
        raise Rejected(f"{ticket.number} 已有 {MOST} 个文件，这个没有保存。别的请带到窗口。")
    return ticket


def _just_said(session: Session, file: File, words: str) -> bool:
    """Whether the person's latest message from us is these words, a moment ago."""
    query = select(Message).where(
        Message.contact == str(file.contact), Message.status != Status.RECEIVED
    )
    last = session.exec(query.order_by(col(Message.id).desc()).limit(1)).first()
    return last is not None and last.text == words and now() - last.created_at < _TOGETHER


def _accept(session: Session, file: File) -> bool:
    """Note that the file came; False if it came before."""
    try:
        with session.begin_nested():
            session.add(
                Message(
                    contact=str(file.contact),
                    external_id=file.id,
                    text="［发送了文件］",
                    status=Status.RECEIVED,
                )
            )
    except IntegrityError:
        return False
    return True
