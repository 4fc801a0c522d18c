"""What a command does first: read the settings, set up the log, bring the database up to date."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.config import Settings

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="设置文件，默认 config.yaml", envvar="YOUJUN_CONFIG")
]
"""The option every command takes that reads the settings."""


def prepared(file: Path | None) -> Settings:
    """The settings, with the log set up by them. Raises ConfigError."""
    from bot import config as configuration
    from bot.operating import logs

    settings = configuration.load(file)
    logs.configure(settings.log_level, settings.log_format)
    return settings


def bring_up_to_date(settings: Settings) -> None:
    """Migrate the database. Raises TooNew."""
    from bot import app as parts
    from bot.db import schema

    schema.migrate(parts.open_database(settings))
