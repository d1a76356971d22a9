"""Locks a file that several processes may change."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from shell.errors import StorageUnavailable

WAIT_S = 5.0


@contextlib.contextmanager
def file_lock(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold a lock for a file while it is read, changed and written. It ends with the process.

    Args:
        path: the file; its directory is created if needed.
        wait: whether to wait, at most `WAIT_S`, while another process holds the lock.

    Raises:
        StorageUnavailable: another process holds the lock.
        OSError: the directory cannot be written.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=WAIT_S if wait else 0, mode=0o600)
    try:
        guard = lock.acquire()
    except Timeout:
        raise StorageUnavailable(
            f"{path} is being changed by another process. Nothing was changed; try again."
        ) from None
    with guard:
        yield


@contextlib.contextmanager
def try_lock(path: Path) -> Iterator[bool]:
    """Hold a lock file and remove it afterwards; yields False if another process holds it.

    Raises:
        OSError: the lock file cannot be written.
    """
    from filelock import FileLock, Timeout

    file_lock = FileLock(path, timeout=0, mode=0o600)
    try:
        file_lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        file_lock.release()
        with contextlib.suppress(OSError):
            path.unlink()
