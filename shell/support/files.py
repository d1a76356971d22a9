"""Replaces, syncs, hashes and removes files, and says why that failed."""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from shell.errors import StorageFailed, ValidationFailed


def replace_file(path: Path, content: bytes) -> None:
    """Replace a file atomically. Only its owner may read it.

    Raises:
        OSError: the file cannot be written; the old file stays.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise
    # Without this, a power cut may bring the old file back. Some network folders refuse it.
    with contextlib.suppress(OSError):
        sync_folder(path.parent)


def put_in_place(draft: Path, path: Path) -> None:
    """Move a finished file to its place, so that it survives a power cut."""
    draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Flush a directory, so a rename in it survives a power cut. Windows needs no such call."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def free_path(path: Path) -> Path:
    """Return the path, with a number before its suffix if something is there already."""
    free, number = path, 0
    while free.exists():
        number += 1
        free = path.with_name(f"{path.stem}-{number}{path.suffix}")
    return free


def expand_home(path: str) -> Path:
    """Replace "~" or "~NAME" at the beginning of a path by a home directory.

    Raises:
        ValidationFailed: nobody of this name has one.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        text = f"{path[:200]} begins with a home directory that is not known. Write the whole path."
        raise ValidationFailed([("path", text)]) from None


def remove(path: Path) -> None:
    """Remove a file or a whole directory. Ignores errors."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def sha256(path: Path) -> str:
    """The hash of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reason(error: OSError) -> str:
    """The system's message of an error."""
    return error.strerror or type(error).__name__


@contextlib.contextmanager
def file_errors(problem: str) -> Iterator[None]:
    """Raise each OSError of the block as StorageFailed.

    Args:
        problem: what failed, such as "notes.txt cannot be written".
    """
    try:
        yield
    except OSError as error:
        raise StorageFailed(f"{problem} ({reason(error)})") from error
