"""Converts errors of SQLite and the disk into errors that tell the user what to do."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import apsw

from shell.errors import Reason, ShellError, StorageFailed, StorageUnavailable
from shell.support.files import reason


class DatabaseDamaged(StorageFailed):
    """The content of the file is damaged."""


def storage_error(error: apsw.Error | OSError, path: Path | None) -> ShellError:
    """Convert an error; `path` is the file, or None for a database in memory."""
    name = "the memory of this process" if path is None else str(path)
    folder = name if path is None else str(path.parent)
    match error:
        case apsw.FullError():
            return StorageUnavailable(
                f"The disk that holds {folder} is full, so this was not saved. "
                "Free some space and try again.",
                reason=Reason.DISK_FULL,
            )
        case apsw.BusyError() | apsw.LockedError():
            return StorageUnavailable(
                f"Another program has locked {name}. Close that program and try again.",
                reason=Reason.FILE_LOCKED,
            )
        case apsw.ReadOnlyError() | apsw.PermissionsError() | apsw.AuthError():
            return StorageFailed(
                f"{name} is read-only. Make it and its directory writable.", reason=Reason.READ_ONLY
            )
        case apsw.CantOpenError():
            return StorageFailed(
                f"{name} cannot be opened. Make it and its directory writable.",
                reason=Reason.CANNOT_OPEN,
            )
        case apsw.CorruptError() | apsw.NotADBError() | apsw.FormatError():
            return DatabaseDamaged(
                f"{name} is damaged. Restart Tidewire to repair the file.", reason=Reason.DAMAGED
            )
        case apsw.NoMemError():
            return StorageUnavailable(
                "There is not enough memory to do this.", reason=Reason.NO_MEMORY
            )
        case apsw.InterruptError():
            return StorageUnavailable(
                f"Reading {name} took too long and was stopped. Try again.", reason=Reason.TOO_SLOW
            )
        case apsw.IOError():
            return StorageUnavailable(
                f"The disk that holds {folder} is not working properly.",
                reason=Reason.DISK_FAULTY,
            )
        case OSError():
            return StorageUnavailable(f"{error.filename or name} cannot be used: {reason(error)}.")
        case _:
            return StorageFailed(f"{name} cannot be used ({type(error).__name__}).")


@contextlib.contextmanager
def storage_errors(path: Path | None) -> Iterator[None]:
    """Convert every error that SQLite and the disk raise inside the block."""
    try:
        yield
    except (apsw.Error, OSError) as error:
        raise storage_error(error, path) from error
    except UnicodeDecodeError as error:
        raise storage_error(apsw.CorruptError(str(error)), path) from error
