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

KEPT: Mapping[str, int] = MappingProxyType({"auto": 3, "after": 1})
"""How many backups of each kind are kept. Each is as large as the database."""
SAFETY = "before"
"""The prefix of safety copies, made before something is replaced. No restore removes one."""
SAFETY_KEPT, SAFETY_TURNS = 3, 30
"""The newest SAFETY_KEPT safety copies stay; any other goes after SAFETY_TURNS automatic backups.

Backups are counted because a clock may be wrong."""
TURNS = "safety.json"
"""The file that counts how many automatic backups have followed each safety copy."""
EXTRAS = ("settings.json", "providers.json")
"""Files of the data directory that belong to a backup of everything, if they exist."""
DUE_MS = 24 * 3_600_000
SLACK_MS = 3_600_000
"""How far in the future the time of a backup may be. If further, its clock was wrong."""
_LEFT = re.compile(r"incoming-\d+\.db|\.safety\.json\.\d+$")
_NAME = re.compile(r"(auto|before|after)-\d{8}-\d{6}(-\d+)?\.db|tidewire-[\w-]+\.zip")


class Backups:
    """Manages the backups in one directory, which the first backup creates."""

    def __init__(self, folder: Path, now: Callable[[], int] = epoch_ms) -> None:
        self.folder = folder
        self._now = now

    def listed(self) -> list[BackupInfo]:
        """List the backups, the newest first, and those from the future last."""
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
        """Return the file of a backup.

        Raises:
            NotFound: there is no backup of this name.
        """
        if name not in {backup.name for backup in self.listed()}:
            raise NotFound(f"There is no backup {name[:100]!r}")
        return self.folder / name

    def due(self) -> bool:
        """Tell whether an automatic backup is due. Backups from the future do not count."""
        now = self._now()
        return not any(
            backup.name.startswith("auto-") and -SLACK_MS <= now - backup.created_at < DUE_MS
            for backup in self.listed()
        )

    def make(self, source: Path, prefix: str = "auto") -> Path:
        """Copy the conversations as they are now, and keep the copy if it is sound.

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
            found = problem_of(draft)
            if found is not None:
                raise DatabaseDamaged(
                    f"{source} is damaged ({found}). Restart Tidewire to repair the file."
                )
            path = self._put(draft, prefix)
        finally:
            draft.unlink(missing_ok=True)
        if prefix == "auto":
            self._prune_safety()
        return path

    def adopt(self, copied: Path, prefix: str) -> Path:
        """Move a sound copy of the conversations on the same disk into the directory."""
        copied.chmod(0o600)
        return self._put(copied, prefix)

    def newest_sound(self) -> Path | None:
        """Return the newest sound backup of any kind.

        After a restore that is a copy of what was restored, not of what it replaced.
        """
        for backup in self.listed():
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
                if _LEFT.match(path.name):
                    remove(path)

    def _put(self, copied: Path, prefix: str) -> Path:
        """Give a finished copy its name and its time, then remove the oldest of its kind."""
        now = self._now()
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now / 1000))
        path = free_path(self.folder / f"{prefix}-{stamp}.db")
        os.utime(copied, ns=(now * 1_000_000, now * 1_000_000))
        put_in_place(copied, path)
        same = [one.name for one in self.listed() if one.name.startswith(f"{prefix}-")]
        if prefix in KEPT:
            # The new backup stays even if the clock says that others are newer.
            for name in [name for name in same if name != path.name][KEPT[prefix] - 1 :]:
                self._remove(name)
        return path

    def _prune_safety(self) -> None:
        """Count one more automatic backup for each safety copy, and remove the outdated ones."""
        names = [one.name for one in self.listed() if one.name.startswith(f"{SAFETY}-")]
        turns = dict.fromkeys(names, 1)
        try:
            before = json.loads((self.folder / TURNS).read_bytes())
            turns = {name: int(before.get(name, 0)) + 1 for name in names}
        except (OSError, ValueError, TypeError, AttributeError):
            pass  # the count starts again
        for name in sorted(names, key=turns.__getitem__)[SAFETY_KEPT:]:
            if turns[name] >= SAFETY_TURNS:
                self._remove(name)
                del turns[name]
        replace_file(self.folder / TURNS, json.dumps(turns).encode())

    def _remove(self, name: str) -> None:
        path = self.folder / name
        for beside in (path.name, *(f"{path.stem}-{extra}" for extra in EXTRAS)):
            path.with_name(beside).unlink(missing_ok=True)


def copy(source: Path, target: Path) -> None:
    """Copy one state of a database to a new file, and flush the file to disk."""
    with (
        closing(apsw.Connection(str(source), flags=apsw.SQLITE_OPEN_READWRITE)) as reading,
        closing(apsw.Connection(str(target))) as writing,
    ):
        target.chmod(0o600)
        reading.set_busy_timeout(5_000)
        writing.pragma("synchronous", "full")
        with writing.backup("main", reading, "main") as backup:
            backup.step(-1)
        # A backup is one file, without a write-ahead log beside it.
        writing.pragma("journal_mode", "delete")
