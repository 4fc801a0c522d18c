"""Every row of the database as lines of JSON, on either database, from one moment in time.

What is encrypted in the database stays encrypted here: columns are read as they lie.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Date,
    DateTime,
    Engine,
    LargeBinary,
    MetaData,
    Table,
    create_engine,
    event,
    insert,
    text,
    update,
)

BATCH = 500
VERSION_TABLE = "alembic_version"


@contextlib.contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A reading connection that sees one moment, and keeps nobody from writing."""
    if engine.dialect.name == "sqlite":
        reader = create_engine(engine.url)
        event.listen(reader, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
        event.listen(reader, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    else:
        reader = create_engine(engine.url, isolation_level="REPEATABLE READ")
    try:
        with reader.connect() as connection:
            yield connection
    finally:
        reader.dispose()


def tables(connection: Connection) -> list[Table]:
    """The tables as they are, referenced ones first."""
    found = MetaData()
    found.reflect(connection)
    return [table for table in found.sorted_tables if table.name != VERSION_TABLE]


def rows(connection: Connection, table: Table) -> Iterator[str]:
    """The rows of a table, one JSON object a line, by primary key."""
    query = table.select().order_by(*table.primary_key.columns)
    result = connection.execution_options(yield_per=BATCH).execute(query)
    for row in result:
        cells = zip(table.columns, row, strict=True)
        yield json.dumps({column.name: _out(value) for column, value in cells}, ensure_ascii=False)


def load(connection: Connection, table: Table, lines: Iterable[bytes]) -> int:
    """Put rows into an empty table; returns how many. Columns the table has not are an error."""
    own = [key.parent for key in table.foreign_keys if key.column.table is table]
    count = 0
    later: list[dict[str, Any]] = []
    lines = iter(lines)
    while batch := [_row(table, line) for line in islice(lines, BATCH)]:
        for column in own:  # a row may name one that comes after it
            later += [row.copy() for row in batch if row[column.name] is not None]
            batch = [row | {column.name: None} for row in batch]
        connection.execute(insert(table), batch)
        count += len(batch)
    for column in own:
        _point(connection, table, column, later)
    _count_on(connection, table)
    return count


def _point(
    connection: Connection, table: Table, column: Column[Any], rows: list[dict[str, Any]]
) -> None:
    (key,) = table.primary_key.columns
    for row in rows:
        where = update(table).where(key == row[key.name])
        connection.execute(where.values({column.name: row[column.name]}))


def _count_on(connection: Connection, table: Table) -> None:
    """PostgreSQL counts keys by itself: go on after the largest."""
    if connection.dialect.name != "postgresql" or "id" not in table.columns:
        return
    name = table.name
    connection.execute(
        text(
            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id))"  # noqa: S608
            f' FROM "{name}" HAVING max(id) IS NOT NULL'
            f" AND pg_get_serial_sequence('{name}', 'id') IS NOT NULL"
        )
    )


def _row(table: Table, line: bytes) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(line)
    return {name: _in(table.columns[name], value) for name, value in values.items()}


def _out(value: Any) -> Any:
    if isinstance(value, datetime):
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _in(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, DateTime):
        return datetime.fromisoformat(value).astimezone(UTC)
    if isinstance(column.type, Date):
        return date.fromisoformat(value)
    return base64.b64decode(value) if isinstance(column.type, LargeBinary) else value
