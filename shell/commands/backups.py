"""`tidewire backup` and `tidewire restore`: everything but keys as one file, and back."""

from pathlib import Path

from shell.commands.opening import to_write
from shell.datadir import DataDirectory
from shell.errors import ShellError
from shell.store import bundle
from shell.store.store import FILE
from shell.store.trouble import sentences


def backup(data: DataDirectory, name: str) -> int:
    """Write a whole backup; a window or `serve` may be running meanwhile.

    Raises:
        ShellError: there is nothing to back up, or it cannot be written.
    """
    source, target = data.path / FILE, Path(name).absolute()
    if not source.exists():
        raise ShellError(f"There are no conversations in {data.path} yet")
    with sentences(target):
        bundle.write(target, source)
    print(f"{target} has {target.stat().st_size:,} bytes. Keys are not in it.")
    return 0


def restore(data: DataDirectory, name: str) -> int:
    """Put a backup in the place of everything, which is backed up before.

    Raises:
        ShellError: it is no backup, or a window or `serve` is running.
    """
    source = Path(name).absolute()
    if not source.exists():
        raise ShellError(f"There is no file {source}")
    with to_write(data, "tidewire restore") as store:
        store.restore(source).result()
        print(f"{source} was restored. What was there before is in {store.backups.folder}.")
    return 0
