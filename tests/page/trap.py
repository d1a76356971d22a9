"""Trap: a Chromium in which every name that ends in `.example` leads to a server that counts.

Other names lead nowhere: Chromium has places of its own that it calls.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator

from playwright.sync_api import Browser, Playwright

from tests.chromium import headless

ANSWER = b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
LONGEST_S = 2.0
"""How long a connection may be silent; a preconnection never says a word."""


class Trap:
    """Takes connections and remembers how each began; a connection alone counts as well."""

    def __init__(self) -> None:
        self.caught: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        """Take no more connections, and end the thread."""
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
                self.caught.append("a connection")
                self.caught[-1] = repr(connection.recv(400))
                connection.sendall(ANSWER)


@contextlib.contextmanager
def trapped(playwright: Playwright) -> Iterator[tuple[Browser, Trap]]:
    """The browser and its trap; both end with the context."""
    trap = Trap()
    rules = f"MAP *.example 127.0.0.1:{trap.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    try:
        with headless(playwright, f"--host-resolver-rules={rules}") as browser:
            yield browser, trap
    finally:
        trap.close()
