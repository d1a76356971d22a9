"""Checks a database file for damage."""

import hashlib
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path, PurePath

import apsw

from shell.store.checksum import SOUND, register
from shell.store.rows import rows
from shell.store.schema import APPLICATION_ID, MIGRATIONS, version
from shell.store.tables import DEFINITIONS, ENTRY_TABLES, TABLES, definitions

INDEX_TABLES = (
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 "
    "AND (name GLOB 'words_*' OR name GLOB 'trigrams_*')"
)
"""SQL that lists the tables in which FTS5 stores the full-text indexes."""
HEADER = "its header is not what it was"


def problem(connection: apsw.Connection) -> str | None:
    """Describe in a few words what is wrong with the content; None when all of it is sound."""
    try:
        if version(connection) > len(MIGRATIONS):
            return "a newer Tidewire wrote it"
        if version(connection) < 1:
            return HEADER
        if version(connection) < len(MIGRATIONS):  # the tables of an earlier Tidewire
            finding: str = connection.execute("PRAGMA quick_check(1)").get
            return None if finding == "ok" else finding
        return _structure(connection) or rows_problem(connection)
    except (apsw.CorruptError, apsw.NotADBError, apsw.FormatError):
        return "unreadable"
    except (apsw.SQLError, apsw.SchemaChangeError, apsw.CantOpenError, UnicodeDecodeError):
        return "its tables are not there"


def index_is_sound(connection: apsw.Connection) -> bool:
    """Tell whether the full-text indexes are sound. Damaged ones can be rebuilt."""
    try:
        for table in rows(connection.execute(INDEX_TABLES), str):
            if rows(connection.execute(f"PRAGMA integrity_check('{table}')"), str) != ["ok"]:
                return False
        connection.execute("INSERT INTO words (words) VALUES ('integrity-check')")
        connection.execute("INSERT INTO trigrams (trigrams) VALUES ('integrity-check')")
    except (apsw.CorruptError, apsw.FormatError, apsw.SQLError):
        return False
    return True


def problem_of(path: Path) -> str | None:
    """Describe what is wrong with the content of a file that no process is writing."""
    try:
        connection = open_immutable(path)
    except apsw.Error:
        return "unreadable"
    with closing(connection):
        return problem(connection)


def open_immutable(path: Path) -> apsw.Connection:
    """Open a file that no process is writing, without creating any file beside it."""
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    connection = apsw.Connection(f"{sqlite_uri(path.absolute())}?immutable=1", flags=flags)
    connection.pragma("trusted_schema", False)
    register(connection)
    return connection


def sqlite_uri(path: PurePath) -> str:
    """Return the URI of an absolute path. For SQLite, a server is part of the path."""
    uri = path.as_uri()
    return uri if uri.startswith("file:///") else uri.replace("file://", "file:////", 1)


def _structure(connection: apsw.Connection) -> str | None:
    if connection.pragma("application_id") != APPLICATION_ID:
        return HEADER
    if not definitions() <= {tuple(row) for row in connection.execute(DEFINITIONS)}:
        return "its tables are not what they were"
    if (found := table_problem(connection, TABLES)) is not None:
        return found
    for index in ("words", "trigrams"):
        # Their content can be rebuilt, unless FTS5's own definitions are damaged.
        connection.execute(f"SELECT rowid FROM {index} LIMIT 0")  # noqa: S608 - names of our own
    if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
        return "a message has lost its conversation"
    return None


def table_problem(connection: apsw.Connection, tables: Sequence[str]) -> str | None:
    """Describe what is wrong with the pages of these tables and of their indexes."""
    for table in tables:
        for finding in rows(connection.execute(f"PRAGMA integrity_check('{table}')"), str):
            if finding != "ok":
                lines = [line for line in finding.splitlines() if not line.startswith("***")]
                return lines[0] if lines else "unreadable"
    return None


def rows_problem(connection: apsw.Connection) -> str | None:
    """Describe what is wrong with the rows, by their checksums and texts."""
    for table, sound in SOUND.items():
        sql = f"SELECT count(*) FROM {table} WHERE NOT ({sound})"  # noqa: S608
        damaged_count: int = connection.execute(sql).get
        if damaged_count:
            return f"{damaged_count} of its {table} are not what was written"
    for name, data in connection.execute("SELECT hash, CAST(data AS BLOB) FROM blobs"):
        if not isinstance(data, bytes) or hashlib.sha256(data).hexdigest() != name:
            return "an attachment is not what was written"
    # These rows have no checksum, but one that is not UTF-8 makes all others unreadable.
    texts_of = {"notes": "name, text", "tails": "text, reasoning"}
    for table, texts in {**texts_of, **dict.fromkeys(ENTRY_TABLES, "entry")}.items():
        try:
            for _ in connection.execute(f"SELECT {texts} FROM {table}"):  # noqa: S608
                pass
        except UnicodeDecodeError:
            return f"one of its {table} is not valid UTF-8"
    return None
