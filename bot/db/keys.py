"""The keys: whether they fit the database, what is under which, and everything under the first.

Columns are read and written as they lie. Rotation goes row by row in portions while the service
runs, and may be broken off and begun again: what is under the first key already is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Column, Engine, Table, Text, tuple_
from sqlalchemy import column as bare_column
from sqlalchemy import table as bare_table
from sqlalchemy.exc import OperationalError
from sqlmodel import SQLModel, select, update

from bot.db.cipher import EncryptedJson, EncryptedText, WrongKey, seal, unseal
from bot.db.engine import is_crossed

_PORTION = 500
_SAMPLE = 20
"""Rows at either end of a table that are read before the service starts."""
_TRIES = 5
_PICTURE = re.compile(r"(?<=/chat/map/)[A-Za-z0-9_-]+(?=\.svg)")
"""A sealed name within a kept message."""


@dataclass
class Count:
    """How many values of one column are under which key."""

    table: str
    column: str
    by_key: dict[int, int] = field(default_factory=dict)
    """By place of the key in the settings, from 0."""
    unreadable: int = 0
    changed: int = 0


def encrypted() -> list[tuple[Table, list[Column[Any]]]]:
    """Every table with encrypted columns."""
    found = [(table, _sealed_columns(table)) for table in SQLModel.metadata.sorted_tables]
    return [(table, columns) for table, columns in found if columns]


def require_readable(engine: Engine) -> None:
    """Look at the first and last rows of every table. Raises WrongKey."""
    cipher: MultiFernet = engine.dialect.cipher  # type: ignore[attr-defined]
    for table, columns in encrypted():
        for token in _ends(engine, table, columns):
            try:
                cipher.decrypt(token)
            except InvalidToken:
                raise WrongKey(table.name) from None


def census(engine: Engine, keys: Sequence[str]) -> list[Count]:
    """What is under which key, column by column. Changes nothing."""
    return _walk(engine, keys, change=False)


def rotate(engine: Engine, keys: Sequence[str]) -> list[Count]:
    """Put everything under the first of ``keys``; returns what was found and changed.

    What no key reads stays as it is and is counted.
    """
    return _walk(engine, keys, change=True)


def _walk(engine: Engine, keys: Sequence[str], *, change: bool) -> list[Count]:
    ring = [Fernet(key) for key in keys]
    counts: list[Count] = []
    for table, columns in encrypted():
        of_table = {one.name: Count(table.name, one.name) for one in columns}
        for rows in _portions(engine, table, columns):
            wanted = list(_look(rows, len(table.primary_key), ring, of_table))
            if change:
                _write(engine, table, wanted, of_table)
        counts += of_table.values()
    return counts


def _look(
    rows: Sequence[Any], width: int, ring: list[Fernet], counts: dict[str, Count]
) -> Iterator[tuple[Any, str, str, str]]:
    """Count the tokens of some rows; those not under the first key come as (key, column, as it
    is, as it should be)."""
    for row in rows:
        for (name, count), token in zip(counts.items(), row[width:], strict=True):
            if not token:
                continue
            place = next((n for n, one in enumerate(ring) if _reads(one, token)), None)
            if place is None:
                count.unreadable += 1
                continue
            count.by_key[place] = count.by_key.get(place, 0) + 1
            if place:
                yield row[:width], name, token, _renewed(MultiFernet(ring), token)


def _reads(key: Fernet, token: str) -> bool:
    try:
        key.decrypt(token)
    except InvalidToken:
        return False
    return True


def _renewed(cipher: MultiFernet, token: str) -> str:
    """The token under the first key, and names of pictures sealed within it as well."""
    clear = cipher.decrypt(token).decode()
    anew = _PICTURE.sub(lambda found: _resealed(cipher, found.group()), clear)
    return cipher.encrypt(anew.encode()).decode()


def _resealed(cipher: MultiFernet, name: str) -> str:
    value = unseal(cipher, name)
    return name if value is None else seal(cipher, value)


def _write(
    engine: Engine, table: Table, wanted: list[tuple[Any, str, str, str]], counts: dict[str, Count]
) -> None:
    """Replace tokens that nobody has changed meanwhile."""
    for attempt in range(_TRIES):
        try:
            with engine.begin() as connection:
                done = [
                    (name, connection.execute(_replace(table, *one)).rowcount)
                    for one in wanted
                    for name in (one[1],)
                ]
            break
        except OperationalError as problem:
            if not is_crossed(problem) or attempt == _TRIES - 1:
                raise
    for name, number in done:
        counts[name].changed += number


def _replace(table: Table, key: Any, name: str, old: str, new: str) -> Any:
    plain = _plain(table, [table.columns[name]])
    parts = zip(table.primary_key.columns, key, strict=True)
    same = [plain.c[column.name] == value for column, value in parts]
    return update(plain).where(*same, plain.c[name] == old).values({name: new})


def _portions(engine: Engine, table: Table, columns: list[Column[Any]]) -> Iterator[Sequence[Any]]:
    plain = _plain(table, columns)
    keys = [plain.c[one.name] for one in table.primary_key.columns]
    query = select(*keys, *(plain.c[one.name] for one in columns)).order_by(*keys)
    last: Any = None
    while True:
        after = query if last is None else query.where(tuple_(*keys) > tuple_(*last))
        with engine.connect() as connection:
            rows = connection.execute(after.limit(_PORTION)).all()
        if not rows:
            return
        yield rows
        last = rows[-1][: len(keys)]


def _ends(engine: Engine, table: Table, columns: list[Column[Any]]) -> Iterator[str]:
    plain = _plain(table, columns)
    keys = [plain.c[one.name] for one in table.primary_key.columns]
    query = select(*(plain.c[one.name] for one in columns)).limit(_SAMPLE)
    with engine.connect() as connection:
        for order in (keys, [key.desc() for key in keys]):
            rows = connection.execute(query.order_by(*order)).all()
            yield from (token for row in rows for token in row if token)


def _plain(table: Table, columns: list[Column[Any]]) -> Any:
    """The table as the database sees it: tokens are text."""
    keys = [bare_column(one.name, one.type) for one in table.primary_key.columns]
    return bare_table(table.name, *keys, *(bare_column(one.name, Text()) for one in columns))


def _sealed_columns(table: Table) -> list[Column[Any]]:
    return [one for one in table.columns if isinstance(one.type, (EncryptedText, EncryptedJson))]
