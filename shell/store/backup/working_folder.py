"""Makes a working folder for a backup. If the process is killed, the next start removes it.

A backup may be written anywhere, so a note in the data directory has the path of the folder. The
process holds a lock meanwhile, so a host that starts during the backup does not remove the folder.
"""

import contextlib
import re
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from shell.support.file_lock import try_lock
from shell.support.files import file_errors

PREFIX = ".backup-"
_NOTE = re.compile(r"\.backup-[0-9a-f]{8}\.path")


@contextlib.contextmanager
def working_folder(parent: Path, data: Path) -> Iterator[Path]:
    """Make a folder, and remove it afterwards.

    Args:
        parent: where the folder is made.
        data: the data directory, which has the note and the lock.

    Raises:
        StorageFailed: one of the two cannot be written.
    """
    name = f"{PREFIX}{secrets.token_hex(4)}"
    folder, note = parent / name, data / f"{name}.path"
    with contextlib.ExitStack() as stack:
        with file_errors(f"{data} cannot be written"):
            stack.enter_context(try_lock(note.with_suffix(".lock")))
            stack.callback(note.unlink, missing_ok=True)
            note.write_text(str(folder.absolute()), "utf-8")
        with file_errors(f"{parent} cannot be written"):
            folder.mkdir(mode=0o700)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        yield folder


def sweep(data: Path) -> None:
    """Remove the working folders of processes that were killed.

    The note on a folder that cannot be reached, such as one on a drive that is not connected,
    stays for the next start.
    """
    for note in data.iterdir():
        if _NOTE.fullmatch(note.name):
            with contextlib.suppress(OSError, ValueError):
                _sweep_folder(note)


def _sweep_folder(note: Path) -> None:
    with try_lock(note.with_suffix(".lock")) as is_held:
        if not is_held:
            return  # the backup is still being written
        folder = Path(note.read_text("utf-8"))
        if folder.name == note.stem:  # a changed note must not remove any other folder
            if not folder.parent.exists():
                return
            if folder.exists():
                shutil.rmtree(folder)
        note.unlink()
