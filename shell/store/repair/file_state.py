"""Condition: how a database file was left, and whether it has to be looked through."""

import json
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from shell.store import checksum
from shell.store.errors import trouble
from shell.store.integrity import HEADER, index_is_sound, problem
from shell.store.schema import MIGRATIONS, check_version

CHECKED_AT_ONCE = 64 * 1024 * 1024
"""A larger file that was not closed in order is looked through while it is in use already."""
BLANK = "it was empty or gone"
DAMAGED = {"damaged": 1}
"""The note on a file that is to be repaired at the next start, however large it is."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What was found before the file was opened for use."""

    damage: str | None = None
    """In a few words; None when there is none that is known."""
    unchecked: bool = False
    """Too large to be looked through at once."""
    index_damaged: bool = False
    """The messages are sound, their full-text index is not."""
    outdated: bool = False
    """An earlier Tidewire made the tables."""


def examine(path: Path) -> FileState:
    """Look at a file that nobody has open. One that was closed in order is taken as it is.

    Raises:
        ShellError: it cannot be opened, or a later Tidewire wrote it. Nothing was changed.
    """
    if not path.exists() or path.stat().st_size == 0:
        return FileState(BLANK)
    noted = _noted(path)
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
            if noted == _stamp(path):
                return FileState()
            if noted != DAMAGED and path.stat().st_size > CHECKED_AT_ONCE:
                return FileState(unchecked=True)
            damage = problem(connection)
            if damage is None and noted == DAMAGED:
                damage = "something in it could not be read"
            return FileState(damage, index_damaged=not damage and not index_is_sound(connection))
    except (apsw.CorruptError, apsw.NotADBError, apsw.FormatError):
        return FileState("unreadable")
    except apsw.Error as error:
        raise trouble(error, path) from error


def note_closed(path: Path) -> None:
    """Remember how the file is, now that it has been closed in order."""
    stamp = _stamp(path)
    if stamp["wal"] == 0:
        _put_note(path, stamp)


def note_damaged(path: Path) -> None:
    """Remember that something in the file could not be read, so that it is repaired next time."""
    _put_note(path, DAMAGED)


def forget(path: Path) -> None:
    """Let go of what was noted of a file that another one has taken the place of."""
    _note(path).unlink(missing_ok=True)


def _put_note(path: Path, noted: dict[str, int]) -> None:
    draft = _note(path).with_suffix(".new")
    draft.write_text(json.dumps(noted), "utf-8")
    draft.replace(_note(path))


def _noted(path: Path) -> object:
    try:
        noted: object = json.loads(_note(path).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return noted


def _stamp(path: Path) -> dict[str, int]:
    stat = path.stat()
    wal = path.with_name(f"{path.name}-wal")
    left = wal.stat().st_size if wal.exists() else 0
    return {"size": stat.st_size, "mtimeNs": stat.st_mtime_ns, "wal": left}


def _note(path: Path) -> Path:
    return path.with_suffix(".closed")
