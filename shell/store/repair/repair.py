"""Repairs a damaged database: copies it aside, then builds a new one from what can be read."""

import contextlib
import filecmp
import shutil
import tempfile
import time
from contextlib import closing
from pathlib import Path

import apsw

from shell.contract import Remark, RemarkCode
from shell.store import checksum
from shell.store.backup.backups import Backups, copy
from shell.store.database import in_transaction
from shell.store.integrity import index_is_sound
from shell.store.repair.damaged_reader import DamagedReader
from shell.store.repair.salvage import Salvage
from shell.store.schema import migrate
from shell.store.search import index
from shell.store.tables import INDEX_PARTS, definitions
from shell.support.files import free_path, put_in_place

REPAIR = "repair-"
"""The prefix of the directory in which a repair works."""
SMALLEST_ROW = 32
"""In bytes. Every row of ours takes more."""


def repair(path: Path, damaged_folder: Path, backups: Backups, damage: str) -> Remark:
    """Replace a damaged database with a sound one.

    Args:
        path: the damaged file, which no process has open.
        damaged_folder: the directory for copies of damaged files.
        backups: the backups in which to look for a sound one.
        damage: a description of the damage, in a few words.

    Returns:
        a remark for the user about the repair.
    """
    damaged_copy = _copy_aside(path, damaged_folder)
    backup = backups.newest_sound()
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=REPAIR) as folder:
        draft = Path(folder) / "draft.db"
        if backup is not None:
            copy(backup, draft)
        is_complete = _fill(draft, damaged_copy, Path(folder))
        # SQLite would apply a write-ahead log left by the old file to the new one, so the log
        # goes first. Its copy is beside the copy of the damaged file.
        for name in (f"{path.name}-wal", f"{path.name}-shm"):
            path.with_name(name).unlink(missing_ok=True)
        put_in_place(draft, path)
    facts: dict[str, str | int] = {"folder": str(damaged_copy.parent), "complete": int(is_complete)}
    if backup is None:
        source = "What could be read was recovered"
    else:
        backup_time = backup.stat().st_mtime
        facts["backupAt"] = int(backup_time * 1000)
        backup_date = time.strftime("%d %B %Y, %H:%M", time.localtime(backup_time))
        source = f"The backup of {backup_date} was restored, and newer readable messages were added"
    end = "nothing seems to be missing" if is_complete else "some of it may be missing"
    text = (
        f"The file with the conversations was damaged ({damage}). {source}: {end}. "
        f"The damaged file is kept in {damaged_copy.parent}."
    )
    return Remark(code=RemarkCode.STORE_REPAIRED, text=text, facts=facts)


def reindex(path: Path) -> bool:
    """Rebuild the full-text indexes of a file; returns False if they are too damaged for it.

    Raises:
        apsw.Error: the file cannot be opened or written.
    """
    with closing(apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)) as connection:
        connection.set_busy_timeout(2_000)
        try:
            in_transaction(connection, index.build, "IMMEDIATE")
        except (apsw.CorruptError, apsw.FormatError, apsw.SQLError):
            return False
        return index_is_sound(connection)


def _copy_aside(path: Path, damaged_folder: Path) -> Path:
    """Copy the file and its write-ahead log to a new directory, unless a copy exists already.

    A failed repair is tried again at each call that needs the store, and must not copy each time.
    """
    names = [path.name, f"{path.name}-wal"]
    sources = [path.with_name(name) for name in names if path.with_name(name).exists()]
    if damaged_folder.is_dir():
        for folder in damaged_folder.iterdir():
            if folder.is_dir() and _is_copy(folder, names, sources):
                return folder / path.name
    folder = free_path(damaged_folder / time.strftime("%Y%m%d-%H%M%S"))
    folder.mkdir(mode=0o700, parents=True)
    try:
        for source in sources:
            shutil.copyfile(source, folder / source.name)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)  # an incomplete copy would only fill the disk
        raise
    return folder / path.name


def _is_copy(folder: Path, names: list[str], sources: list[Path]) -> bool:
    """Tell whether the directory has exactly these files, with their present content."""
    present = [name for name in names if (folder / name).exists()]
    return present == [source.name for source in sources] and all(
        filecmp.cmp(source, folder / source.name, shallow=False) for source in sources
    )


def _restore_definition(path: Path) -> None:
    """Restore the definition of a table or an index if it is the only damaged one.

    SQLite reads no row of a table whose definition it cannot parse.
    """
    columns = ("type", "name", "tbl_name", "sql")
    # As bytes, because a damaged text may not be UTF-8 any more.
    blobs = ", ".join(f"CAST({column} AS BLOB)" for column in columns)
    known = {tuple(text and str(text).encode() for text in each): each for each in definitions()}
    with contextlib.suppress(apsw.Error), closing(apsw.Connection(str(path))) as connection:
        connection.pragma("writable_schema", True)
        found = connection.execute(f"SELECT rowid, {blobs} FROM sqlite_schema")  # noqa: S608
        stored = {tuple(texts): rowid for rowid, *texts in found}
        missing = known.keys() - stored.keys()
        differing = [
            (texts[1] or b"", rowid) for texts, rowid in stored.items() if texts not in known
        ]
        unknown = [
            rowid
            for name, rowid in differing
            if not INDEX_PARTS.fullmatch(name.decode("utf-8", "replace"))
        ]
        if len(missing) == len(unknown) == 1:
            values = ", ".join(f"{column} = ?" for column in columns)
            sql = f"UPDATE sqlite_schema SET {values} WHERE rowid = ?"  # noqa: S608
            connection.execute(sql, (*known[missing.pop()], unknown[0]))


def _fill(draft: Path, damaged_copy: Path, folder: Path) -> bool:
    """Salvage the copy into the draft; returns whether everything could be read."""
    work = folder / "damaged.db"  # opening a file changes it, so open a second copy
    work.touch()
    for end in ("", "-wal"):
        source = damaged_copy.with_name(damaged_copy.name + end)
        if source.exists():
            shutil.copyfile(source, work.with_name(work.name + end))
    with closing(apsw.Connection(str(draft))) as target:
        draft.chmod(0o600)
        checksum.register(target)
        target.pragma("synchronous", "full")
        target.pragma("foreign_keys", True)
        migrate(target)
        _restore_definition(work)
        try:
            damaged = apsw.Connection(str(work), flags=apsw.SQLITE_OPEN_READWRITE)
        except apsw.Error:
            return False
        with closing(damaged):
            checksum.register(damaged)
            damaged.pragma("trusted_schema", False)
            # Otherwise a damaged definition of one table or index hides all others.
            damaged.pragma("writable_schema", True)
            reader = DamagedReader(damaged, work.stat().st_size // SMALLEST_ROW)
            salvage = Salvage(reader, target)
            in_transaction(target, lambda _: salvage.run(), "IMMEDIATE")
        return reader.gaps == 0 and salvage.doubtful_rows == 0
