"""What a look at the whole installation finds, in plain words with a remedy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Literal

import httpx
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

from bot import checking
from bot.config import Settings
from bot.db import keys, outbox, schema
from bot.db.cipher import WrongKey
from bot.db.engine import is_full
from bot.db.setaside import SetAside
from bot.db.tables import Desk, Staff
from bot.desk.clock import unknown_year
from bot.operating import backup, switches
from bot.readiness import LATE, ROOM

Level = Literal["好", "注意", "不行"]
_CLOCK_LIMIT = timedelta(seconds=60)
_BACKUP_LIMIT = timedelta(days=2)
_LARGE_SORT = (
    "SELECT max(place) FROM (SELECT row_number() OVER (ORDER BY repeat(md5(n::text), 30)) AS place"
    " FROM generate_series(1, 4000) AS n) AS sorted"
)
"""About 4 MB."""


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    level: Level
    what: str
    words: str
    remedy: str = ""


Ask = Callable[[str], httpx.Response]
"""Fetches an address; raises httpx.HTTPError."""


def examine(settings: Settings, engine: Engine, *, now: datetime, ask: Ask) -> list[Finding]:
    """Everything that can be looked at from here. Changes nothing."""
    found = [*_keys(settings), *_disk(settings), *_backups(settings, now), *_calendar(now)]
    if broken := _database(engine):
        return [*found, broken]
    found += [*_room(engine), *_revision(engine)]
    if not any(one.what == "数据库结构" and one.level == "不行" for one in found):
        found += _reading(engine)
        with Session(engine) as session:
            found += [*_clock(session, now), *_outbox(session, settings, now)]
            found += [*_set_aside(session), *_staff(session), *_switches(session)]
    return [*found, *_telegram(settings, now, ask), *_knowledge()]


def fetch(address: str) -> httpx.Response:
    """``Ask`` over the network."""
    return httpx.get(address, timeout=10)


def _keys(settings: Settings) -> Iterator[Finding]:
    if settings.secret_keys:
        yield Finding("好", "密钥", f"来自设置，共 {len(settings.secret_keys)} 个")
        return
    path = settings.data_folder() / "secret.key"
    if not path.exists():
        yield Finding("注意", "密钥", "还没有生成", "第一次启动时会生成，之后请马上备份")
    elif path.stat().st_mode & 0o077:
        yield Finding("不行", "密钥", f"{path} 别的用户也能读", f"请运行 chmod 600 {path}")
    else:
        yield Finding("好", "密钥", f"{path}，只有本用户能读（请另存一份，丢了数据解不开）")


def _disk(settings: Settings) -> Iterator[Finding]:
    folder = settings.data_folder()
    free = shutil.disk_usage(folder).free
    words = f"{folder.resolve()} 所在的盘还剩 {free / 2**30:.1f} GB"
    if free < ROOM:
        yield Finding("不行", "磁盘", words, "请马上清理或扩容，否则新的申请存不下")
    elif free < 10 * ROOM:
        yield Finding("注意", "磁盘", words, "请尽快清理或扩容")
    else:
        yield Finding("好", "磁盘", words)


def _backups(settings: Settings, now: datetime) -> Iterator[Finding]:
    folder = settings.data_folder() / "backups"
    newest = max(folder.glob(f"*{backup.SUFFIX}"), key=_age, default=None)
    if newest is None:
        yield Finding(
            "注意", "备份", f"{folder} 里没有备份", "请运行 youjun backup，并设成每天一次"
        )
        return
    age = now - datetime.fromtimestamp(_age(newest), UTC)
    words = f"最近一次在 {age.days} 天 {age.seconds // 3600} 小时前：{newest.name}"
    if age > _BACKUP_LIMIT:
        yield Finding("注意", "备份", words, "请检查定时备份是否还在运行")
    else:
        yield Finding("好", "备份", words)


def _age(path: Path) -> float:
    return path.stat().st_mtime


def _calendar(now: datetime) -> Iterator[Finding]:
    if year := unknown_year(now):
        remedy = "请升级 chinesecalendar；在那之前这一年的时限按周一到周五算"
        yield Finding("注意", "节假日表", f"没有 {year} 年的放假和调休安排", remedy)
    else:
        yield Finding("好", "节假日表", "今年的放假和调休都有")


def _database(engine: Engine) -> Finding | None:
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as problem:
        words = f"连不上（{type(problem).__name__}）"
        remedy = "请检查 database 设置、数据库是否在运行、它的磁盘是否满了、账号密码"
        return Finding("不行", "数据库", words, remedy)
    return None


def _room(engine: Engine) -> Iterator[Finding]:
    """PostgreSQL's disk may be another machine's: a sort too large for memory writes there and
    leaves nothing."""
    if engine.dialect.name != "postgresql":
        return
    try:
        with engine.connect() as connection:
            connection.execute(text("SET LOCAL work_mem = '64kB'"))
            connection.execute(text(_LARGE_SORT))
    except SQLAlchemyError as problem:
        words = "满了" if is_full(problem) else f"写不进（{type(problem).__name__}）"
        remedy = "请马上清理或扩容数据库所在的盘，否则新的申请存不下"
        yield Finding("不行", "数据库磁盘", words, remedy)
        return
    yield Finding("好", "数据库磁盘", "写得进")


def _revision(engine: Engine) -> Iterator[Finding]:
    current, head = schema.current(engine), schema.head()
    if current == head:
        yield Finding("好", "数据库结构", f"{engine.dialect.name}，{current}")
    elif current is not None and not schema.knows(current):
        remedy = "请用新版本的程序，或用旧版本时的备份恢复"
        yield Finding("不行", "数据库结构", f"数据库是更新的版本（{current}）", remedy)
    else:
        yield Finding("不行", "数据库结构", f"是 {current}，程序要 {head}", "请运行 youjun migrate")


def _reading(engine: Engine) -> Iterator[Finding]:
    try:
        keys.require_readable(engine)
    except WrongKey as problem:
        yield Finding("不行", "解密", str(problem), "请找回原来的 secret.key，放回数据目录")
        return
    yield Finding("好", "解密", "现在的密钥读得出已存的内容")


def _clock(session: Session, now: datetime) -> Iterator[Finding]:
    if session.get_bind().dialect.name != "postgresql":
        return
    apart = abs(session.connection().execute(text("SELECT now()")).scalar_one() - now)
    yield _apart("数据库服务器", apart)


def _apart(who: str, apart: timedelta) -> Finding:
    words = f"和{who}相差 {apart.total_seconds():.0f} 秒"
    if apart > _CLOCK_LIMIT:
        remedy = "请打开时间同步（chrony 或 systemd-timesyncd），否则时限会算错"
        return Finding("不行", "时钟", words, remedy)
    return Finding("好", "时钟", words)


def _outbox(session: Session, settings: Settings, now: datetime) -> Iterator[Finding]:
    channels = [name for name in ("telegram", "wechat") if getattr(settings, name).enabled]
    for name in channels:
        count, oldest = outbox.due(session, name, now)
        late = oldest is not None and now - oldest > LATE
        words = f"{switches.TITLES[name]} 有 {count} 条待发"
        remedy = "请看日志里的发送错误，确认服务在运行、网络能到对方" if late else ""
        yield Finding("不行" if late else "好", "待发", words, remedy)


def _set_aside(session: Session) -> Iterator[Finding]:
    if count := session.exec(select(func.count()).select_from(SetAside)).one():
        words = f"有 {count} 条平台发来的消息没能处理，原样存着"
        yield Finding("注意", "存下的消息", words, "请把这件事告诉开发人员")


def _staff(session: Session) -> Iterator[Finding]:
    active = session.exec(select(Staff).where(col(Staff.disabled_at).is_(None))).all()
    desks = session.exec(select(Desk.id).where(col(Desk.closed_at).is_(None))).all()
    words = f"{len(active)} 个在用账号，{len(desks)} 个部门"
    if not active:
        yield Finding("不行", "人员", words, "请运行 youjun staff add，否则没有人能看到申请")
    else:
        yield Finding("好", "人员", words)


def _switches(session: Session) -> Iterator[Finding]:
    for switch in switches.off(session):
        words = f"{switches.TITLES[switch.name]}关着：{switch.notice}"
        yield Finding("注意", "开关", words, f"要打开请运行 youjun switch on {switch.name}")


def _telegram(settings: Settings, now: datetime, ask: Ask) -> Iterator[Finding]:
    chosen = settings.telegram
    if not chosen.enabled or chosen.token is None:
        return
    try:
        answer = ask(f"{chosen.base_url}{chosen.token.get_secret_value()}/getMe")
    except httpx.HTTPError as problem:
        words = f"连不上（{type(problem).__name__}）"
        yield Finding("不行", "Telegram", words, "请检查网络、代理和 telegram.base_url")
        return
    if answer.status_code != 200:
        remedy = (
            "请到 @BotFather 核对令牌" if answer.status_code in (401, 404) else "请过一会儿再试"
        )
        yield Finding("不行", "Telegram", f"回答 {answer.status_code}", remedy)
        return
    yield Finding("好", "Telegram", "连得上，令牌有效")
    if date := answer.headers.get("date"):
        yield _apart(" Telegram ", abs(parsedate_to_datetime(date) - now))


def _knowledge() -> Iterator[Finding]:
    problems, _size = checking.examine()
    errors = sum(problem.level == "error" for problem in problems)
    words = f"{errors} 个错误，{len(problems) - errors} 个提醒"
    remedy = "请运行 youjun check 看详情" if problems else ""
    yield Finding("不行" if errors else "注意" if problems else "好", "知识库", words, remedy)
