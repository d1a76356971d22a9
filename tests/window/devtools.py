"""Controls a page by remote debugging without Playwright.

Playwright answers a page's dialogs and delays the windows that a page opens. This connection does
not influence the page or its window.
"""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect

from tests.host_process import PATIENCE_S


class Devtools:
    """The page of a window."""

    def __init__(self, host: str, connection: ClientConnection) -> None:
        self.host = host
        self._connection = connection
        self._number = 0

    def addresses(self) -> list[str]:
        """The URL of every window's page."""
        return [target["url"] for target in _targets(self.host)]

    def evaluate(self, expression: str) -> object:
        """Evaluate an expression as if the user had just clicked; awaits a promise."""
        parameters = {
            "expression": expression,
            "userGesture": True,
            "awaitPromise": True,
            "returnByValue": True,
        }
        answer = self.send("Runtime.evaluate", parameters)
        assert "exceptionDetails" not in answer, answer
        result = answer["result"]
        assert isinstance(result, dict)
        return result.get("value")

    def click(self, selector: str, button: str = "left", modifiers: int = 0) -> None:
        """Click with the mouse on the center of an element.

        Modifiers are added: 1 Alt, 2 Ctrl, 4 Meta, 8 Shift.
        """
        center = self.evaluate(
            f"(({{ x, y, width, height }}) => ({{ x: x + width / 2, y: y + height / 2 }}))"
            f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
        )
        assert isinstance(center, dict)
        for kind in ("mousePressed", "mouseReleased"):
            event = {"type": kind, "button": button, "clickCount": 1, "modifiers": modifiers}
            self.send("Input.dispatchMouseEvent", {**event, **center})

    def send(self, method: str, parameters: dict[str, object]) -> dict[str, object]:
        """Send one command and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        self._connection.send(json.dumps(message))
        while True:
            answer = json.loads(self._connection.recv(timeout=PATIENCE_S))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                result: dict[str, object] = answer["result"]
                return result


@contextmanager
def attached(debug_url: str, page: str | None = None) -> Iterator[Devtools]:
    """Attach to one of `pages`, or to the page of the only window."""
    host = urlsplit(debug_url).netloc
    with connect(page or _targets(host)[0]["webSocketDebuggerUrl"], max_size=None) as connection:
        yield Devtools(host, connection)


def greeted(debug_url: str) -> object:
    """The name in the reply to the hello of the only window's page, once that page is there.

    For a moment after a navigation the page of before still answers, which has no `toy`.
    """
    ends = time.monotonic() + PATIENCE_S
    while True:
        with attached(debug_url) as devtools:
            name = devtools.evaluate("window.toy?.greeted")
        if name is not None:
            return name
        assert time.monotonic() < ends, "the page has not come back"


def pages(debug_url: str) -> set[str]:
    """The debugger URL of every window's page. It changes when a crashed page is recreated."""
    return {target["webSocketDebuggerUrl"] for target in _targets(urlsplit(debug_url).netloc)}


def _targets(host: str) -> list[dict[str, str]]:
    connection = http.client.HTTPConnection(host, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/json")
        targets: list[dict[str, str]] = json.load(connection.getresponse())
    finally:
        connection.close()
    return [target for target in targets if target["type"] == "page"]
