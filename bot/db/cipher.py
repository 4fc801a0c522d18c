"""Personal data is encrypted before it reaches the database.

The key travels with the engine (``dialect.cipher``), so that no module holds it.
"""

from __future__ import annotations

import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

_JSON_TEXT = json.JSONEncoder(ensure_ascii=False).encode
"""Made once: this is done several times for every message."""


class WrongKey(Exception):
    """The database holds data that the configured keys cannot read."""

    def __init__(self, table: str = "") -> None:
        where = f"（{table} 表）" if table else ""
        super().__init__(
            f"数据库里的个人信息{where}用当前密钥解不开。请把原来的 secret.key 放回数据目录，"
            "或把旧密钥补进 secret_keys 设置、写在新的后面。"
            "哪些内容还要旧密钥：youjun keys check"
        )


def make_cipher(keys: list[str]) -> MultiFernet:
    """A cipher that writes with the first key and reads with all of them.

    Raises ``ValueError`` for a key that is not 32 url-safe base64 bytes.
    """
    return MultiFernet([Fernet(key) for key in keys])


def seal(cipher: MultiFernet, value: Any) -> str:
    """A JSON value as a name that may stand in an address and tells nobody anything."""
    return cipher.encrypt(json.dumps(value, ensure_ascii=False).encode()).decode().rstrip("=")


def unseal(cipher: MultiFernet, name: str) -> Any:
    """The value of a sealed name; None for any other name."""
    try:
        return json.loads(cipher.decrypt(name + "=" * (-len(name) % 4)))
    except InvalidToken:
        return None


def _cipher(dialect: Dialect) -> MultiFernet:
    cipher: MultiFernet = dialect.cipher  # type: ignore[attr-defined]
    return cipher


class EncryptedText(TypeDecorator[str]):
    """Text at rest as a Fernet token; nothing as nothing."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return _cipher(dialect).encrypt(value.encode()).decode() if value else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        if not value:
            return value
        try:
            return _cipher(dialect).decrypt(value).decode()
        except InvalidToken:
            raise WrongKey from None


class EncryptedJson(TypeDecorator[Any]):
    """A JSON value at rest as a Fernet token; an empty object as nothing."""

    impl = EncryptedText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        if value is None or value == {}:
            return None if value is None else ""
        return _JSON_TEXT(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        if not value:
            return None if value is None else {}
        return json.loads(value)
