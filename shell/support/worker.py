"""Runs blocking jobs one after another in a thread."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


class Worker:
    """A thread that starts with its first job. It is a daemon, so a hanging job does not block the
    exit.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, job: Callable[[], T]) -> Future[T]:
        """Queue a job, from any thread. A job that is cancelled before its turn does not run.

        Raises:
            RuntimeError: the worker is closed.
        """
        future: Future[T] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = job()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        with self._lock:
            if self._closed:
                raise RuntimeError(f"the {self._name} thread is closed")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run_jobs, name=self._name, daemon=True)
                self._thread.start()
            self._jobs.put(run)
        return future

    def close(self, timeout_s: float = 5.0) -> None:
        """Run the queued jobs, then end the thread. Waits at most `timeout_s` for that."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _run_jobs(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
