"""Copies the rows of a backup into a new database that our own schema makes.

A backup may come from a stranger. Before anything else of the file is read, its schema must equal
ours, object by object. So no trigger, view, virtual table, check or expression of its own ever
runs. Then every value is checked, and only values are copied.
"""

import contextlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

import apsw
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shell.contract import AnswerDetail
from shell.store import checksum
from shell.store.database import in_transaction
from shell.store.errors import DatabaseDamaged, storage_errors
from shell.store.integrity import open_immutable, rows_problem, table_problem
from shell.store.messages import notes, steps
from shell.store.messages.entries import rewritten
from shell.store.rows import Row, Value, insert
from shell.store.schema import APPLICATION_ID, MIGRATIONS, migrate, version
from shell.store.search import index
from shell.store.tables import (
    DEFINITIONS,
    ENTRY_TABLES,
    INDEX_PARTS,
    MAX_CHARACTERS,
    MAX_FOLDER_CHARACTERS,
    MAX_NUMBER,
    MAX_TITLE_CHARACTERS,
    Table,
    check_numbers,
    definitions,
    problem_with,
    shorten,
    tables,
)

MAX_VALUE_BYTES = 64 * 1024 * 1024
"""Limit on one value, such as an attachment. The page accepts a few megabytes at most."""
MAX_SCHEMA_BYTES = 64 * 1024
MIN_SECONDS, BYTES_A_SECOND = 120.0, 500_000
"""Time limit of reading a backup: MIN_SECONDS, plus the size divided by BYTES_A_SECOND."""
CHECK_STEPS = 10_000
"""SQLite instructions between two checks of the time limit."""

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


class _Stored(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class _Text(_Stored):
    type: Literal["text"]
    text: str
    untrusted: bool = False


class _Attachment(_Stored):
    type: Literal["image", "file"]
    name: str | None
    mediaType: str  # noqa: N815 - as it is stored
    size: Annotated[int, Field(ge=0, le=MAX_NUMBER)]
    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


_PARTS: TypeAdapter[list[_Text | _Attachment]] = TypeAdapter(list[_Text | _Attachment])


class _UnusableBackup(Exception):
    """The backup cannot be restored. The text gives the reason in a few words."""


def copy_rows(source: Path, target: Path, *, name: str) -> None:
    """Copy the rows of a backup into a new database.

    Args:
        source: the database of the backup, which no process is writing.
        target: the new file.
        name: the name of the backup in the error.

    Raises:
        DatabaseDamaged: the backup is damaged, or has data that Tidewire did not write.
        ShellError: the new file cannot be written.
    """
    try:
        with closing(_open(source)) as source_connection:
            reader = _BackupReader(source_connection)
            with storage_errors(target), closing(apsw.Connection(str(target))) as target_connection:
                target.chmod(0o600)
                checksum.register(target_connection)
                target_connection.pragma("synchronous", "full")
                target_connection.pragma("foreign_keys", True)
                migrate(target_connection)
                in_transaction(target_connection, reader.copy, "IMMEDIATE")
    except _UnusableBackup as error:
        raise DatabaseDamaged(f"{name} is not a backup that can be restored: {error}") from None


def _open(source: Path) -> apsw.Connection:
    """Open an untrusted file, with every unneeded feature of SQLite off."""
    try:
        connection = open_immutable(source)
    except apsw.Error:
        raise _UnusableBackup("it is unreadable") from None
    for switch, value in _SWITCHES.items():
        connection.config(switch, value)
    for limit, maximum in _LIMITS.items():
        connection.limit(limit, maximum)
    end = time.monotonic() + MIN_SECONDS + source.stat().st_size / BYTES_A_SECOND
    connection.set_progress_handler(lambda: time.monotonic() > end, CHECK_STEPS)
    return connection


class _BackupReader:
    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._choices: list[tuple[Value, Value, Value]] = []
        """For each row with a chosen child: its message or None, its conversation, the child."""
        self._parents: dict[Value, tuple[Value, Value]] = {}
        """The conversation and the parent of every message, by its number."""
        self._characters: Counter[Value] = Counter()
        """The length of every message with the pieces of its answer, by its number."""
        with _readable():
            connection.pragma("cell_size_check", True)
            connection.pragma("mmap_size", 0)
            self._check_schema()

    def copy(self, target: apsw.Connection) -> None:
        """Write every row to the new database, as part of a writing job."""
        known = version(self._connection)
        source_tables = tables(known)
        with _readable():
            found = table_problem(self._connection, list(source_tables))
            if found is None and known == len(MIGRATIONS):
                found = rows_problem(self._connection)
            if found is not None:
                raise _UnusableBackup(found)
        for table in source_tables.values():
            for row in self._rows(table):
                self._check(table, row)
                if table.sound is not None:
                    row[checksum.DIGEST] = 0
                try:
                    insert(target, table.name, row)
                except apsw.ConstraintError:
                    text = f"two of its {table.name} are the same, or one belongs to nothing"
                    raise _UnusableBackup(text) from None
            if table.sound is not None:
                target.execute(f"UPDATE {table.name} SET {table.sound}")  # noqa: S608
        for parent, conversation, child in self._choices:
            if self._parents.get(child) != (conversation, parent):
                raise _UnusableBackup("a chosen path leads to a message that is not below it")
        notes.limit(target)
        # Decisions in a file of unknown origin do not count.
        steps.settle_all(target)
        index.build(target)

    def _check_schema(self) -> None:
        """Refuse a file whose tables, indexes and other objects are not exactly ours."""
        connection = self._connection
        known = version(connection)
        if known > len(MIGRATIONS):
            raise _UnusableBackup("a newer Tidewire wrote it")
        if known < 1 or connection.pragma("application_id") != APPLICATION_ID:
            raise _UnusableBackup("its header is not one of Tidewire's")
        if connection.pragma("encoding") != "UTF-8":
            raise _UnusableBackup("its texts are not UTF-8")
        expected = set(definitions(known))
        for definition in connection.execute(DEFINITIONS):
            if definition in expected:
                expected.remove(definition)
                continue
            kind, name, _, sql = definition
            if not (
                kind == "table"
                and isinstance(name, str)
                and isinstance(sql, str)
                and INDEX_PARTS.fullmatch(name)
                and sql.startswith("CREATE TABLE")
            ):
                text = f"it has something that Tidewire did not make ({shorten(name)})"
                raise _UnusableBackup(text)
        if expected:
            raise _UnusableBackup("its tables are not those of Tidewire")

    def _rows(self, table: Table) -> Iterator[Row]:
        names = [column.name for column in table.columns]
        # Read the table itself, because an index may have other values.
        sql = (
            f"SELECT {', '.join(names)} FROM {table.name} "  # noqa: S608
            f"NOT INDEXED ORDER BY {', '.join(table.key)}"
        )
        with _readable():
            for values in self._connection.execute(sql):
                yield dict(zip(names, values, strict=True))

    def _check(self, table: Table, row: Row) -> None:
        """Check the values of a row, and write its JSON anew, as `entries.rewritten` explains."""
        for column in table.columns:
            value = row[column.name]
            found = problem_with(column, value)
            if found is not None:
                raise _UnusableBackup(found)
            if isinstance(value, str) and len(value) > MAX_CHARACTERS:
                raise _UnusableBackup(f"a {column.name} in it is too long")
        match table.name:
            case "conversations":
                row["title"] = str(row["title"])[:MAX_TITLE_CHARACTERS]
                if row["folder"] is not None:
                    row["folder"] = str(row["folder"])[:MAX_FOLDER_CHARACTERS]
            case "messages":
                self._check_message(row)
            case "tails":
                self._check_length(row["message"], row)
            case "notes" if len(str(row["text"])) > notes.MAX_NOTE_CHARACTERS:
                raise _UnusableBackup("a note in it is too long")
        if table.name in ENTRY_TABLES:
            try:
                row["entry"] = entry = rewritten(table.name, str(row["entry"]))
                if table.name == "compactions":
                    check_numbers(json.loads(entry))
            except (ValidationError, ValueError, RecursionError):
                text = f"the {table.name} of a message do not have the form that they should"
                raise _UnusableBackup(text) from None
        if table.name == "blobs":
            data = row["data"]
            if not isinstance(data, bytes) or row["hash"] != sha256(data).hexdigest():
                raise _UnusableBackup("an attachment is not what was written")
        if row.get("chosen") is not None:
            if table.name == "messages":
                self._choices.append((row["number"], row["conversation"], row["chosen"]))
            else:
                self._choices.append((None, row["number"], row["chosen"]))

    def _check_message(self, row: Row) -> None:
        parent, parts, detail = row["parent"], row["parts"], row["detail"]
        if parent is not None and self._parents.get(parent, (None,))[0] != row["conversation"]:
            text = "the parent of a message is no earlier message of its conversation"
            raise _UnusableBackup(text)
        self._parents[row["number"]] = row["conversation"], parent
        self._check_length(row["number"], row)
        try:
            if isinstance(parts, str):
                stored = _PARTS.dump_python(_PARTS.validate_json(parts), exclude_unset=True)
                row["parts"] = json.dumps(stored, ensure_ascii=False)
            if isinstance(detail, str):
                answer = AnswerDetail.model_validate_json(detail)
                check_numbers(answer.model_dump())
                row["detail"] = answer.model_dump_json(by_alias=True)
        except (ValidationError, ValueError, RecursionError):
            text = "the parts of a message do not have the form that they should"
            raise _UnusableBackup(text) from None

    def _check_length(self, message: Value, row: Row) -> None:
        """Count the characters of a message, or of a piece that will be joined with it."""
        self._characters[message] += len(str(row["text"])) + len(str(row["reasoning"]))
        if self._characters[message] > MAX_CHARACTERS:
            raise _UnusableBackup("a message in it is too long")


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    """Convert the errors of a backup that cannot be read."""
    try:
        yield
    except apsw.InterruptError:
        raise _UnusableBackup("reading it takes too long") from None
    except apsw.TooBigError:
        raise _UnusableBackup("a value in it is too large") from None
    except UnicodeDecodeError:
        raise _UnusableBackup("a text in it is not valid UTF-8") from None
    except (apsw.CorruptError, apsw.NotADBError, apsw.FormatError):
        raise _UnusableBackup("it is damaged") from None
    except apsw.NoMemError:
        raise _UnusableBackup("reading it takes too much memory") from None
    except apsw.Error as error:
        raise _UnusableBackup(f"it cannot be read ({type(error).__name__})") from None
