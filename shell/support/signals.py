"""Waits in the main thread for the signals that end the program."""

import contextlib
import select
import signal
import socket
from collections.abc import Iterator
from types import FrameType

SHUTDOWN_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
)


class Signals:
    """Yielded by `shutdown_signals()`. `wait()` returns after a signal such as SIGTERM or `wake()`.

    Python's C handler writes to a socket, on every system and whatever the main thread does; a
    threading.Event can deadlock when the handler interrupts its wait.
    """

    def __init__(self, reader: socket.socket, writer: socket.socket) -> None:
        self._reader = reader
        self._writer = writer

    def wait(self) -> None:
        """Block until a signal arrives or another thread calls `wake`."""
        self._reader.recv(1)

    def is_set(self) -> bool:
        """Whether a signal or `wake` has come, so that `wait()` would return at once."""
        return bool(select.select([self._reader], [], [], 0)[0])

    def wake(self) -> None:
        """End `wait()`. From any thread."""
        with contextlib.suppress(OSError):
            self._writer.send(b"\0")


@contextlib.contextmanager
def shutdown_signals() -> Iterator[Signals]:
    """Catch the signals that end the program. Main thread only."""
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    old_fd = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    handlers = {number: signal.signal(number, _ignore_signal) for number in SHUTDOWN_SIGNALS}
    try:
        yield Signals(reader, writer)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(old_fd)
        reader.close()
        writer.close()


def _ignore_signal(number: int, frame: FrameType | None) -> None:
    """Do nothing: Python has written to the wake-up socket."""
