"""Opens the store for a command: read-only beside a running host, or exclusively for writing."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from shell.store.database import Database
from shell.store.errors import DatabaseDamaged
from shell.store.schema import MIGRATIONS, version
from shell.store.store import FILE, Store
from shell.support.data_directory import DataDirectory


@contextmanager
def to_read(data: DataDirectory) -> Iterator[Database]:
    """Open the database read-only. A window or `serve` may be writing to it.

    A damaged database, or one of an earlier version, is repaired or migrated first, which fails
    while another process has it open.
    """
    path = data.path / FILE
    if not path.exists():
        empty = Database(None)
        empty.open()
        try:
            yield empty
        finally:
            empty.close()
        return
    database = Database(path)
    try:
        database.open_to_read()
        current = database.read(version).result() == len(MIGRATIONS)
    except DatabaseDamaged:
        current = False
    if not current:
        database.close()
        with to_write(data, "tidewire conversations") as store:
            yield store.database
        return
    try:
        yield database
    finally:
        database.close()


@contextmanager
def to_write(data: DataDirectory, command: str) -> Iterator[Store]:
    """Open the store exclusively, for writing."""
    data.prepare()
    with data.locked(command):
        store = Store(data.path)
        store.open()
        for remark in store.remarks:
            print(remark.text, file=sys.stderr)
        try:
            yield store
        finally:
            store.close()
