"""Threads that call into the web view, which must end before the program does."""

import threading
import time
from collections.abc import Callable

JOIN_S = 5.0
"""How long the program's end waits for all of them. A thread that still waits for a window is then
abandoned: it is in Python code, so ending there is safe."""


class ViewThreads:
    """Starts threads, and waits for them at the end.

    A thread that is inside the web view's own code when Python ends can never take Python's lock
    again. Python ends such a thread where it is, which crashes the process (SIGABRT, SIGSEGV).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def start(self, name: str, target: Callable[..., object], *arguments: object) -> None:
        """Run a function in a thread of its own. From any thread; returns at once."""
        thread = threading.Thread(target=target, args=arguments, name=name, daemon=True)
        thread.start()
        self.add(thread)

    def add(self, thread: threading.Thread) -> None:
        """Wait for this thread, too. From any thread."""
        with self._lock:
            self._threads = [each for each in self._threads if each.is_alive()]
            self._threads.append(thread)

    def finish(self) -> None:
        """Wait until all have ended, for `JOIN_S` at most."""
        until = time.monotonic() + JOIN_S
        while True:
            with self._lock:
                threads = [each for each in self._threads if each.is_alive()]
            left = until - time.monotonic()
            if not threads or left <= 0:
                return
            threads[0].join(left)
