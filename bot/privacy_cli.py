"""``youjun keys``, ``youjun forget``, ``youjun export-person``, ``youjun purge``: personal data at
the keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bot.starting import ConfigFile

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlmodel import Session

    from bot.db.keys import Count

keys = typer.Typer(help="加密密钥：查看、换成新的", no_args_is_help=True)
Who = Annotated[
    str | None, typer.Argument(help="工单编号，或联系人如 telegram:3527065；或用 --phone")
]
Phone = Annotated[str | None, typer.Option(help="申请里留的电话")]


class NobodyFound(Exception):
    """No such person, or more than one."""


class NotOverwritten(Exception):
    """What was deleted may still be found in the database's file."""


@keys.command("check")
def check(config_file: ConfigFile = None) -> None:
    """数一数每个密钥下还有多少内容；旧密钥下是 0 就可以删掉旧密钥。什么也不改。"""
    from bot.db import keys as ring

    settings, engine = _open(config_file)
    found = ring.census(engine, settings.keys())
    _tell(found, len(settings.keys()))
    raise typer.Exit(1 if any(one.unreadable for one in found) else 0)


@keys.command("rotate")
def rotate(config_file: ConfigFile = None) -> None:
    """把全部内容改用第一个密钥加密。服务可以照常运行；中断了再运行一次就接着做。"""
    from bot.db import keys as ring

    settings, engine = _open(config_file)
    found = ring.rotate(engine, settings.keys())
    for one in found:
        if one.changed:
            typer.echo(f"{one.table}.{one.column}：换了 {one.changed} 个")
    changed, bad = sum(one.changed for one in found), sum(one.unreadable for one in found)
    if bad:
        typer.echo(
            f"换了 {changed} 个；{bad} 个用现有的密钥都解不开，没有动。请把旧密钥补进 secret_keys"
        )
        raise typer.Exit(1)
    typer.echo(f"换了 {changed} 个，现在全部在第一个密钥下。")
    typer.echo("再运行 youjun keys check 核对；旧密钥可以从 secret_keys 删掉，但要和旧备份一起另存")


@keys.command("renew-signing")
def renew_signing(config_file: ConfigFile = None) -> None:
    """密钥泄露后用：换掉签名用的口令（先停服务）。所有人要重新登录，网页聊天的人会成为新访客。"""
    from bot.db import signing
    from bot.desk.finding import phone_hash
    from bot.operating.cli import in_use

    settings, engine = _open(config_file)
    with in_use(settings.data_folder(), alone=True):
        signing.secret(engine, settings.keys()[-1])
        count = signing.renew(engine, phone_hash)
    typer.echo(f"已换。{count} 张工单的电话索引已重算；启动服务后请大家重新登录")


def purge(
    config_file: ConfigFile = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只数一数，不删")] = False,
) -> None:
    """删除过了保留期的内容，每类报一个数（期限见 docs/privacy.md）。"""
    from bot import expiry
    from bot.desk.attachments import Store

    settings, engine = _open(config_file)
    files = settings.data_folder() / "files"
    kept = settings.keep_tickets_days
    terms = expiry.Terms(
        timedelta(days=settings.keep_messages_days),
        timedelta(days=settings.keep_questions_days),
        timedelta(days=settings.keep_receipts_days),
        None if kept is None else timedelta(days=kept),
    )
    verb = "将删除" if dry_run else "已删除"
    for kind, count in expiry.purge(engine, terms, files, dry_run=dry_run):
        typer.echo(f"{verb} {count}\t{kind}")
    loose = Store(engine, files).sweep(dry_run=dry_run)
    typer.echo(f"{verb} {loose}\t已无归属的文件")
    if not dry_run:
        _overwrite(engine)


def forget(
    contact: Who = None,
    phone: Phone = None,
    yes: Annotated[bool, typer.Option("--yes", help="不再问一遍")] = False,
    config_file: ConfigFile = None,
) -> None:
    """按本人要求删除一个人的全部信息（包括关联的渠道），删了找不回来。"""
    from sqlmodel import Session

    from bot import erasing
    from bot.desk import history

    settings, engine = _open(config_file)
    with Session(engine) as session:
        who = _one(session, contact, phone, _secret(settings, engine))
        if not yes:
            typer.confirm(f"删除 {who} 的全部信息，找不回来。本人身份核对过了吗", abort=True)
        files = settings.data_folder() / "files"
        done = erasing.forget(session, who, files=files, actor="system")
        if done.waiting:
            raise NobodyFound(f"{done.waiting} 是没办结的紧急求助，没有删。请先办结，再删")
        history.note(session, None, "system", "erased", after=f"{len(done.kept)} 件申请")
        session.commit()
    numbers = "、".join(f"{number}（{day}）" for number, day in done.kept) or "没有"
    typer.echo(f"已删除 {done.messages} 条聊天记录和填过的信息。只留编号和日期的申请：{numbers}")
    _overwrite(engine)
    typer.echo("备份里的旧内容随备份到期清除")


def _overwrite(engine: Engine) -> None:
    import sqlite3

    from sqlalchemy.exc import SQLAlchemyError

    from bot.db import scrubbing

    try:
        scrubbing.rebuild(engine)
    except (sqlite3.Error, SQLAlchemyError) as problem:
        raise NotOverwritten(
            f"内容已删除，但数据库文件里可能还有残留没有清理（{problem}）。"
            "磁盘要有空余，用 SQLite 时要和数据库一样大；请过几分钟运行 youjun purge"
        ) from problem


def export_person(
    folder: Annotated[Path, typer.Argument(help="写到哪个目录（新建）")],
    contact: Annotated[
        str | None, typer.Option(help="工单编号，或联系人如 telegram:3527065")
    ] = None,
    phone: Phone = None,
    config_file: ConfigFile = None,
) -> None:
    """把一个人的全部信息导出给本人：JSON、网页和文件。导出记入办理记录。"""
    from sqlmodel import Session

    from bot import dossier
    from bot.desk import history
    from bot.desk.attachments import Store
    from bot.desk.effects import Settings as Desk
    from knowledge.load import load

    settings, engine = _open(config_file)
    titled = Desk(titles={one.id: one.title for one in load().services.values()}).title
    with Session(engine) as session:
        who = _one(session, contact, phone, _secret(settings, engine))
        found = dossier.collect(session, who, titled)
        folder.mkdir(mode=0o700, parents=True)
        (folder / "我的信息.json").write_text(dossier.as_json(found), "utf-8")
        (folder / "我的信息.html").write_text(dossier.page(found), "utf-8")
        count = _copy_files(session, who, Store(engine, settings.data_folder() / "files"), folder)
        tickets = "、".join(one["number"] for one in found["tickets"])
        history.note(session, None, "system", "handed-out", after=tickets[:200])
        session.commit()
    typer.echo(
        f"已导出到 {folder}：{len(found['messages'])} 条消息、{len(found['tickets'])} 件申请、{count} 个文件"
    )
    typer.echo("交给本人后请删掉这个目录")


def _copy_files(session: Session, who: Any, store: Any, folder: Path) -> int:
    from sqlmodel import col, select

    from bot import linked
    from bot.db.desk import Attachment

    theirs = col(Attachment.contact).in_(linked.contacts(session, str(who)))
    found = session.exec(select(Attachment).where(theirs).order_by(col(Attachment.id))).all()
    for one in found:
        ending = "pdf" if one.kind == "application/pdf" else "jpg"
        (folder / f"文件{one.id}.{ending}").write_bytes(store.read(one))
    return len(found)


def _one(session: Session, contact: str | None, phone: str | None, secret: str) -> Any:
    """The person meant. Raises NobodyFound."""
    from handlers.messages import Contact

    if (contact is None) == (phone is None):
        raise typer.BadParameter("写工单编号或联系人，或用 --phone 写电话，两者选一")
    known = _by_phone(session, phone or "", secret) if contact is None else _known(session, contact)
    if not known:
        raise NobodyFound(
            "没有找到这个人：请核对编号、联系人或电话（电话要和申请里填的一样；已经删过的也找不到）"
        )
    if len(known) > 1:
        raise NobodyFound(f"这个电话有几个人用过，请问清是谁，写联系人：{'、'.join(known)}")
    return Contact.parse(known[0])


def _known(session: Session, contact: str) -> list[str]:
    from sqlmodel import select

    from bot.db.tables import Conversation, Message, Ticket
    from bot.desk.telling import FORGOTTEN

    if number := session.exec(select(Ticket.contact).where(Ticket.number == contact)).first():
        return [number] if number != FORGOTTEN else []
    for table in (Conversation, Ticket, Message):
        if session.exec(select(table.contact).where(table.contact == contact).limit(1)).first():
            return [contact]
    return []


def _by_phone(session: Session, phone: str, secret: str) -> list[str]:
    """One contact of each person who left this number."""
    from sqlmodel import col, select

    from bot import linked
    from bot.db.tables import Ticket
    from bot.desk.finding import phone_hash

    hashed = phone_hash(phone, secret)
    query = select(Ticket.contact).where(Ticket.phone_hash == hashed, col(Ticket.phone_hash) != "")
    people = {linked.contacts(session, one)[0] for one in session.exec(query.distinct()).all()}
    return sorted(people)


def _tell(found: Sequence[Count], keys: int) -> None:
    for place in range(keys):
        count = sum(one.by_key.get(place, 0) for one in found)
        where = (
            "（现在用它加密）"
            if place == 0
            else "（旧的；还有内容时不能删）"
            if count
            else "（可以删）"
        )
        typer.echo(f"第 {place + 1} 个密钥：{count} 个{where}")
    for one in found:
        if one.unreadable:
            typer.echo(f"解不开：{one.table}.{one.column} {one.unreadable} 个")


def _open(config_file: Path | None) -> tuple[Any, Any]:
    from bot import app as parts
    from bot import config

    settings = config.load(config_file)
    return settings, parts.open_database(settings)


def _secret(settings: Any, engine: Any) -> str:
    from bot.db import signing

    return signing.secret(engine, settings.keys()[-1])
