"""Finds and locks the one directory that the program writes to."""

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping

from shell.errors import ErrorCode, ShellError
from shell.support.files import expand_home, reason

LOCK = "lock"
HOLDER = "lock.json"
"""The file that describes the process with the lock. Windows cannot read a locked file, so this is
another one."""

REQUESTS = "wire"
"""The folder with the requests and responses of the latest runs."""


class DataDirectoryUnusable(ShellError):
    """The data directory cannot be written, or another process holds it."""

    code = ErrorCode.PERMISSION_DENIED


class DataDirectoryHeld(DataDirectoryUnusable):
    """Another process holds the data directory."""


class DataDirectory:
    """The path of the data directory. `prepare` creates it.

    Args:
        chosen: the directory of `--data-dir`. Without one, `TIDEWIRE_DATA_DIR` or else the
            standard directory of the system is used.

    Raises:
        ValidationFailed: it begins with the home directory of an unknown person.
    """

    def __init__(self, chosen: str | None, environ: Mapping[str, str] = os.environ) -> None:
        given = chosen or environ.get("TIDEWIRE_DATA_DIR")
        if given:
            self.path = expand_home(given).absolute()
        else:
            from platformdirs import user_data_path

            self.path = user_data_path("tidewire", appauthor=False)

    def prepare(self) -> None:
        """Create the directory, for its owner only, and check that it can be written.

        Raises:
            DataDirectoryUnusable: the directory cannot be written.
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

        Yields a function that adds fields to the description of this process, which only the
        directory's owner can read.

        Args:
            command: shown in the error of another process that tries to lock the directory.

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
                f"The data directory {self.path} is in use by {self._holder_name()}. "
                "Close it first, or choose another directory with --data-dir."
            ) from None
        except OSError as error:
            raise DataDirectoryUnusable(
                f"The data directory {self.path} cannot be locked ({reason(error)}). "
                "Choose another one with --data-dir."
            ) from error
        holder = self.path / HOLDER

        def write_holder(fields: Mapping[str, str]) -> None:
            content = {"pid": os.getpid(), "command": command, **fields}
            try:
                holder.unlink(missing_ok=True)  # an earlier process may have left another mode
                holder.touch(mode=0o600)
                holder.write_text(json.dumps(content), "utf-8")
            except OSError:
                # It only helps other processes, so a full disk must not prevent the start.
                with contextlib.suppress(OSError):
                    holder.unlink()

        try:
            write_holder({})
            yield write_holder
        finally:
            with contextlib.suppress(OSError):
                holder.unlink()
            lock.release()

    def read_holder(self) -> Mapping[str, object]:
        """The description of the process that holds the directory, or held it when it was killed.
        Empty without one.
        """
        with contextlib.suppress(OSError, ValueError):
            fields = json.loads((self.path / HOLDER).read_text("utf-8"))
            if isinstance(fields, dict):
                return fields
        return {}

    def _holder_name(self) -> str:
        fields = self.read_holder()
        try:
            return f"process {int(str(fields['pid']))} ({str(fields['command'])[:40]!r})"
        except (KeyError, ValueError):
            return "another process"
