"""``youjun staff``: accounts of the people who work the desk."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from bot.starting import ConfigFile, bring_up_to_date, prepared

staff = typer.Typer(help="工作人员账号", no_args_is_help=True)


@staff.command("add")
def staff_add(
    username: Annotated[str, typer.Argument(help="登录名")],
    name: Annotated[str, typer.Option(help="群众看到的称呼，如 李同志")],
    county: Annotated[str | None, typer.Option(help="负责的县市区；不写则负责全市")] = None,
    role: Annotated[Literal["clerk", "admin"], typer.Option(help="clerk 接单员，admin 管理员")] = "clerk",
    telegram_id: Annotated[int | None, typer.Option(help="Telegram 账号编号，用于群里接单")] = None,
    password: Annotated[str, typer.Option(prompt="密码（至少 12 位）", hide_input=True, confirmation_prompt=True)] = "",
    config_file: ConfigFile = None,
) -> None:  # fmt: skip
    """新建工作人员账号。"""
    from sqlmodel import Session

    from bot import app as parts
    from bot.desk import staff as accounts
    from knowledge.gazetteer import Gazetteer

    if county is not None and county not in Gazetteer.load().counties():
        names = "、".join(Gazetteer.load().counties())
        raise typer.BadParameter(f"没有“{county}”，请写：{names}")
    settings = prepared(config_file)
    bring_up_to_date(settings)
    with Session(parts.open_database(settings)) as session:
        accounts.add(
            session, username, name, password, role=role, county=county, telegram_id=telegram_id
        )
        session.commit()
    typer.echo(f"已新建账号 {username}（{name}，{county or '全市'}）")


@staff.command("password")
def staff_password(
    username: Annotated[str, typer.Argument(help="登录名")],
    password: Annotated[str, typer.Option(prompt="密码（至少 12 位）", hide_input=True, confirmation_prompt=True)] = "",
    config_file: ConfigFile = None,
) -> None:  # fmt: skip
    """设置或更换密码，并退出这个账号的所有登录。"""
    from sqlmodel import Session

    from bot import app as parts
    from bot.desk import staff as accounts

    with Session(parts.open_database(prepared(config_file))) as session:
        accounts.set_password(session, username, password)
        session.commit()
    typer.echo(f"已更换 {username} 的密码")


@staff.command("totp-reset")
def staff_totp_reset(
    username: Annotated[str, typer.Argument(help="登录名")], config_file: ConfigFile = None
) -> None:
    """手机丢了：停用这个账号的动态验证码，并退出它的所有登录（请先当面核实本人）。"""
    from sqlmodel import Session

    from bot import app as parts
    from bot.db.tables import now
    from bot.desk import secondfactor
    from bot.desk import staff as accounts

    with Session(parts.open_database(prepared(config_file))) as session:
        secondfactor.remove(session, accounts.named(session, username), "system", now())
        session.commit()
    typer.echo(f"{username} 登录时不再要动态验证码，本人登录后可在“我的账号”里重新开启")


@staff.command("list")
def staff_list(config_file: ConfigFile = None) -> None:
    """列出工作人员账号。"""
    from sqlmodel import Session, select

    from bot import app as parts
    from bot.db.tables import Staff

    with Session(parts.open_database(prepared(config_file))) as session:
        for one in session.exec(select(Staff).order_by(Staff.username)).all():
            state = "已停用" if one.disabled_at else "在用"
            codes = "动态验证码" if one.totp_secret else "只用密码"
            where = one.county or "全市"
            typer.echo("\t".join((one.username, one.name, where, one.role, state, codes)))


@staff.command("disable")
def staff_disable(
    username: Annotated[str, typer.Argument(help="登录名")], config_file: ConfigFile = None
) -> None:
    """停用账号，立即退出它的所有登录。"""
    from sqlmodel import Session

    from bot import app as parts
    from bot.desk import staff as accounts

    with Session(parts.open_database(prepared(config_file))) as session:
        accounts.disable(session, username)
        session.commit()
    typer.echo(f"已停用 {username}")
