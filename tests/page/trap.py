"""Runs a Chromium in which every host name that ends in `.example` resolves to a recording server.

Other names do not resolve, because Chromium contacts servers of its own.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator

from playwright.sync_api import Browser, Playwright

from tests.chromium import headless

ANSWER = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
LONGEST_S = 2.0
"""How long a connection may be silent. A preconnection never sends anything."""


class Trap:
    """Accepts connections and records the first bytes of each, or that there were none."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        """Stop accepting connections, and end the thread."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(LONGEST_S)
                self.requests.append("a connection")
                self.requests[-1] = repr(connection.recv(400))
                connection.sendall(ANSWER)


@contextlib.contextmanager
def trapped(playwright: Playwright) -> Iterator[tuple[Browser, Trap]]:
    """Run the browser and its trap until the context ends."""
    trap = Trap()
    rules = f"MAP *.example 127.0.0.1:{trap.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    try:
        with headless(playwright, f"--host-resolver-rules={rules}") as browser:
            yield browser, trap
    finally:
        trap.close()
