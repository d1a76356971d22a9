"""Runs reads on a connection and thread of their own, with limits on their time."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from typing import TypeVar

import apsw

from shell.support.worker import Worker

T = TypeVar("T")

CHECK_STEPS = 2_000
"""SQLite instructions between two checks of the limit; they take well under a millisecond."""


class ReadLimit:
    """Ends a read after a time, or when any thread calls `stop()`.

    The time starts when the job starts, not while it waits for its thread.

    Args:
        seconds: None for a read that may take as long as it needs.
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


class Reader:
    """Reads on its own thread; the first job opens the connection, `close()` closes it.

    Args:
        name: of the thread.
        connect: opens a connection that only reads.
        run: runs a job with the connection, as one transaction.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], apsw.Connection],
        run: Callable[[apsw.Connection, Callable[[apsw.Connection], T]], T],
    ) -> None:
        self._worker = Worker(name)
        self._connect = connect
        self._run = run
        self._connection: apsw.Connection | None = None
        self._lock = threading.Lock()
        self._limits: set[ReadLimit] = set()

    def open(self) -> Future[None]:
        """Open the connection now, so that a failure shows at once."""

        def open_now() -> None:
            self._opened()

        return self._worker.submit(open_now)

    def read(self, job: Callable[[apsw.Connection], T], limit: ReadLimit) -> Future[T]:
        """Queue a job. Any thread may call this."""

        def run() -> T:
            connection = self._opened()
            with limited(connection, limit):
                result: T = self._run(connection, job)  # type: ignore[arg-type, assignment]
            return result

        with self._lock:
            self._limits.add(limit)
        outcome = self._worker.submit(run)
        outcome.add_done_callback(lambda _: self._forget(limit))
        return outcome

    def close(self) -> None:
        """Stop the running and the queued jobs, then close the connection."""
        with self._lock:
            for limit in self._limits:
                limit.stop()
        with contextlib.suppress(RuntimeError):
            self._worker.submit(self._shut)
        self._worker.close()

    def _opened(self) -> apsw.Connection:
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _shut(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _forget(self, limit: ReadLimit) -> None:
        with self._lock:
            self._limits.discard(limit)
