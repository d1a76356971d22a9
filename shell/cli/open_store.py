"""Opens the store for a command: read-only beside a running host, or exclusively for writing."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

from shell.store.database import Database
from shell.store.errors import DatabaseDamaged
from shell.store.schema import MIGRATIONS, version
from shell.store.store import FILE, Store
from shell.support.data_directory import DataDirectory, DataDirectoryHeld


@contextmanager
def to_read(data: DataDirectory) -> Iterator[Database]:
    """Open the database read-only. A window or `serve` may be writing to it.

    A damaged database, or one of an earlier version, is repaired or migrated first, which fails
    while another process has it open.
    """
    path = data.path / FILE
    if not path.exists():
        with closing(Database(None)) as empty:
            empty.open()
            yield empty
        return
    with closing(Database(path)) as database:
        if _is_current(database):
            yield database
            return
    with to_write(data, "tidewire conversations") as store:
        yield store.database


@contextmanager
def to_write(data: DataDirectory, command: str, advice: str = "") -> Iterator[Store]:
    """Open the store exclusively, for writing.

    Raises:
        DataDirectoryHeld: another process has it open. Its message ends with `advice`.
    """
    data.prepare()
    try:
        with data.locked(command):
            store = Store(data.path)
            store.open()
            with closing(store):
                for remark in store.remarks:
                    print(remark.text, file=sys.stderr)
                yield store
    except DataDirectoryHeld as error:
        raise DataDirectoryHeld(f"{error.message} {advice}".rstrip()) from None


def _is_current(database: Database) -> bool:
    """Open a database read-only; returns whether it is intact and of the current version."""
    try:
        database.open_to_read()
        return database.read(version).result() == len(MIGRATIONS)
    except DatabaseDamaged:
        return False
