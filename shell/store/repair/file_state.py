"""Examines how a database file was left, and whether its content must be checked.

A clean close writes a note beside the file, so that the next start needs no check.
"""

import json
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import apsw

from shell.store import checksum
from shell.store.errors import storage_error
from shell.store.integrity import HEADER, index_is_sound, problem
from shell.store.schema import MIGRATIONS, check_version

MAX_CHECK_BYTES = 64 * 1024 * 1024
"""A larger file that was not closed cleanly is checked while it is already in use."""
BLANK = "it was empty or gone"
DAMAGED = {"damaged": 1}
"""The note that makes the next start repair a file, however large it is."""


@dataclass(frozen=True, slots=True)
class FileState:
    """The findings of `examine`, before the file is opened for use."""

    damage: str | None = None
    """A description of the damage, in a few words; None when no damage is known."""
    unchecked: bool = False
    """Whether the file is too large to check before it is used."""
    index_damaged: bool = False
    """Whether only the full-text index is damaged."""
    outdated: bool = False
    """Whether an earlier Tidewire made the tables."""


def examine(path: Path) -> FileState:
    """Examine a file that no process has open. A file that was closed cleanly is not checked.

    Raises:
        ShellError: the file cannot be opened, or a newer Tidewire wrote it. Nothing was changed.
    """
    if not path.exists() or path.stat().st_size == 0:
        return FileState(BLANK)
    note = _read_note(path)
    try:
        with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
            checksum.register(connection)
            connection.pragma("cell_size_check", True)
            found = check_version(connection, MIGRATIONS)
            if found == 0 and connection.execute("SELECT 1 FROM sqlite_schema").get is None:
                return FileState(BLANK)
            if found < 1:
                return FileState(HEADER)
            if found < len(MIGRATIONS):
                return FileState(problem(connection), outdated=True)
            if note == _stamp(path):
                return FileState()
            if note != DAMAGED and path.stat().st_size > MAX_CHECK_BYTES:
                return FileState(unchecked=True)
            damage = problem(connection)
            if damage is None and note == DAMAGED:
                damage = "something in it could not be read"
            return FileState(damage, index_damaged=not damage and not index_is_sound(connection))
    except (apsw.CorruptError, apsw.NotADBError, apsw.FormatError):
        return FileState("unreadable")
    except apsw.Error as error:
        raise storage_error(error, path) from error


def note_closed(path: Path) -> None:
    """Note the size and time of a cleanly closed file, unless its write-ahead log has content."""
    stamp = _stamp(path)
    if stamp["wal"] == 0:
        _put_note(path, stamp)


def note_damaged(path: Path) -> None:
    """Note that the file is damaged, so that the next start repairs it."""
    _put_note(path, DAMAGED)


def forget_note(path: Path) -> None:
    """Remove the note beside a file that was replaced."""
    _note(path).unlink(missing_ok=True)


def _put_note(path: Path, note: dict[str, int]) -> None:
    draft = _note(path).with_suffix(".new")
    draft.write_text(json.dumps(note), "utf-8")
    draft.replace(_note(path))


def _read_note(path: Path) -> object:
    with suppress(OSError, ValueError):
        return json.loads(_note(path).read_text("utf-8"))
    return None


def _stamp(path: Path) -> dict[str, int]:
    stat = path.stat()
    wal = path.with_name(f"{path.name}-wal")
    wal_bytes = wal.stat().st_size if wal.exists() else 0
    return {"size": stat.st_size, "mtimeNs": stat.st_mtime_ns, "wal": wal_bytes}


def _note(path: Path) -> Path:
    return path.with_suffix(".closed")
