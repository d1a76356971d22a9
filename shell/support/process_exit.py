"""Ends the process at exit without Python's own shutdown if daemon threads still run."""

import atexit
import contextlib
import logging
import os
import sys
import threading


class ProcessExit:
    """Remembers the exit status, and ends the process with it at exit if daemon threads still run.

    During shutdown Python ends a thread that requests the GIL by unwinding its stack. If a library
    of C++ or Rust is on the stack (Qt, or `cryptography` in the keychain's thread), that aborts the
    process. Functions that were registered with `atexit` later run before this one, and all other
    threads have ended by then.
    """

    def __init__(self) -> None:
        self._status: int | None = None
        atexit.register(self._end)

    def set_status(self, status: int) -> int:
        """Remember the status, and return it."""
        self._status = status
        return status

    def _end(self) -> None:
        if self._status is None or not any(thread.daemon for thread in threading.enumerate()):
            return
        for stream in (sys.stdout, sys.stderr):
            # The reader may have gone, or the stream may be closed.
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        logging.shutdown()
        os._exit(self._status)
