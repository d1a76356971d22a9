"""One SQLite file, with a thread that writes it and threads that read it.

The journal is a WAL with `synchronous = FULL`: an acknowledged write has been flushed to disk.
A job is a function that takes the connection. A writing job is one transaction, so all of it
happens or nothing. A path of None makes a database in memory, which never reaches a disk.

Every read has a time limit. Searches, and the check of a file that was not closed in order, have a
connection and a thread each, so opening a conversation never waits for them.
"""

import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Literal, TypeVar

import apsw

from shell.store import checksum
from shell.store.errors import storage_errors
from shell.store.integrity import open_still
from shell.store.reader import Reader, ReadLimit, limited
from shell.store.schema import MIGRATIONS, Migration, check_version, migrate
from shell.support.worker import Worker

T = TypeVar("T")
Connection = apsw.Connection
Job = Callable[[apsw.Connection], T]

BUSY_S = 2.0
"""How long a write waits for the lock of another program before it fails."""
READ_S = 20.0
"""Longest time for one read of a conversation or the list."""
KEPT_WAL_BYTES = 16 * 1024 * 1024


class Database:
    """Reads and writes one file. Any thread may call it between `open` and `close`.

    Args:
        path: the file; None for a database in memory.
        vfs: the VFS of SQLite, for tests that simulate a power cut.
        busy_s: how long to wait for the lock of another program, in seconds.
        migrations: the statements that make the tables.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        vfs: str | None = None,
        busy_s: float = BUSY_S,
        migrations: Sequence[Migration] = MIGRATIONS,
    ) -> None:
        self.path = path
        self._vfs = vfs
        self._busy_s = busy_s
        self._migrations = migrations
        self._write_thread = Worker("store-write")
        self._writing: apsw.Connection | None = None
        self._reader = Reader("store-read", self._open_reader, self._read_in_transaction)
        self._searcher = Reader("store-search", self._open_reader, self._read_in_transaction)
        self._checker = Reader("store-check", self._open_reader, self._read_in_transaction)

    def open(self) -> None:
        """Open the file for writing, create it if there is none, and migrate its tables.

        Raises:
            DatabaseDamaged: the content is damaged.
            ShellError: the file cannot be used.
        """
        try:
            self._write_thread.submit(self._open_to_write).result()
            if self.path is not None:
                self._reader.open().result()
        except BaseException:
            self.close()
            raise

    def open_to_read(self) -> None:
        """Open an existing file, which another process may be writing.

        Raises:
            DatabaseDamaged, ShellError: as `open`.
        """
        try:
            self._reader.open().result()
        except BaseException:
            self.close()
            raise

    def write(self, job: Job[T]) -> Future[T]:
        """Run a job as one transaction. The future has its result once the write is on disk.

        The future raises ShellError if the write failed; then nothing was saved.
        """
        return self._write_thread.submit(lambda: self._transact(job))

    def read(self, job: Job[T]) -> Future[T]:
        """Run a job that only reads, and sees one state of the file throughout.

        The future raises StorageUnavailable if the job takes longer than READ_S.
        """
        return self._read_on(self._reader, job, ReadLimit(READ_S))

    def search(self, job: Job[T], limit: ReadLimit) -> Future[T]:
        """Run a search in parallel with `read`; for a database in memory, in turn with it."""
        return self._read_on(self._searcher, job, limit)

    def check(self, job: Job[T]) -> Future[T]:
        """Run a job that reads the whole file, in parallel with `read` and `search`.

        It has no time limit, but `close()` interrupts it.
        """
        return self._read_on(self._checker, job, ReadLimit())

    def replace(self, source: Path) -> Future[None]:
        """Replace the content by that of another database, in one transaction."""
        return self._write_thread.submit(lambda: self._replace(source))

    def close(self) -> None:
        """Stop the reads, finish the queued writes, and close the file."""
        for reader in (self._checker, self._searcher, self._reader):
            reader.close()
        with contextlib.suppress(RuntimeError):
            self._write_thread.submit(self._close_writer)
        self._write_thread.close()

    # --- on the threads ---------------------------------------------------------------------

    def _open_to_write(self) -> None:
        with storage_errors(self.path):
            connection = self._connect()
            self._writing = connection
            check_version(connection, self._migrations)
            if self.path is not None:
                self.path.chmod(0o600)
                # Until here a new file has a rollback journal, whose deletion must be flushed, too.
                connection.pragma("synchronous", "extra")
                connection.pragma("journal_mode", "wal")
                connection.pragma("journal_size_limit", KEPT_WAL_BYTES)
            connection.pragma("synchronous", "full")
            # These two matter on macOS, where fsync alone does not flush the cache of the disk.
            connection.pragma("fullfsync", True)
            connection.pragma("checkpoint_fullfsync", True)
            connection.pragma("foreign_keys", True)
            connection.pragma("secure_delete", "fast")
            migrate(connection, self._migrations)

    def _open_reader(self) -> apsw.Connection:
        with storage_errors(self.path):
            connection = self._connect(apsw.SQLITE_OPEN_READWRITE)
            try:
                connection.pragma("query_only", True)
                check_version(connection, self._migrations)
            except BaseException:
                connection.close()
                raise
            return connection

    def _connect(
        self, flags: int = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
    ) -> apsw.Connection:
        name = ":memory:" if self.path is None else str(self.path)
        connection = apsw.Connection(name, flags=flags, vfs=self._vfs)
        connection.set_busy_timeout(int(self._busy_s * 1000))
        connection.pragma("temp_store", "memory")
        connection.pragma("trusted_schema", False)
        connection.pragma("cell_size_check", True)
        checksum.register(connection)
        return connection

    def _transact(self, job: Job[T]) -> T:
        with storage_errors(self.path):
            return in_transaction(_opened(self._writing), job, "IMMEDIATE")

    def _read_on(self, reader: Reader, job: Job[T], limit: ReadLimit) -> Future[T]:
        if self.path is not None:
            return reader.read(job, limit)

        def read_in_memory() -> T:
            connection = _opened(self._writing)
            with limited(connection, limit):
                return self._read_in_transaction(connection, job)

        return self._write_thread.submit(read_in_memory)

    def _read_in_transaction(self, connection: apsw.Connection, job: Job[T]) -> T:
        with storage_errors(self.path):
            return in_transaction(connection, job, "DEFERRED")

    def _replace(self, source: Path) -> None:
        with storage_errors(self.path), contextlib.closing(open_still(source)) as other:
            connection = _opened(self._writing)
            # SQLite copies the pages in one transaction of the target.
            with connection.backup("main", other, "main") as backup:
                backup.step(-1)
            migrate(connection, self._migrations)

    def _close_writer(self) -> None:
        if self._writing is not None:
            self._writing.close()
            self._writing = None


def in_transaction(
    connection: apsw.Connection, job: Job[T], kind: Literal["IMMEDIATE", "DEFERRED"]
) -> T:
    """Run a job between BEGIN and COMMIT. An exception rolls everything back."""
    connection.execute(f"BEGIN {kind}")
    try:
        result = job(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            # On a full disk SQLite may have rolled back by itself.
            with contextlib.suppress(apsw.Error):
                connection.execute("ROLLBACK")
        raise
    return result


def _opened(connection: apsw.Connection | None) -> apsw.Connection:
    if connection is None:
        raise RuntimeError("the database is not open")
    return connection
