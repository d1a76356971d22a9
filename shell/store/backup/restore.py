"""Copies the rows of a backup into a new database that our own schema makes.

A backup may come from anybody. Its schema has to be ours, object by object, before anything else of
the file is read, so no trigger, view, virtual table, check or expression of its own ever runs. Then
every value is checked, and only values are carried over.
"""

import contextlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, TypeVar, get_args

import apsw
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shell.contract import AnswerDetail, MessageStatus, Role
from shell.store import checksum
from shell.store.checksum import SOUND_CONVERSATION, SOUND_MESSAGE
from shell.store.database import in_transaction
from shell.store.errors import DatabaseDamaged, sentences
from shell.store.integrity import open_still, rows_problem, table_problem
from shell.store.schema import APPLICATION_ID, MIGRATIONS, migrate, version
from shell.store.search import index
from shell.support.ids import TEMPORARY

MAX_VALUE_BYTES = 64 * 1024 * 1024
"""Of one value, such as an attachment. The page takes attachments of a few megabytes at most."""
MAX_CHARACTERS = 16_000_000
"""Of one text. The longest answers have a few hundred thousand."""
MAX_SCHEMA_BYTES = 64 * 1024
MAX_NUMBER = 1 << 53
"""Above this JavaScript cannot count, and no row of ours has such a number."""
LATEST_MS = 253_402_300_799_999
"""The last moment of the year 9999."""
MIN_SECONDS, BYTES_A_SECOND = 120.0, 500_000
"""How long reading a backup may take: at least this, and longer for a large file."""
SLOT = 10_000
"""Instructions of SQLite between two looks at the clock."""

_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_SHADOWS = re.compile(r"(words|trigrams)_(data|idx|content|docsize|config)")
_LIMITS = {
    apsw.SQLITE_LIMIT_LENGTH: MAX_VALUE_BYTES,
    apsw.SQLITE_LIMIT_SQL_LENGTH: MAX_SCHEMA_BYTES,
    apsw.SQLITE_LIMIT_COLUMN: 64,
    apsw.SQLITE_LIMIT_EXPR_DEPTH: 64,
    apsw.SQLITE_LIMIT_COMPOUND_SELECT: 4,
    apsw.SQLITE_LIMIT_FUNCTION_ARG: 32,
    apsw.SQLITE_LIMIT_ATTACHED: 0,
    apsw.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
    apsw.SQLITE_LIMIT_WORKER_THREADS: 0,
}
_SWITCHES = {
    apsw.SQLITE_DBCONFIG_DEFENSIVE: 1,
    apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA: 0,
    apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER: 0,
    apsw.SQLITE_DBCONFIG_ENABLE_VIEW: 0,
    apsw.SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION: 0,
}
_Value = int | float | str | bytes | None


class _Stored(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class _Text(_Stored):
    type: Literal["text"]
    text: str


class _Attachment(_Stored):
    type: Literal["image", "file"]
    name: str | None
    mediaType: str  # noqa: N815 - as it is stored
    size: Annotated[int, Field(ge=0, le=MAX_NUMBER)]
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


_PARTS: TypeAdapter[list[_Text | _Attachment]] = TypeAdapter(list[_Text | _Attachment])


class _Wrong(Exception):
    """Says in a few words what is wrong with a backup."""


class _Conversation(NamedTuple):
    number: _Value
    id: _Value
    title: _Value
    title_from: _Value
    system_prompt: _Value
    folder: _Value
    pinned: _Value
    created_at: _Value
    updated_at: _Value
    deleted_at: _Value
    chosen: _Value


class _Message(NamedTuple):
    number: _Value
    id: _Value
    conversation: _Value
    parent: _Value
    chosen: _Value
    role: _Value
    status: _Value
    created_at: _Value
    provider_id: _Value
    model_id: _Value
    inference_id: _Value
    text: _Value
    reasoning: _Value
    parts: _Value
    detail: _Value


class _Tail(NamedTuple):
    message: _Value
    place: _Value
    text: _Value
    reasoning: _Value


class _Blob(NamedTuple):
    hash: _Value
    data: _Value


class _Note(NamedTuple):
    name: _Value
    text: _Value
    changed_at: _Value


_Row = TypeVar("_Row", _Conversation, _Message, _Tail, _Blob, _Note)


def copy_rows(source: Path, target: Path, *, name: str, seconds: float | None = None) -> None:
    """Copy what a backup of the conversations holds into a database that does not exist yet.

    Args:
        source: the backup's database, which nobody writes.
        target: the new file.
        name: what a person calls the backup.
        seconds: how long reading may take; None for what the size of the file allows.

    Raises:
        Damaged: the backup is damaged, or holds what Tidewire did not write; with a sentence.
        ShellError: the new file cannot be written.
    """
    if seconds is None:
        seconds = MIN_SECONDS + source.stat().st_size / BYTES_A_SECOND
    try:
        with closing(_open(source, seconds)) as reading:
            reader = _Reader(reading)
            with sentences(target), closing(apsw.Connection(str(target))) as writing:
                target.chmod(0o600)
                checksum.register(writing)
                writing.pragma("synchronous", "full")
                writing.pragma("foreign_keys", True)
                migrate(writing)
                in_transaction(writing, reader.copy, "IMMEDIATE")
    except _Wrong as error:
        raise DatabaseDamaged(f"{name} is not a backup that can be restored: {error}") from None


def _open(source: Path, seconds: float) -> apsw.Connection:
    """Open a stranger's file so that as little as possible of it can do anything."""
    try:
        connection = open_still(source)
    except apsw.Error:
        raise _Wrong("it is unreadable") from None
    for switch, value in _SWITCHES.items():
        connection.config(switch, value)
    for limit, most in _LIMITS.items():
        connection.limit(limit, most)
    end = time.monotonic() + seconds
    connection.set_progress_handler(lambda: time.monotonic() > end, SLOT)
    return connection


class _Reader:
    """Reads and checks one backup."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._parents: dict[int, tuple[int, int | None]] = {}
        """Of every message by its number: its conversation, and its parent."""
        with _readable():
            connection.pragma("cell_size_check", True)
            connection.pragma("mmap_size", 0)
            self._check_schema()

    def copy(self, target: apsw.Connection) -> None:
        """Write every row to the new database. Part of a writing job of it."""
        known = version(self._connection)
        with _readable():
            tables = ["conversations", "messages", "tails", "blobs", *["notes"][: known - 1]]
            found = table_problem(self._connection, tables)
            if found is None and known == len(MIGRATIONS):
                found = rows_problem(self._connection)
            if found is not None:
                raise _Wrong(found)
        chosen: list[tuple[int | None, int, int]] = []
        for one in self._rows("conversations", _Conversation, "number"):
            _check_conversation(one)
            self._insert(target, "conversations", one, {"digest": 0})
            if one.chosen is not None:
                chosen.append((None, _number(one.number, "number"), _number(one.chosen, "choice")))
        for message in self._rows("messages", _Message, "number"):
            self._check_message(message)
            self._insert(target, "messages", message, {"digest": 0})
            if message.chosen is not None:
                number = _number(message.number, "number")
                chosen.append((number, self._parents[number][0], _number(message.chosen, "choice")))
        for parent, conversation, child in chosen:
            if self._parents.get(child) != (conversation, parent):
                raise _Wrong("a conversation's chosen path leads to a message that is not below it")
        for tail in self._rows("tails", _Tail, "message, place"):
            if tail.message not in self._parents:
                raise _Wrong("a piece of an answer belongs to no message")
            _number(tail.place, "place", least=0)
            _texts(tail, "text", "reasoning")
            self._insert(target, "tails", tail, {})
        for blob in self._rows("blobs", _Blob, "rowid"):
            if not isinstance(blob.data, bytes) or blob.hash != sha256(blob.data).hexdigest():
                raise _Wrong("an attachment is not what was written")
            self._insert(target, "blobs", blob, {})
        if "notes" in tables:
            for note in self._rows("notes", _Note, "name"):
                _texts(note, "name", "text")
                _time(note.changed_at)
                self._insert(target, "notes", note, {})
        target.execute(f"UPDATE conversations SET {SOUND_CONVERSATION}")  # noqa: S608
        target.execute(f"UPDATE messages SET {SOUND_MESSAGE}")  # noqa: S608
        index.build(target)

    # --- inside -----------------------------------------------------------------------------

    def _check_schema(self) -> None:
        """Refuse a file whose tables, indexes and whatever else it has are not exactly ours."""
        connection = self._connection
        known = version(connection)
        if known > len(MIGRATIONS):
            raise _Wrong("a newer Tidewire wrote it")
        if known < 1 or connection.pragma("application_id") != APPLICATION_ID:
            raise _Wrong("its header is not one of Tidewire's")
        if connection.pragma("encoding") != "UTF-8":
            raise _Wrong("its texts are not UTF-8")
        expected = _schema_of(known)
        for each in connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"):
            if each in expected:
                expected.remove(each)
                continue
            kind, name, _, sql = each
            if not (
                kind == "table"
                and isinstance(name, str)
                and isinstance(sql, str)
                and _SHADOWS.fullmatch(name)
                and sql.startswith("CREATE TABLE")
            ):
                raise _Wrong(f"it has something that Tidewire did not make ({_shown(name)})")
        if expected:
            raise _Wrong("its tables are not those of Tidewire")

    def _rows(self, table: str, kind: type[_Row], order: str) -> Iterator[_Row]:
        columns = ", ".join(kind._fields)
        # By the table itself: an index may say something else.
        sql = f"SELECT {columns} FROM {table} NOT INDEXED ORDER BY {order}"  # noqa: S608
        with _readable():
            for values in self._connection.execute(sql):
                yield kind(*values)

    def _check_message(self, one: _Message) -> None:
        _check_id(one.id)
        number = _number(one.number, "number")
        conversation = _number(one.conversation, "conversation")
        parent = None if one.parent is None else _number(one.parent, "parent")
        if parent is not None and self._parents.get(parent, (0,))[0] != conversation:
            raise _Wrong("the parent of a message is no earlier message of its conversation")
        self._parents[number] = conversation, parent
        if one.role not in get_args(Role) or one.status not in get_args(MessageStatus):
            raise _Wrong("a message has a role or a status that there is not")
        _time(one.created_at)
        _texts(one, "text", "reasoning")
        _texts(one, "provider_id", "model_id", "inference_id", "parts", "detail", optional=True)
        try:
            if isinstance(one.parts, str):
                _PARTS.validate_json(one.parts)
            if isinstance(one.detail, str):
                AnswerDetail.model_validate_json(one.detail)
                _check_numbers(json.loads(one.detail, parse_constant=_no_number))
        except (ValidationError, ValueError, RecursionError):
            raise _Wrong("the parts of a message are not of the form that they have") from None

    @staticmethod
    def _insert(target: apsw.Connection, table: str, row: _Row, more: dict[str, int]) -> None:
        names = (*row._fields, *more)
        values: tuple[_Value, ...] = (*row, *more.values())
        places = ", ".join("?" * len(names))
        sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({places})"  # noqa: S608
        try:
            target.execute(sql, values)
        except apsw.ConstraintError:
            raise _Wrong(f"two of its {table} are the same, or one belongs to nothing") from None


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    """Say in a few words why a backup cannot be read."""
    try:
        yield
    except apsw.InterruptError:
        raise _Wrong("reading it takes too long") from None
    except apsw.TooBigError:
        raise _Wrong("a value in it is too large") from None
    except UnicodeDecodeError:
        raise _Wrong("a text in it is no text any more") from None
    except (apsw.CorruptError, apsw.NotADBError, apsw.FormatError):
        raise _Wrong("it is damaged") from None
    except apsw.NoMemError:
        raise _Wrong("reading it takes too much memory") from None
    except apsw.Error as error:
        raise _Wrong(f"it cannot be read ({type(error).__name__})") from None


def _schema_of(known: int) -> list[tuple[_Value, ...]]:
    """What the schema of an empty database of a format has, without the indexes' own tables."""
    with closing(apsw.Connection(":memory:")) as connection:
        migrate(connection, MIGRATIONS[:known])
        found: list[tuple[_Value, ...]] = [
            tuple(each)
            for each in connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema")
        ]
    return [each for each in found if not _SHADOWS.fullmatch(str(each[1]))]


def _check_conversation(one: _Conversation) -> None:
    _check_id(one.id)
    _number(one.number, "number")
    if one.title_from not in ("words", "model", "person") or one.pinned not in (0, 1):
        raise _Wrong("a conversation has values that there are not")
    for at in (
        one.created_at,
        one.updated_at,
        *([] if one.deleted_at is None else [one.deleted_at]),
    ):
        _time(at)
    _texts(one, "title")
    _texts(one, "system_prompt", "folder", optional=True)


def _check_id(value: _Value) -> None:
    if not isinstance(value, str) or not _ID.fullmatch(value) or value.startswith(TEMPORARY):
        raise _Wrong(f"it has an id that Tidewire does not give ({_shown(value)})")


def _number(value: _Value, what: str, least: int = 1) -> int:
    if not isinstance(value, int) or not least <= value <= MAX_NUMBER:
        raise _Wrong(f"a row has a {what} that Tidewire does not give ({_shown(value)})")
    return value


def _time(value: _Value) -> None:
    if not isinstance(value, int) or not 0 <= value <= LATEST_MS:
        raise _Wrong(f"it has a time that cannot be ({_shown(value)})")


def _texts(row: _Row, *names: str, optional: bool = False) -> None:
    for name in names:
        value: _Value = getattr(row, name)
        if value is None and optional:
            continue
        if not isinstance(value, str):
            raise _Wrong(f"a {name} in it is no text")
        if len(value) > MAX_CHARACTERS:
            raise _Wrong(f"a {name} in it is too long")


def _check_numbers(value: object) -> None:
    """Refuse numbers that SQLite cannot add up and a page cannot count with."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            left.extend(each.values())
        elif isinstance(each, list):
            left.extend(each)
        elif isinstance(each, int | float) and abs(each) > MAX_NUMBER:
            raise ValueError("too large a number")


def _no_number(name: str) -> None:
    raise ValueError(name)


def _shown(value: object) -> str:
    return repr(value)[:60]
