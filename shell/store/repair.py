"""Repairs a damaged database: keeps it aside, and makes a new one of what is left."""

import shutil
import tempfile
import time
from contextlib import closing
from pathlib import Path

import apsw

from shell.contract import Remark, RemarkCode
from shell.store import index, seal
from shell.store.backups import Backups, copy, sync_folder
from shell.store.database import in_transaction
from shell.store.salvage import Salvage
from shell.store.schema import migrate

SMALLEST_ROW = 32
"""In bytes; less than any row of ours takes."""


def repair(path: Path, aside: Path, backups: Backups, found: str) -> Remark:
    """Put a sound database in the place of a damaged one.

    Args:
        path: the damaged file; nobody has it open.
        aside: the directory in which damaged files are kept.
        backups: where to look for an older state.
        found: what is wrong, in a few words.

    Returns:
        what happened, for the person whose conversations these are.
    """
    kept = _keep(path, aside)
    backup = backups.newest_sound()
    with tempfile.TemporaryDirectory(dir=path.parent, prefix="repair-") as folder:
        draft = Path(folder) / "draft.db"
        if backup is not None:
            copy(backup, draft)
        lossless = _fill(draft, kept, Path(folder))
        # From here on the new file counts. A log of writes that was left beside it would be
        # played into it, so that one goes first; both are in the directory of the damaged.
        for name in (f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
        draft.replace(path)
    sync_folder(path.parent)
    facts: dict[str, str | int] = {"folder": str(kept.parent), "complete": int(lossless)}
    if backup is None:
        source = "What could be read of it was taken over"
    else:
        written = backup.stat().st_mtime
        facts["backupAt"] = int(written * 1000)
        made = time.strftime("%d %B %Y, %H:%M", time.localtime(written))
        source = f"The backup of {made} was restored, and what could be read since was added"
    end = "nothing seems to be missing" if lossless else "some of it may be missing"
    text = (
        f"The file with the conversations was damaged ({found}). {source}: {end}. "
        f"The damaged file is kept in {kept.parent}."
    )
    return Remark(code=RemarkCode.STORE_REPAIRED, text=text, facts=facts)


def _keep(path: Path, aside: Path) -> Path:
    """Copy the file, and its log of writes, to a directory of its own."""
    folder = aside / time.strftime("%Y%m%d-%H%M%S")
    more = 1
    while folder.exists():
        folder = aside / f"{time.strftime('%Y%m%d-%H%M%S')}-{more}"
        more += 1
    folder.mkdir(mode=0o700, parents=True)
    for name in (path.name, f"{path.name}-wal"):
        source = path.with_name(name)
        if source.exists():
            shutil.copyfile(source, folder / name)
    return folder / path.name


def _fill(draft: Path, kept: Path, folder: Path) -> bool:
    """Salvage into the draft; returns whether everything could be read."""
    work = folder / "damaged.db"  # opening a file may change it: not the one that is kept
    work.touch()
    for end in ("", "-wal"):
        source = kept.with_name(kept.name + end)
        if source.exists():
            shutil.copyfile(source, work.with_name(work.name + end))
    with closing(apsw.Connection(str(draft))) as target:
        draft.chmod(0o600)
        seal.register(target)
        target.pragma("synchronous", "full")
        target.pragma("foreign_keys", True)
        migrate(target)
        try:
            damaged = apsw.Connection(str(work), flags=apsw.SQLITE_OPEN_READWRITE)
        except apsw.Error:
            return False
        with closing(damaged):
            seal.register(damaged)
            salvage = Salvage(damaged, target, work.stat().st_size // SMALLEST_ROW)

            def run(connection: apsw.Connection) -> None:
                salvage.run()
                index.build(connection)

            in_transaction(target, run, "IMMEDIATE")
        return salvage.gaps == 0 and salvage.doubtful == 0
