"""Describes the tables of the database: the columns, types and keys that the migrations give them.

Restore and salvage both copy rows out of a file that they do not trust into tables of our own.
"""

import re
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import cache
from typing import NamedTuple, get_args

import apsw

from shell.contract import MessageStatus, Role
from shell.store.checksum import DIGEST, SOUND
from shell.store.rows import Value
from shell.store.schema import MIGRATIONS, migrate

MAX_NUMBER = 1 << 53
"""The largest integer that JavaScript represents exactly."""
MAX_CHARACTERS = 16_000_000
"""Limit on one text. The longest answers have a few hundred thousand characters."""
MAX_ROW_NUMBER = 1 << 40
"""Limit on the numbers that rows of a foreign file may have. New rows get higher ones."""
MAX_TITLE_CHARACTERS, MAX_FOLDER_CHARACTERS = 200, 100
"""Limits of the contract. Longer ones are cut, because every page gets them with each list."""
MAX_TIME_MS = 253_402_300_799_999
"""The last millisecond of the year 9999."""
DEFINITIONS = "SELECT type, name, tbl_name, sql FROM sqlite_schema"
INDEX_PARTS = re.compile(r"(words|trigrams)_(data|idx|content|docsize|config)")
"""The names of the tables in which FTS5 stores the full-text indexes. FTS5 creates them itself."""
_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_ALLOWED: Mapping[str, tuple[Value, ...]] = {
    "role": get_args(Role),
    "status": get_args(MessageStatus),
    "title_from": ("words", "model", "person"),
    "pinned": (0, 1),
}
_MOST: Mapping[str, int] = {"number": MAX_ROW_NUMBER, "place": MAX_ROW_NUMBER}
ENTRY_TABLES = ("steps", "templates", "compactions")
"""Tables with JSON texts of messages; `messages/entries.py` checks them."""
_TYPES = {"TEXT": str, "INTEGER": int, "BLOB": bytes}
TABLES = (
    *("conversations", "messages", "tails", "steps", "templates", "compactions"),
    *("blobs", "notes"),
)


class Column(NamedTuple):
    """A column of a table."""

    name: str
    type: str
    """TEXT, INTEGER or BLOB."""
    is_required: bool
    """Whether the column refuses NULL."""


class Table(NamedTuple):
    """A table, with its columns in the order of the schema and without the checksum."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    """The columns by which its rows are ordered on the disk."""
    sound: str | None
    """SQL that is true of a row whose checksum is right; None for a table without checksums."""

    @property
    def rowid(self) -> str | None:
        """The name of the rowid; None for a table WITHOUT ROWID."""
        return self.key[0] if self.key[0] in {"number", "rowid"} else None


@cache
def tables(known: int = len(MIGRATIONS)) -> Mapping[str, Table]:
    """Describe the tables after the first `known` migrations; parents come before children."""
    with closing(empty_database(known)) as connection:
        found = {name: _describe(connection, name) for name in TABLES}
    return {name: table for name, table in found.items() if table.columns}


@cache
def definitions(known: int = len(MIGRATIONS)) -> frozenset[tuple[Value, ...]]:
    """The rows that DEFINITIONS selects from a sound file after the first `known` migrations."""
    with closing(empty_database(known)) as connection:
        found = [tuple(row) for row in connection.execute(DEFINITIONS)]
    return frozenset(row for row in found if not INDEX_PARTS.fullmatch(str(row[1])))


def empty_database(known: int) -> apsw.Connection:
    """Open a database in memory with the first `known` migrations applied."""
    connection = apsw.Connection(":memory:")
    migrate(connection, MIGRATIONS[:known])
    return connection


def problem_with(column: Column, value: Value) -> str | None:
    """Describe what is wrong with a value of a column; None when Tidewire may have written it."""
    name = column.name
    if value is None:
        return f"a {name} is missing" if column.is_required else None
    if not isinstance(value, _TYPES[column.type]):
        return f"a {name} has the wrong type ({shorten(value)})"
    if name in _ALLOWED and value not in _ALLOWED[name]:
        return f"there is no {name} {shorten(value)}"
    if name == "id" and not _ID.fullmatch(str(value)):
        return f"Tidewire gives no such id ({shorten(value)})"
    if isinstance(value, int):
        least = 1 if name == "number" else 0
        most = MAX_TIME_MS if name.endswith("_at") else _MOST.get(name, MAX_NUMBER)
        if not least <= value <= most:
            return f"a {name} is out of range ({shorten(value)})"
    return None


def check_numbers(value: object) -> None:
    """Refuse numbers that SQLite cannot sum up and a page cannot represent exactly.

    Raises:
        ValueError: the value, which is of JSON, has such a number.
    """
    remaining = [value]
    while remaining:
        item = remaining.pop()
        if isinstance(item, dict):
            remaining.extend(item.values())
        elif isinstance(item, list):
            remaining.extend(item)
        elif isinstance(item, int | float) and abs(item) > MAX_NUMBER:
            raise ValueError("a number in it is too large")


def shorten(value: object) -> str:
    """Shorten a value for a sentence."""
    return repr(value)[:60]


def _describe(connection: apsw.Connection, name: str) -> Table:
    columns: list[Column] = []
    key: list[tuple[int, str]] = []
    info = f"SELECT name, type, \"notnull\", pk FROM pragma_table_info('{name}')"  # noqa: S608
    for column, kind, required, place in connection.execute(info):
        if place:
            key.append((place, column))
        if column != DIGEST:
            columns.append(Column(column, kind, bool(required or place)))
    names: Sequence[str] = [column for _, column in sorted(key)]
    if name == "blobs":  # its hash is an index beside the table
        names = ["rowid"]
    return Table(name, tuple(columns), tuple(names), SOUND.get(name))
