"""Threads that call into the web view, which have to be back before the program ends."""

import threading
import time
from collections.abc import Callable

LEAVE_S = 5.0
"""How long the end waits for all of them. One that waits for a window that never comes is left:
it is in Python, where nothing happens to it."""


class ViewThreads:
    """Starts threads, and waits for them at the end.

    A thread that is inside the web view's own code when Python ends can never have Python's lock
    again. Python ends such a thread where it is, and the process dies of that (SIGABRT, SIGSEGV).
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
        """Wait for this one, too. From any thread."""
        with self._lock:
            self._threads = [one for one in self._threads if one.is_alive()]
            self._threads.append(thread)

    def finish(self) -> None:
        """Wait until all have ended, for `LEAVE_S` at most."""
        until = time.monotonic() + LEAVE_S
        while True:
            with self._lock:
                threads = [one for one in self._threads if one.is_alive()]
            left = until - time.monotonic()
            if not threads or left <= 0:
                return
            threads[0].join(left)
