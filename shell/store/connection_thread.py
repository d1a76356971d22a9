"""Runs jobs on one connection in a thread of its own, with time limits on reads."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

import apsw

from shell.support.worker import Worker

T = TypeVar("T")
Job = Callable[[apsw.Connection], T]

CHECK_STEPS = 2_000
"""SQLite instructions between two checks of the limit; they take well under a millisecond."""


class ReadLimit:
    """Ends a read after a time limit, or when any thread calls `stop()`.

    The time starts when the job starts, not while it waits for its thread.

    Args:
        seconds: the time limit; None for no limit.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._deadline: float | None = None
        self._stopped = threading.Event()

    def start(self) -> None:
        """Start the time; a second call has no effect."""
        if self._seconds is not None and self._deadline is None:
            self._deadline = time.monotonic() + self._seconds

    def stop(self) -> None:
        """End the read the next time it checks the limit."""
        self._stopped.set()

    def is_over(self, share: float = 1.0) -> bool:
        """Tell whether the read was stopped, or this share of its time has passed."""
        if self._stopped.is_set():
            return True
        if self._deadline is None or self._seconds is None:
            return False
        return time.monotonic() >= self._deadline - (1.0 - share) * self._seconds


@contextlib.contextmanager
def limited(connection: apsw.Connection, limit: ReadLimit) -> Iterator[None]:
    """Interrupt every statement of this connection once the limit is over.

    SQLite then raises apsw.InterruptError.
    """
    limit.start()
    connection.set_progress_handler(limit.is_over, CHECK_STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None)


class ConnectionThread:
    """A thread with a connection, which its first job opens. Any thread may call the methods.

    Args:
        name: of the thread.
        connect: opens the connection.
    """

    def __init__(self, name: str, connect: Callable[[], apsw.Connection]) -> None:
        self._worker = Worker(name)
        self._connect = connect
        self._connection: apsw.Connection | None = None
        self._lock = threading.Lock()
        self._active_limits: set[ReadLimit] = set()

    def run(self, job: Job[T]) -> Future[T]:
        """Queue a job, which runs even if `close()` is called before its turn."""
        return self._worker.submit(lambda: job(self._ensure_open()))

    def read(self, job: Job[T], limit: ReadLimit) -> Future[T]:
        """Queue a job that `close()` stops."""

        def read(connection: apsw.Connection) -> T:
            with limited(connection, limit):
                return job(connection)

        with self._lock:
            self._active_limits.add(limit)
        outcome = self.run(read)
        outcome.add_done_callback(lambda _: self._forget(limit))
        return outcome

    def close(self) -> None:
        """Stop the reads, finish the other queued jobs, then close the connection."""
        with self._lock:
            for limit in self._active_limits:
                limit.stop()
        with contextlib.suppress(RuntimeError):
            self._worker.submit(self._close_connection)
        self._worker.close()

    def _ensure_open(self) -> apsw.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _close_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _forget(self, limit: ReadLimit) -> None:
        with self._lock:
            self._active_limits.discard(limit)
