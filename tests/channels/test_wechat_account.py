"""The account's menu, and the channel as the application puts it together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bot import adapters, config
from bot import app as parts
from bot.channels.wechat_menu import MENU
from bot.cli import cli
from handlers.commands import _COMMANDS
from tests.channels.wechat_rig import APP_ID, KEY, Follower, Platform


def buttons(menu: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for top in menu["button"] for one in top.get("sub_button", [top])]


def test_the_menu_keeps_to_what_wechat_allows() -> None:
    assert 1 <= len(MENU["button"]) <= 3
    for top in MENU["button"]:
        assert len(top["name"].encode()) <= 16
        assert len(top.get("sub_button", ())) <= 5
    for button in buttons(MENU):
        assert len(button["name"].encode()) <= 60
        assert len(button["key"].encode()) <= 128
        assert button["key"] in _COMMANDS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(
        f"database: sqlite:///{tmp_path}/t.db\n"
        f"wechat: {{enabled: true, token: token, app_id: {APP_ID}, app_secret: secret}}\n",
        "utf-8",
    )
    return file


async def test_the_menu_command_submits_the_menu(file: Path, tmp_path: Path) -> None:
    async with Platform().running() as platform:
        settings = config.load(file)
        settings.wechat.base_url = platform.url
        parts.schema.migrate(parts.open_database(settings))
        api = adapters.wechat_api(settings, parts.open_database(settings))
        await api.create_menu(MENU)
        await api.close()
        assert platform.menus == [MENU]


def test_the_menu_command_says_what_is_missing(tmp_path: Path) -> None:
    empty = tmp_path / "config.yaml"
    empty.write_text("log_level: INFO\n", "utf-8")
    result = CliRunner().invoke(cli, ["wechat", "menu", "--config", str(empty)])
    assert "wechat.app_secret" in str(result.exception)
    shown = CliRunner().invoke(cli, ["wechat", "menu", "--dry-run"])
    assert "问政策" in shown.output


async def test_the_application_serves_the_account(file: Path) -> None:
    settings = config.load(file)
    parts.schema.migrate(parts.open_database(settings))
    app = parts.build(settings)
    assert "wechat" in app.channels
    assert "问政策" in await Follower(app.web()).says("菜单")
    app.engine.dispose()


INCOMPLETE = [
    ("{enabled: true}", "wechat.token、wechat.app_id"),
    ("{enabled: true, token: t, app_id: a, push: true}", "wechat.app_secret"),
]


@pytest.mark.parametrize(("section", "named"), INCOMPLETE)
def test_an_account_without_its_secrets_is_refused_at_the_start(
    tmp_path: Path, section: str, named: str
) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(f"wechat: {section}\n", "utf-8")
    with pytest.raises(config.ConfigError, match=named):
        config.load(file)


def test_a_key_of_the_wrong_length_is_named(file: Path) -> None:
    settings = config.load(file)
    settings.wechat.aes_keys = [config.SecretStr(KEY[1:])]
    parts.schema.migrate(parts.open_database(settings))
    with pytest.raises(config.ConfigError, match="43"):
        parts.build(settings)
