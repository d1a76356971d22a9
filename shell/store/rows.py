"""Reads and writes the rows of tables."""

from collections.abc import Callable, Mapping
from typing import TypeVar

import apsw

from shell.store.checksum import DIGEST, SOUND

T = TypeVar("T")
Value = int | float | str | bytes | None
Row = dict[str, Value]


def rows(cursor: apsw.Cursor, kind: Callable[..., T]) -> list[T]:
    """Return every row as `kind(*columns)`; `kind` is a named tuple, or `int` for one column."""
    return [kind(*values) for values in cursor]


def first(cursor: apsw.Cursor, kind: Callable[..., T]) -> T | None:
    """Return the first row as `kind(*columns)`, or None when there is none."""
    values = cursor.fetchone()
    return None if values is None else kind(*values)


def insert(
    connection: apsw.Connection, table: str, row: Mapping[str, Value], on_conflict: str = ""
) -> int:
    """Insert a row, with a conflict clause such as OR IGNORE; returns its rowid."""
    places = ", ".join("?" * len(row))
    sql = f"INSERT {on_conflict} INTO {table} ({', '.join(row)}) VALUES ({places})"  # noqa: S608
    connection.execute(sql, tuple(row.values()))
    return connection.last_insert_rowid()


def save(
    connection: apsw.Connection, table: str, row: Mapping[str, Value], number: int | None = None
) -> int:
    """Insert a conversation or message, or update the one with this number, with its checksum.

    Returns its number. Part of a writing job.
    """
    if number is None:
        number = insert(connection, table, {**row, DIGEST: 0})
    else:
        places = ", ".join("?" * len(row))
        sql = f"UPDATE {table} SET ({', '.join(row)}) = ({places}) WHERE number = ?"  # noqa: S608
        connection.execute(sql, (*row.values(), number))
    connection.execute(f"UPDATE {table} SET {SOUND[table]} WHERE number = ?", (number,))  # noqa: S608
    return number
