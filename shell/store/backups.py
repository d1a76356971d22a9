"""Backups: copies of the conversations that are made without being asked for, and kept few."""

import os
import re
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

import apsw

from shell.contract import BackupInfo
from shell.errors import NotFound
from shell.store.check import problem_of
from shell.store.trouble import Damaged

KEPT: Mapping[str, int] = MappingProxyType({"auto": 3, "before": 3, "after": 1})
"""How many are kept of each kind; each is as large as what it is a copy of."""
EXTRAS = ("settings.json", "providers.json")
"""Files of the data directory that belong to a whole backup, as far as they are there."""
DUE_MS = 24 * 3_600_000
_NAME = re.compile(r"(auto|before|after)-\d{8}-\d{6}(-\d+)?\.db|tidewire-[\w-]+\.zip")


class Backups:
    """A directory of them; it is made with the first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def listed(self) -> list[BackupInfo]:
        """What is there, the newest first."""
        found: list[BackupInfo] = []
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if _NAME.fullmatch(path.name):
                    stat = path.stat()
                    created = stat.st_mtime_ns // 1_000_000
                    found.append(BackupInfo(name=path.name, created_at=created, size=stat.st_size))
        return sorted(found, key=lambda backup: backup.created_at, reverse=True)

    def path(self, name: str) -> Path:
        """The file of a backup.

        Raises:
            NotFound: there is none of this name.
        """
        if name not in {backup.name for backup in self.listed()}:
            raise NotFound(f"There is no backup {name[:100]!r}")
        return self.folder / name

    def due(self, now_ms: int) -> bool:
        """Whether it is time for an automatic one."""
        automatic = [backup for backup in self.listed() if backup.name.startswith("auto-")]
        return not automatic or now_ms - automatic[0].created_at >= DUE_MS

    def make(self, source: Path, prefix: str = "auto") -> Path:
        """Copy the conversations as they are now; the copy counts once it was found to be sound.

        Args:
            source: a database file, which may be written meanwhile.
            prefix: `auto`, or `before` for one that is made before something is replaced.

        Raises:
            Damaged: what would be copied is damaged; the older backups stay.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.folder / f"incoming-{os.getpid()}.db"
        draft.unlink(missing_ok=True)
        try:
            copy(source, draft)
            found = problem_of(draft)
            if found is not None:
                raise Damaged(
                    f"{source} is damaged ({found}). Start Tidewire again: it repairs the file."
                )
            path = self._free(prefix)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
        sync_folder(self.folder)
        self._prune(prefix)
        return path

    def adopt(self, copied: Path, prefix: str) -> Path:
        """Take a sound copy of the conversations in, which lies on the same disk.

        Args:
            copied: the file; it is moved.
            prefix: `after` for what was restored.
        """
        path = self._free(prefix)
        copied.chmod(0o600)
        os.utime(copied)  # now it is the newest
        copied.replace(path)
        sync_folder(self.folder)
        self._prune(prefix)
        return path

    def newest_sound(self) -> Path | None:
        """The newest backup of the conversations that is not damaged itself, whatever it was made
        for. After a restore that is what was restored, not what a person had just replaced.
        """
        for backup in self.listed():
            path = self.folder / backup.name
            if path.suffix == ".db" and problem_of(path) is None:
                return path
        return None

    def _free(self, prefix: str) -> Path:
        stamp = time.strftime("%Y%m%d-%H%M%S")
        path = self.folder / f"{prefix}-{stamp}.db"
        more = 1
        while path.exists():
            path = self.folder / f"{prefix}-{stamp}-{more}.db"
            more += 1
        return path

    def _prune(self, prefix: str) -> None:
        same = [backup for backup in self.listed() if backup.name.startswith(f"{prefix}-")]
        for backup in same[KEPT[prefix] :]:
            path = self.folder / backup.name
            for beside in (path.name, *(f"{path.stem}-{extra}" for extra in EXTRAS)):
                path.with_name(beside).unlink(missing_ok=True)


def copy(source: Path, target: Path) -> None:
    """Copy a database, as it is at one moment, to a file that does not exist yet; flush it."""
    with (
        closing(apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)) as reading,
        closing(apsw.Connection(str(target))) as writing,
    ):
        target.chmod(0o600)
        reading.set_busy_timeout(5_000)
        writing.pragma("synchronous", "full")
        with writing.backup("main", reading, "main") as backup:
            backup.step(-1)
        # A copy stands alone: no log of writes beside it.
        writing.pragma("journal_mode", "delete")


def sync_folder(folder: Path) -> None:
    """Make a rename in a directory as durable as the file itself. (Windows does so by itself.)"""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_file(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all, for its owner alone."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(path.parent)
