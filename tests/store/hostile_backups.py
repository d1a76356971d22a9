"""Databases that a stranger could offer as a backup, each with something harmful in it."""

import hashlib
import json
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import apsw

from shell.store import checksum, schema
from shell.store.database import Connection
from tests.store.entries import COMPACTION, TEMPLATE

Spoil = Callable[[Connection], object]
_ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
_HUGE = "printf('%.*c', 1000000000, 'x')"
HUGE_BYTES = 65 * 1024 * 1024


def sql(*statements: str) -> Spoil:
    """Runs statements without checking foreign keys."""

    def spoil(connection: Connection) -> None:
        connection.pragma("foreign_keys", False)
        for statement in statements:
            connection.execute(statement)

    return spoil


def with_checksums(*statements: str) -> Spoil:
    """Runs statements like `sql`, then corrects all checksums."""

    def spoil(connection: Connection) -> None:
        sql(*statements)(connection)
        for table, sound in checksum.SOUND.items():
            connection.execute(f"UPDATE {table} SET {sound}")  # noqa: S608

    return spoil


def _all(*spoils: Spoil) -> Spoil:
    def spoil(connection: Connection) -> None:
        for each in spoils:
            each(connection)

    return spoil


def rewritten(name: str, old: str, new: str) -> Spoil:
    """Changes the definition of a table or an index, which SQLite itself would refuse."""

    def spoil(connection: Connection) -> None:
        connection.pragma("writable_schema", True)
        connection.execute(
            "UPDATE sqlite_schema SET sql = replace(sql, ?, ?) WHERE name = ?", (old, new, name)
        )
        assert connection.changes() == 1

    return spoil


def value(table: str, column: str, content: str, where: str = "number = 2") -> Spoil:
    """Puts an SQL expression into one row."""
    where = {"conversations": "number = 1", "messages": where}.get(table, "1")
    return with_checksums(f"UPDATE {table} SET {column} = {content} WHERE {where}")  # noqa: S608


def entry(table: str, content: str, message: int = 2) -> Spoil:
    """Stores content, which is an SQL expression, with a message."""
    return with_checksums(f"INSERT OR REPLACE INTO {table} VALUES ({message}, {content})")  # noqa: S608


def _huge_attachment(connection: Connection) -> None:
    data = bytes(HUGE_BYTES)
    name = hashlib.sha256(data).hexdigest()
    connection.execute("INSERT INTO blobs VALUES (?, ?)", (name, data))


def _json(content: object) -> str:
    return "'" + json.dumps(content).replace("'", "''") + "'"


_ENTRIES: Mapping[str, dict[str, object]] = {
    "templates": TEMPLATE.model_dump(by_alias=True),
    "compactions": COMPACTION.model_dump(by_alias=True),
}
_GOOD = {"type": "file", "name": "a", "mediaType": "a/b", "size": 4, "hash": "0" * 64}

OBJECTS: Mapping[str, Spoil] = {
    "a trigger that deletes": sql(
        "CREATE TRIGGER t AFTER INSERT ON messages BEGIN DELETE FROM conversations; END"
    ),
    "a trigger that never ends": sql(
        f"CREATE TRIGGER t AFTER INSERT ON messages BEGIN {_ENDLESS}; END"
    ),
    "a trigger that raises": sql(
        "CREATE TRIGGER t BEFORE INSERT ON messages BEGIN SELECT RAISE(ABORT, 'no'); END"
    ),
    "a trigger that takes 2 GB": sql(
        "CREATE TRIGGER t AFTER INSERT ON messages BEGIN SELECT randomblob(2000000000); END"
    ),
    "a trigger on every update": sql(
        "CREATE TRIGGER t BEFORE UPDATE ON conversations BEGIN SELECT RAISE(IGNORE); END"
    ),
    "one view more": sql(f"CREATE VIEW v AS {_ENDLESS}"),
    "a view in place of a table": sql(
        "ALTER TABLE messages RENAME TO m", "CREATE VIEW messages AS SELECT * FROM m"
    ),
    "an endless view in place of a table": sql(
        "DROP TABLE notes", f"CREATE VIEW notes AS {_ENDLESS}"
    ),
    "a view of an attached file": sql(
        "PRAGMA writable_schema = ON",
        "INSERT INTO sqlite_schema "
        "VALUES ('view', 'v', 'v', 0, 'CREATE VIEW v AS SELECT * FROM elsewhere.conversations')",
    ),
    "a view in place of an index's own table": rewritten(
        "words_config", "CREATE TABLE", "CREATE VIEW"
    ),
    "one table more": sql("CREATE TABLE more (x)"),
    "one index more": sql("CREATE INDEX i ON messages (role)"),
    "no messages": sql("DROP TABLE messages"),
    "a virtual table": sql("CREATE VIRTUAL TABLE v USING fts5 (x)"),
    "a virtual table in place of a table": sql(
        "DROP TABLE notes", "CREATE VIRTUAL TABLE notes USING fts5 (name, text, changed_at)"
    ),
    "a virtual table of a module that there is not": sql(
        "PRAGMA writable_schema = ON",
        "INSERT INTO sqlite_schema VALUES ('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING x')",
    ),
    "a generated column": sql(f"ALTER TABLE messages ADD COLUMN g AS (length({_HUGE}))"),
    "a table without row ids": sql(
        "DROP TABLE blobs",
        "CREATE TABLE blobs (hash TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID",
    ),
    "a strict table": sql(
        "DROP TABLE blobs", "CREATE TABLE blobs (hash TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT"
    ),
    "an index of an expression": rewritten(
        "messages_of", "(conversation, number)", f"(conversation, length({_HUGE}))"
    ),
    "a partial index of an expression": rewritten(
        "messages_under", "parent IS NOT NULL", f"length({_HUGE}) > 1"
    ),
    "a check that hangs": rewritten(
        "messages", "digest INTEGER NOT NULL", f"digest INTEGER CHECK (length({_HUGE}) > digest)"
    ),
    "a schema that is none": rewritten("tails", "CREATE TABLE", "CREATE TALE"),
    "a schema without end": rewritten("tails", "CREATE TABLE", "CREATE TABLE" + " " * 200_000),
    "two tables on one page": sql(
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET rootpage = "
        "(SELECT rootpage FROM sqlite_schema WHERE name = 'messages') WHERE name = 'blobs'",
    ),
    "another program's header": sql("PRAGMA application_id = 7"),
    "no format": sql("PRAGMA user_version = 0"),
    "a format below all": sql("PRAGMA user_version = -2147483648"),
    "a format above all": sql("PRAGMA user_version = 2147483647"),
    "an older format that it is not": sql("PRAGMA user_version = 1"),
}
"""Attacks in the schema or in the header."""

TREES: Mapping[str, Spoil] = {
    "a message that chose itself": value("messages", "chosen", "2"),
    "a message that chose its parent": value("messages", "chosen", "1"),
    "a message that chose another conversation's": value("messages", "chosen", "3"),
    "a message that chose nobody": value("messages", "chosen", "999"),
    "a conversation that chose an answer": value("conversations", "chosen", "2"),
    "a conversation that chose another one's": value("conversations", "chosen", "3"),
    "parents in a ring": with_checksums(
        "UPDATE messages SET parent = 2, chosen = 2 WHERE number = 1",
        "UPDATE messages SET parent = 1, chosen = 1 WHERE number = 2",
    ),
    "a message that is its own parent": value("messages", "parent", "2"),
    "a parent in another conversation": value("messages", "parent", "1", "number = 4"),
    "a parent that there is not": value("messages", "parent", "999"),
    "a conversation that there is not": value("messages", "conversation", "999"),
    "a piece of no answer": with_checksums("INSERT INTO tails VALUES (999, 0, 'x', '')"),
}
"""References that form a cycle, or lead nowhere."""

VALUES: Mapping[str, Spoil] = {
    **{
        f"parts: {name}": value("messages", "parts", content)
        for name, content in {
            "no JSON": "'nonsense'",
            "deep": f"'{'[' * 50_000}'",
            "an object": _json({"type": "text", "text": "x"}),
            "a number": "'7'",
            "a list of numbers": "'[1]'",
            "of no kind": _json([{"type": "trap", "text": "x"}]),
            "without a text": _json([{"type": "text"}]),
            "a text that is none": _json([{"type": "text", "text": 7}]),
            "half a character": '\'[{"type": "text", "text": "\\ud800"}]\'',
            "an odd hash": _json([{**_GOOD, "hash": "../../etc/passwd"}]),
            "a size that is none": _json([{**_GOOD, "size": "large"}]),
            "one field more": _json([{**_GOOD, "trap": 1}]),
            "bytes": "x'00ff'",
        }.items()
    },
    **{
        f"detail: {name}": value("messages", "detail", content)
        for name, content in {
            "no JSON": "'nonsense'",
            "deep": f"'{'[' * 50_000}'",
            "a list": "'[]'",
            "a huge number": _json({"reasoningMs": 10**300}),
            "what cannot be added up": _json({"reasoningMs": 2**63 - 1}),
        }.items()
    },
    **{
        f"an entry of {table}: {name}": entry(table, content)
        for table, good in _ENTRIES.items()
        for name, content in {
            "no JSON": "'nonsense'",
            "deep": f"'{'[' * 50_000}'",
            "a list": "'[]'",
            "bytes": "x'00ff'",
            "one field more": _json({**good, "trap": 1}),
        }.items()
    },
    "a template of no message": entry("templates", _json(_ENTRIES["templates"]), 999),
    "a template without end": entry(
        "templates", _json({**_ENTRIES["templates"], "values": {"x": "x" * 70_000}})
    ),
    "a summary that cannot be counted": entry(
        "compactions", _json({**_ENTRIES["compactions"], "messages": 2**62})
    ),
    "a text of bytes": value("messages", "text", "x'ff'"),
    "a text that is no UTF-8": value("messages", "text", "CAST(x'ff' AS TEXT)"),
    "a title of bytes": value("conversations", "title", "x'00'"),
    "a title without end": value("conversations", "title", "printf('%.*c', 17000000, 'x')"),
    "a time in words": value("conversations", "created_at", "'yesterday'"),
    "a time in fractions": value("conversations", "created_at", "1.5"),
    "a time before all": value("conversations", "updated_at", "-1"),
    "a time after all": value("messages", "created_at", "9223372036854775807"),
    "a deletion after all": value("conversations", "deleted_at", "9223372036854775807"),
    "a pin that is none": value("conversations", "pinned", "7"),
    "an id that leads elsewhere": value("messages", "id", "'../../etc/passwd'"),
    "an id of two lines": value("conversations", "id", "'a' || char(10) || 'b'"),
    "an id of bytes": value("conversations", "id", "x'61'"),
    "an id without end": value("conversations", "id", "printf('%.*c', 65, 'x')"),
    "a model of bytes": value("messages", "model_id", "x'61'"),
    "numbers up to the last": with_checksums(
        "UPDATE conversations SET chosen = 9223372036854775807 WHERE number = 1",
        "UPDATE messages SET number = 9223372036854775807, chosen = NULL WHERE number = 2",
    ),
    "a number that leaves no higher ones": with_checksums(
        "UPDATE conversations SET chosen = 1 << 53 WHERE number = 1",
        "UPDATE messages SET parent = 1 << 53 WHERE number = 2",
        "UPDATE messages SET number = 1 << 53 WHERE number = 1",
    ),
    "pieces of an answer that are too long together": with_checksums(
        "UPDATE messages SET status = 'streaming' WHERE number = 2",
        "INSERT INTO tails VALUES (2, 0, printf('%.*c', 9000000, 'x'), '')",
        "INSERT INTO tails SELECT message, 1, text, '' FROM tails WHERE message = 2",
    ),
    "a note without end": with_checksums(
        "INSERT INTO notes VALUES ('a', printf('%.*c', 2000001, 'x'), 1)"
    ),
    "a note of bytes": with_checksums("INSERT INTO notes VALUES (x'61', x'62', 1)"),
    "a note after all": with_checksums("INSERT INTO notes VALUES ('a', 'b', 9223372036854775807)"),
    "an attachment that is not what it says": with_checksums(
        "INSERT INTO blobs VALUES ('aa', x'00')"
    ),
    "an attachment without a name": with_checksums("INSERT INTO blobs VALUES (NULL, x'00')"),
    "a huge attachment": _huge_attachment,
    "a wrong checksum": sql("UPDATE messages SET text = 'other' WHERE number = 2"),
}
"""Attacks in the values of rows."""

_RESULT = {"run": "r", "at": 0, "thought_at": 0, "type": "result", "call_id": "c", "state": "done"}
_SIZES = {"text": "x", "bytes": 1, "shown_bytes": 1, "parts": None}


def _repeated(content: object, key: str, trap: object = "TRAP") -> str:
    """JSON in which an earlier value of a key is not what its reader expects."""
    text = _json(content)
    return text.replace(f'"{key}":', f'"{key}": {json.dumps(trap)}, "{key}":', 1)


REPEATED: Mapping[str, Spoil] = {
    "parts of a result": _all(
        entry("steps", f"0, {_repeated(_RESULT | _SIZES, 'parts', ['TRAP'])}"),
        # A conversation to purge and an attachment, so that a restore looks for what is in use.
        with_checksums("UPDATE conversations SET deleted_at = 1 WHERE number = 2"),
    ),
    "a template": entry("templates", _repeated(_ENTRIES["templates"], "name")),
    "a summary": entry("compactions", _repeated(_ENTRIES["compactions"], "text")),
    "parts of a message": value("messages", "parts", _repeated([_GOOD], "hash")),
    "the detail of an answer": value(
        "messages", "detail", _repeated({"reasoningMs": 1}, "reasoningMs")
    ),
}
"""Values of which SQLite and the check read different ones."""


def write_spoilt(whole: bytes, target: Path, spoil: Spoil) -> None:
    """Write a sound database, changed by `spoil`."""
    target.write_bytes(whole)
    with closing(apsw.Connection(str(target))) as connection:
        checksum.register(connection)
        connection.pragma("ignore_check_constraints", True)
        spoil(connection)


def write_in_utf16(target: Path) -> None:
    """Write an empty database with our schema whose texts are in UTF-16."""
    with closing(apsw.Connection(str(target))) as connection:
        connection.pragma("encoding", "UTF-16")
        schema.migrate(connection)
