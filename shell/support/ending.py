"""Ends the process without Python's own end while threads are left."""

import atexit
import contextlib
import logging
import os
import sys
import threading


class Ending:
    """Remembers the exit status, and ends the process with it if daemon threads are left then.

    Python ends a thread that wants its lock too late by unwinding its stack. Where a library of C++
    or Rust is on it (Qt; `cryptography`, which the keychain's thread imports), that aborts the
    process. What is registered with `atexit` later runs before, and threads that are no daemons
    have ended.
    """

    def __init__(self) -> None:
        self._status: int | None = None
        atexit.register(self._end)

    def take(self, status: int) -> int:
        """Remember the status; returns it."""
        self._status = status
        return status

    def _end(self) -> None:
        if self._status is None or not any(thread.daemon for thread in threading.enumerate()):
            return
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # nobody reads it, or it is closed
                stream.flush()
        logging.shutdown()
        os._exit(self._status)
