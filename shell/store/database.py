"""One SQLite file, with a thread that writes it and threads that read it.

The journal is a WAL with `synchronous = FULL`: an acknowledged write has been flushed to disk.
A job is a function that takes the connection. A writing job is one transaction, so all of it
happens or nothing. A path of None makes a database in memory, which never reaches a disk.

Reads and searches have a time limit. Searches have a connection and a thread of their own, and so
has the check of a file that was not closed cleanly. Opening a conversation never waits for either.
"""

import contextlib
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Literal, TypeVar

import apsw

from shell.store import checksum
from shell.store.connection_thread import ConnectionThread, Job, ReadLimit
from shell.store.errors import storage_errors
from shell.store.integrity import open_immutable
from shell.store.schema import MIGRATIONS, Migration, check_version, migrate

T = TypeVar("T")
Connection = apsw.Connection

BUSY_S = 2.0
"""How long a write waits for the lock of another program before it fails."""
READ_S = 20.0
"""Longest time for one read of a conversation or the list."""
WAL_SIZE_LIMIT_BYTES = 16 * 1024 * 1024
"""SQLite truncates a longer write-ahead log to this size after a checkpoint."""


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
        self._writer = ConnectionThread("store-write", self._open_writer)
        if path is None:  # another connection would have a database of its own
            self._reader = self._searcher = self._checker = self._writer
        else:
            self._reader = ConnectionThread("store-read", self._open_reader)
            self._searcher = ConnectionThread("store-search", self._open_reader)
            self._checker = ConnectionThread("store-check", self._open_reader)

    def open(self) -> None:
        """Open the file for writing, create it if there is none, and migrate its tables.

        Raises:
            DatabaseDamaged: the content is damaged.
            ShellError: the file cannot be used.
        """
        self._open(self._writer, self._reader)

    def open_to_read(self) -> None:
        """Open an existing file, which another process may be writing.

        Raises:
            DatabaseDamaged, ShellError: as `open`.
        """
        self._open(self._reader)

    def write(self, job: Job[T]) -> Future[T]:
        """Run a job as one transaction. The future has its result once the write is on disk.

        The future raises ShellError if the write failed; then nothing was saved.
        """
        return self._writer.run(self._transaction(job, "IMMEDIATE"))

    def read(self, job: Job[T]) -> Future[T]:
        """Run a job that only reads. It sees one state of the file throughout.

        The future raises StorageUnavailable if the job takes longer than READ_S.
        """
        return self._reader.read(self._transaction(job, "DEFERRED"), ReadLimit(READ_S))

    def search(self, job: Job[T], limit: ReadLimit) -> Future[T]:
        """Run a search in parallel with `read`. A database in memory runs one after the other."""
        return self._searcher.read(self._transaction(job, "DEFERRED"), limit)

    def check(self, job: Job[T]) -> Future[T]:
        """Run a job that reads the whole file, in parallel with `read` and `search`.

        It has no time limit, but `close()` interrupts it.
        """
        return self._checker.read(self._transaction(job, "DEFERRED"), ReadLimit())

    def replace(self, source: Path) -> Future[None]:
        """Replace the content with that of another database, in one transaction."""
        return self._writer.run(lambda connection: self._replace(connection, source))

    def close(self) -> None:
        """Stop the reads, finish the queued writes, and close the file."""
        for thread in (self._checker, self._searcher, self._reader, self._writer):
            thread.close()

    def _open(self, *threads: ConnectionThread) -> None:
        try:
            for thread in threads:
                thread.run(lambda _: None).result()
        except BaseException:
            self.close()
            raise

    # --- on the threads ---------------------------------------------------------------------

    def _open_writer(self) -> apsw.Connection:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE
        with self._open_connection(flags) as connection:
            check_version(connection, self._migrations)
            if self.path is not None:
                self.path.chmod(0o600)
                # A new file still has a rollback journal here, whose deletion must be flushed, too.
                connection.pragma("synchronous", "extra")
                connection.pragma("journal_mode", "wal")
                connection.pragma("journal_size_limit", WAL_SIZE_LIMIT_BYTES)
            connection.pragma("synchronous", "full")
            # These two matter on macOS, where fsync alone does not flush the disk's cache.
            connection.pragma("fullfsync", True)
            connection.pragma("checkpoint_fullfsync", True)
            connection.pragma("foreign_keys", True)
            connection.pragma("secure_delete", "fast")
            migrate(connection, self._migrations)
            return connection

    def _open_reader(self) -> apsw.Connection:
        with self._open_connection(apsw.SQLITE_OPEN_READWRITE) as connection:
            connection.pragma("query_only", True)
            check_version(connection, self._migrations)
            return connection

    @contextlib.contextmanager
    def _open_connection(self, flags: int) -> Iterator[apsw.Connection]:
        """Open a connection, and close it if the block fails."""
        name = ":memory:" if self.path is None else str(self.path)
        with storage_errors(self.path):
            connection = apsw.Connection(name, flags=flags, vfs=self._vfs)
            try:
                connection.set_busy_timeout(int(self._busy_s * 1000))
                connection.pragma("temp_store", "memory")
                connection.pragma("trusted_schema", False)
                connection.pragma("cell_size_check", True)
                checksum.register(connection)
                yield connection
            except BaseException:
                connection.close()
                raise

    def _transaction(self, job: Job[T], kind: Literal["IMMEDIATE", "DEFERRED"]) -> Job[T]:
        def run(connection: apsw.Connection) -> T:
            with storage_errors(self.path):
                return in_transaction(connection, job, kind)

        return run

    def _replace(self, connection: apsw.Connection, source: Path) -> None:
        with storage_errors(self.path), contextlib.closing(open_immutable(source)) as other:
            # SQLite copies the pages in one transaction of the target.
            with connection.backup("main", other, "main") as backup:
                backup.step(-1)
            migrate(connection, self._migrations)


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
