"""Backups: copies of the conversations that are made without being asked for, and kept few."""

import contextlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from types import MappingProxyType

import apsw

from shell.contract import BackupInfo
from shell.errors import NotFound
from shell.store.errors import DatabaseDamaged
from shell.store.integrity import problem_of
from shell.support.ids import epoch_ms

KEPT: Mapping[str, int] = MappingProxyType({"auto": 3, "after": 1})
"""How many are kept of each kind; each is as large as what it is a copy of."""
SAFETY = "before"
"""Copies that are made before something is replaced. No restore removes one."""
SAFETY_KEPT, SAFETY_TURNS = 3, 30
"""A safety copy goes once so many automatic backups have followed it, the newest few never. That is
counted, and not read from a clock, which may be wrong."""
TURNS = "safety.json"
"""Says how many automatic backups have followed each safety copy."""
EXTRAS = ("settings.json", "providers.json")
"""Files of the data directory that belong to a whole backup, as far as they are there."""
DUE_MS = 24 * 3_600_000
SLACK_MS = 3_600_000
"""How far ahead of the clock a backup may seem. Further, the clock was wrong when it was made."""
_LEFT = re.compile(r"incoming-\d+\.db|\.safety\.json\.\d+$")
_NAME = re.compile(r"(auto|before|after)-\d{8}-\d{6}(-\d+)?\.db|tidewire-[\w-]+\.zip")


class Backups:
    """A directory of them; it is made with the first.

    Args:
        folder: the directory.
        now: the clock, in milliseconds since the epoch.
    """

    def __init__(self, folder: Path, now: Callable[[], int] = epoch_ms) -> None:
        self.folder = folder
        self._now = now

    def listed(self) -> list[BackupInfo]:
        """What is there, the newest first, and at the end what says that it is from the future."""
        found: list[BackupInfo] = []
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                # Another thread may be pruning.
                with contextlib.suppress(FileNotFoundError):
                    if _NAME.fullmatch(path.name):
                        stat = path.stat()
                        created = stat.st_mtime_ns // 1_000_000
                        found.append(
                            BackupInfo(name=path.name, created_at=created, size=stat.st_size)
                        )
        latest = self._now() + SLACK_MS
        return sorted(found, key=lambda one: (one.created_at > latest, -one.created_at))

    def path(self, name: str) -> Path:
        """The file of a backup.

        Raises:
            NotFound: there is none of this name.
        """
        if name not in {backup.name for backup in self.listed()}:
            raise NotFound(f"There is no backup {name[:100]!r}")
        return self.folder / name

    def due(self) -> bool:
        """Whether it is time for an automatic one. One from the future counts for nothing."""
        now = self._now()
        return not any(
            backup.name.startswith("auto-") and -SLACK_MS <= now - backup.created_at < DUE_MS
            for backup in self.listed()
        )

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
                raise DatabaseDamaged(
                    f"{source} is damaged ({found}). Start Tidewire again: it repairs the file."
                )
            path = self._put(draft, prefix)
        finally:
            draft.unlink(missing_ok=True)
        if prefix == "auto":
            self._prune_safety()
        return path

    def adopt(self, copied: Path, prefix: str) -> Path:
        """Take a sound copy of the conversations in, which lies on the same disk.

        Args:
            copied: the file; it is moved.
            prefix: `after` for what was restored.
        """
        copied.chmod(0o600)
        return self._put(copied, prefix)

    def newest_sound(self) -> Path | None:
        """The newest backup of the conversations that is not damaged itself, whatever it was made
        for. After a restore that is what was restored, not what a person had just replaced.
        """
        for backup in self.listed():
            path = self.folder / backup.name
            if path.suffix == ".db" and problem_of(path) is None:
                return path
        return None

    def sweep(self) -> None:
        """Remove what a process that was killed has left of backups that it was making. Nobody else
        may be making one.
        """
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if _LEFT.match(path.name):
                    remove(path)

    def _put(self, copied: Path, prefix: str) -> Path:
        """Give a finished copy its name and its time, then remove the oldest of its kind."""
        now = self._now()
        path = self._free(prefix, now)
        os.utime(copied, ns=(now * 1_000_000, now * 1_000_000))
        copied.replace(path)
        sync_folder(self.folder)
        same = [one.name for one in self.listed() if one.name.startswith(f"{prefix}-")]
        if prefix in KEPT:
            # What was made just now stays, whatever the others say of their time.
            for name in [name for name in same if name != path.name][KEPT[prefix] - 1 :]:
                self._remove(name)
        return path

    def _free(self, prefix: str, now: int) -> Path:
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now / 1000))
        path = self.folder / f"{prefix}-{stamp}.db"
        more = 1
        while path.exists():
            path = self.folder / f"{prefix}-{stamp}-{more}.db"
            more += 1
        return path

    def _prune_safety(self) -> None:
        """Count one more automatic backup for each safety copy, and remove the outdated ones."""
        names = [one.name for one in self.listed() if one.name.startswith(f"{SAFETY}-")]
        turns = dict.fromkeys(names, 1)
        try:
            before = json.loads((self.folder / TURNS).read_bytes())
            turns = {name: int(before.get(name, 0)) + 1 for name in names}
        except (OSError, ValueError, TypeError, AttributeError):
            pass  # counted from now on
        for name in sorted(names, key=turns.__getitem__)[SAFETY_KEPT:]:
            if turns[name] >= SAFETY_TURNS:
                self._remove(name)
                del turns[name]
        put_file(self.folder / TURNS, json.dumps(turns).encode())

    def _remove(self, name: str) -> None:
        path = self.folder / name
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


def remove(path: Path) -> None:
    """Remove a file or a directory with all that is in it, as far as the system lets us."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


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
