"""Repairs a damaged database: keeps it aside, and makes a new one of what is left."""

import filecmp
import shutil
import tempfile
import time
from contextlib import closing
from pathlib import Path

import apsw

from shell.contract import Remark, RemarkCode
from shell.store import checksum
from shell.store.backup.backups import Backups, copy, sync_folder
from shell.store.database import in_transaction
from shell.store.integrity import index_is_sound
from shell.store.repair.damaged_reader import DamagedReader
from shell.store.repair.salvage import Salvage
from shell.store.schema import migrate
from shell.store.search import index

REPAIR = "repair-"
"""How the directory's name begins in which a repair works."""
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
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=REPAIR) as folder:
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


def reindex(path: Path) -> bool:
    """Make the full-text indexes of a file anew; False when they are too damaged even for that.

    Raises:
        apsw.Error: the file cannot be used.
    """
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
        connection.set_busy_timeout(2_000)
        try:
            in_transaction(connection, index.build, "IMMEDIATE")
        except (apsw.CorruptError, apsw.FormatError, apsw.SQLError):
            return False
        return index_is_sound(connection)


def _keep(path: Path, aside: Path) -> Path:
    """Copy the file, and its log of writes, to a directory of its own. What is kept already is not
    copied again: a repair that fails is tried anew every few seconds.
    """
    names = [path.name, f"{path.name}-wal"]
    sources = [path.with_name(name) for name in names if path.with_name(name).exists()]
    if aside.is_dir():
        for folder in aside.iterdir():
            if folder.is_dir() and _is_copy(folder, names, sources):
                return folder / path.name
    folder = aside / time.strftime("%Y%m%d-%H%M%S")
    more = 1
    while folder.exists():
        folder = aside / f"{time.strftime('%Y%m%d-%H%M%S')}-{more}"
        more += 1
    folder.mkdir(mode=0o700, parents=True)
    try:
        for source in sources:
            shutil.copyfile(source, folder / source.name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # half a copy helps nobody on a full disk
        raise
    return folder / path.name


def _is_copy(folder: Path, names: list[str], sources: list[Path]) -> bool:
    """Whether the directory has these files as they are now, and no other of the names."""
    there = [name for name in names if (folder / name).exists()]
    return there == [source.name for source in sources] and all(
        filecmp.cmp(source, folder / source.name, shallow=False) for source in sources
    )


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
        checksum.register(target)
        target.pragma("synchronous", "full")
        target.pragma("foreign_keys", True)
        migrate(target)
        try:
            damaged = apsw.Connection(str(work), flags=apsw.SQLITE_OPEN_READWRITE)
        except apsw.Error:
            return False
        with closing(damaged):
            checksum.register(damaged)
            damaged.pragma("trusted_schema", False)
            # Says that a table or an index whose definition rotted takes none of the others along.
            damaged.pragma("writable_schema", True)
            reader = DamagedReader(damaged, work.stat().st_size // SMALLEST_ROW)
            salvage = Salvage(reader, target)

            def run(connection: apsw.Connection) -> None:
                salvage.run()
                index.build(connection)

            in_transaction(target, run, "IMMEDIATE")
        return salvage.gaps == 0 and salvage.doubtful == 0
