"""Finds and locks the one directory that the program writes to."""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from shell.errors import ErrorCode, ShellError
from shell.support.files import reason

LOCK = "lock"
HOLDER = "lock.json"
"""The process that holds the lock. A file of its own, as Windows cannot read a locked file."""

REQUESTS = "wire"
"""The folder of what the latest runs have sent and received."""


class DataDirectoryUnusable(ShellError):
    """The data directory cannot be written, or another process holds it."""

    code = ErrorCode.PERMISSION_DENIED


class DataDirectoryHeld(DataDirectoryUnusable):
    """Another process holds the data directory."""


class DataDirectory:
    """The path of the data directory. `prepare` creates it.

    Args:
        chosen: the directory that a person named; otherwise `TIDEWIRE_DATA_DIR`, otherwise the
            place that the system has for it.
    """

    def __init__(self, chosen: str | None, environ: Mapping[str, str] = os.environ) -> None:
        named = chosen or environ.get("TIDEWIRE_DATA_DIR")
        if named:
            self.path = Path(named).expanduser().absolute()
        else:
            from platformdirs import user_data_path

            self.path = user_data_path("tidewire", appauthor=False)

    def prepare(self) -> None:
        """Create the directory, for its owner only, and check that it can be written.

        Raises:
            DataDirectoryUnusable: it cannot.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.path) as probe:
                probe.write(b"x")
                probe.flush()
        except OSError as error:
            raise DataDirectoryUnusable(
                f"The data directory {self.path} cannot be written ({reason(error)}). "
                "Make it writable, or choose another one with --data-dir."
            ) from error

    @contextlib.contextmanager
    def locked(self, command: str) -> Iterator[Callable[[Mapping[str, str]], None]]:
        """Lock the directory for as long as the context lasts, or until the process ends.

        Gives a function that tells the directory's owner more about this process.

        Args:
            command: named in the message of another process that wants the lock.

        Raises:
            DataDirectoryHeld: another process holds it.
            DataDirectoryUnusable: the directory cannot be locked.
        """
        from filelock import FileLock, Timeout

        lock = FileLock(self.path / LOCK, timeout=0, mode=0o600)
        try:
            lock.acquire()
        except Timeout:
            raise DataDirectoryHeld(
                f"The data directory {self.path} is in use by {self._holder()}. "
                "Close it first, or choose another directory with --data-dir."
            ) from None
        except OSError as error:
            raise DataDirectoryUnusable(
                f"The data directory {self.path} cannot be locked ({reason(error)}). "
                "Choose another one with --data-dir."
            ) from error
        holder = self.path / HOLDER

        def tell(more: Mapping[str, str]) -> None:
            known = {"pid": os.getpid(), "command": command, **more}
            try:
                holder.unlink(missing_ok=True)  # one of another mode, of an earlier process
                holder.touch(mode=0o600)
                holder.write_text(json.dumps(known), "utf-8")
            except OSError:
                # It only helps other processes, so a full disk must not prevent the start.
                with contextlib.suppress(OSError):
                    holder.unlink()

        try:
            tell({})
            yield tell
        finally:
            with contextlib.suppress(OSError):
                holder.unlink()
            lock.release()

    def read_holder(self) -> Mapping[str, object]:
        """What the process that holds the directory, or held it when it was killed, tells its
        owner. Empty when there is nothing.
        """
        with contextlib.suppress(OSError, ValueError):
            known = json.loads((self.path / HOLDER).read_text("utf-8"))
            if isinstance(known, dict):
                return known
        return {}

    def _holder(self) -> str:
        known = self.read_holder()
        try:
            return f"process {int(str(known['pid']))} ({str(known['command'])[:40]!r})"
        except (KeyError, ValueError):
            return "another process"
