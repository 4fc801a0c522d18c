"""What reaches outside – bots, accounts, models, map tiles – made from the settings."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from bot.channels.wechat import Wechat
from bot.channels.wechat_api import Api
from bot.channels.wechat_crypto import Crypto
from bot.config import ConfigError, Settings
from bot.mailbox import Mailbox
from bot.places.sketch import Tiles
from bot.reach import Allowances
from bot.tokens import SharedToken
from knowledge.meaning import Embedder

if TYPE_CHECKING:
    from bot.app import App
    from bot.channels.speech import Transcriber
    from bot.channels.telegram import Telegram


def make_telegram(app: App) -> Telegram | None:
    """The Telegram bot; None without a token."""
    chosen = app.settings.telegram
    if chosen.token is None:
        return None
    from bot.channels.telegram import Telegram  # 40 MB and half a second, only when used
    from bot.channels.telegram_hook import Webhook

    token = chosen.token.get_secret_value()
    # Every process knows the same word without anybody having to invent one.
    secret = hmac.digest(app.secret.encode(), token.encode(), "sha256").hex()
    return Telegram(
        token=token,
        base_url=chosen.base_url,
        webhook=Webhook(chosen.webhook, secret) if chosen.webhook else None,
        proxy=chosen.proxy,
        per_second=chosen.messages_per_second,
        hear=app.hear,
        staff_groups=app.rooms.groups,
        blocked=app.note_blocked,
        keep=app.keep_poison,
        attachments=app.files,
        transcriber=transcriber(app.settings),
        wake=app.wake,
    )


def transcriber(settings: Settings) -> Transcriber | None:
    """The speech model, if one is set."""
    chosen = settings.transcriber
    if chosen.url is None:
        return None
    from bot.transcribing import Endpoint

    key = chosen.key.get_secret_value() if chosen.key else None
    return Endpoint(chosen.url, chosen.model, key, chosen.timeout_seconds)


def make_wechat(app: App) -> Wechat:
    """The WeChat account. Raises ConfigError for a key that is none."""
    chosen, engine = app.settings.wechat, app.engine
    try:
        keys = [key.get_secret_value() for key in chosen.aes_keys]
        crypto = Crypto(chosen.app_id, keys) if keys else None
    except ValueError as problem:
        raise ConfigError(f"wechat.aes_keys：{problem}") from None
    return Wechat(
        app.answer,
        Mailbox(engine),
        Allowances(engine),
        token=chosen.token.get_secret_value() if chosen.token else "",
        crypto=crypto,
        api=wechat_api(app.settings, engine) if chosen.push else None,
        attachments=app.files,
        blocked=app.note_blocked,
        wake=app.wake,
    )


def wechat_api(settings: Settings, engine: Engine) -> Api:
    """WeChat's interface with the token all processes share."""
    chosen = settings.wechat
    secret = chosen.app_secret.get_secret_value() if chosen.app_secret else ""
    return Api(
        chosen.base_url, chosen.app_id, secret, SharedToken(engine, f"wechat:{chosen.app_id}")
    )


def embedder(settings: Settings) -> Embedder | None:
    """The embedding model, if one is set."""
    chosen = settings.embedding
    if chosen.url is None:
        return None
    from bot.embedding import Endpoint  # httpx, only when used

    key = chosen.key.get_secret_value() if chosen.key else None
    return Endpoint(chosen.url, chosen.model, key, chosen.timeout_seconds)


def tiles(settings: Settings) -> Tiles | None:
    """The tile layer below sketches, if one is set."""
    web = settings.web
    return Tiles(web.map_tiles, web.map_tiles_crs) if web.map_tiles else None
