"""Makes backups of the conversations, automatically once a day, and removes old ones."""

import contextlib
import json
import os
import re
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
from shell.support.files import free_path, put_in_place, remove, replace_file
from shell.support.ids import epoch_ms

MAX_COPIES: Mapping[str, int] = MappingProxyType({"auto": 3, "after": 1})
"""Limit on the backups of each kind. Each is as large as the database."""
SAFETY = "before"
"""The prefix of safety copies, made before data is replaced. No restore removes one."""
MIN_SAFETY_COPIES, SAFETY_AGE_BACKUPS = 3, 30
"""The newest MIN_SAFETY_COPIES safety copies always stay. Any other is removed after
SAFETY_AGE_BACKUPS automatic backups. The age is counted in backups because a clock may be wrong."""
SAFETY_AGES = "safety.json"
"""The file with the age of each safety copy: how many automatic backups have followed it."""
EXTRAS = ("settings.json", "providers.json")
"""Files of the data directory that belong to a backup of everything, if they exist."""
DUE_MS = 24 * 3_600_000
SLACK_MS = 3_600_000
"""How far in the future the time of a backup may be. If further, its clock was wrong."""
_LEFTOVER = re.compile(r"incoming-\d+\.db|\.safety\.json\.\d+$")
_NAME = re.compile(r"(auto|before|after)-\d{8}-\d{6}(-\d+)?\.db|tidewire-[\w-]+\.zip")


class Backups:
    """Manages the backups in one directory, which the first backup creates."""

    def __init__(self, folder: Path, now: Callable[[], int] = epoch_ms) -> None:
        self.folder = folder
        self._now = now

    def list_all(self) -> list[BackupInfo]:
        """List the backups, the newest first, and those from the future last."""
        backups: list[BackupInfo] = []
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                # Another thread may be pruning.
                with contextlib.suppress(FileNotFoundError):
                    if _NAME.fullmatch(path.name):
                        stat = path.stat()
                        created = stat.st_mtime_ns // 1_000_000
                        info = BackupInfo(name=path.name, created_at=created, size=stat.st_size)
                        backups.append(info)
        latest = self._now() + SLACK_MS
        return sorted(backups, key=lambda backup: (backup.created_at > latest, -backup.created_at))

    def path(self, name: str) -> Path:
        """Return the file of a backup.

        Raises:
            NotFound: there is no backup of this name.
        """
        if name not in {backup.name for backup in self.list_all()}:
            raise NotFound(f"There is no backup {name[:100]!r}")
        return self.folder / name

    def is_due(self) -> bool:
        """Tell whether an automatic backup is due. Backups from the future do not count."""
        now = self._now()
        return not any(
            backup.name.startswith("auto-") and -SLACK_MS <= now - backup.created_at < DUE_MS
            for backup in self.list_all()
        )

    def make(self, source: Path, prefix: str = "auto") -> Path:
        """Copy the present conversations, and add the copy to the backups if it is sound.

        Args:
            source: the database file, which other processes may be writing.
            prefix: `auto`, or `before` for a safety copy.

        Raises:
            DatabaseDamaged: the source is damaged. The older backups stay.
        """
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.folder / f"incoming-{os.getpid()}.db"
        draft.unlink(missing_ok=True)
        try:
            copy(source, draft)
            problem = problem_of(draft)
            if problem is not None:
                text = f"{source} is damaged ({problem}). Restart Tidewire to repair the file."
                raise DatabaseDamaged(text)
            path = self._put(draft, prefix)
        finally:
            draft.unlink(missing_ok=True)
        if prefix == "auto":
            self._prune_safety()
        return path

    def adopt(self, copy_path: Path, prefix: str) -> Path:
        """Move a sound copy of the conversations on the same disk into the directory."""
        copy_path.chmod(0o600)
        return self._put(copy_path, prefix)

    def newest_sound(self) -> Path | None:
        """Return the newest sound copy of the database, of any kind; bundles are not examined.

        After a restore, that is a copy of the restored conversations, not of the replaced ones.
        """
        for backup in self.list_all():
            path = self.folder / backup.name
            if path.suffix == ".db" and problem_of(path) is None:
                return path
        return None

    def sweep(self) -> None:
        """Remove unfinished files of a process that was killed. No other process may be writing
        backups to this directory.
        """
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if _LEFTOVER.match(path.name):
                    remove(path)

    def _put(self, copy_path: Path, prefix: str) -> Path:
        """Give a finished copy its name and its time, then remove the oldest of its kind."""
        now = self._now()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now / 1000))
        path = free_path(self.folder / f"{prefix}-{stamp}.db")
        os.utime(copy_path, ns=(now * 1_000_000, now * 1_000_000))
        put_in_place(copy_path, path)
        names = [backup.name for backup in self.list_all() if backup.name.startswith(f"{prefix}-")]
        if prefix in MAX_COPIES:
            # The new backup stays even if others have a later time.
            for name in [name for name in names if name != path.name][MAX_COPIES[prefix] - 1 :]:
                self._remove(name)
        return path

    def _prune_safety(self) -> None:
        """Increase the age of each safety copy by one backup, and remove the outdated ones."""
        names = [backup.name for backup in self.list_all() if backup.name.startswith(f"{SAFETY}-")]
        ages = dict.fromkeys(names, 1)
        try:
            stored_ages = json.loads((self.folder / SAFETY_AGES).read_bytes())
            ages = {name: int(stored_ages.get(name, 0)) + 1 for name in names}
        except (OSError, ValueError, TypeError, AttributeError):
            pass  # the count starts again
        for name in sorted(names, key=ages.__getitem__)[MIN_SAFETY_COPIES:]:
            if ages[name] >= SAFETY_AGE_BACKUPS:
                self._remove(name)
                del ages[name]
        replace_file(self.folder / SAFETY_AGES, json.dumps(ages).encode())

    def _remove(self, name: str) -> None:
        path = self.folder / name
        for file_name in (path.name, *(f"{path.stem}-{extra}" for extra in EXTRAS)):
            path.with_name(file_name).unlink(missing_ok=True)


def copy(source: Path, target: Path) -> None:
    """Copy one state of a database to a new file, and flush the file to disk."""
    with (
        closing(apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)) as source_db,
        closing(apsw.Connection(str(target))) as target_db,
    ):
        target.chmod(0o600)
        source_db.set_busy_timeout(5_000)
        target_db.pragma("synchronous", "full")
        with target_db.backup("main", source_db, "main") as backup:
            backup.step(-1)
        # A backup is one file, without a write-ahead log beside it.
        target_db.pragma("journal_mode", "delete")
