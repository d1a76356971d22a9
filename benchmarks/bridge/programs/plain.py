"""A plain pywebview window with a js_api, as most programs have it: a script for every token.

    python -m benchmarks.bridge.programs.plain

Its ways: `evaluate_js` and `run_js` a token each, in a thread for every stream, since both wait for
the page; and a WebSocket message a token.
"""

import asyncio
import functools
import http.server
import json
import os
import queue
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path

import webview
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.bridge.programs.stage import Stage, Way, serve_orders
from shell.support.event_loop import LoopThread

PAGE = Path(__file__).parents[3] / ".bench" / "page"


class Scripts:
    """Runs a script in the page for every token."""

    def __init__(self, run: Callable[[str], object]) -> None:
        self._run = run
        self._queues: list[queue.SimpleQueue[str | None]] = []

    def prepare(self, run: int, streams: int) -> None:
        """Start a thread for every stream."""
        self._queues = [queue.SimpleQueue() for _ in range(streams)]
        for stream, tokens in enumerate(self._queues):
            threading.Thread(target=self._run_scripts, args=(stream, tokens), daemon=True).start()

    def send(self, stream: int, token: str) -> None:
        """Queue the token for the stream's thread."""
        self._queues[stream].put(token)

    def finish(self) -> None:
        """End the threads."""
        for tokens in self._queues:
            tokens.put(None)

    def _run_scripts(self, stream: int, tokens: "queue.SimpleQueue[str | None]") -> None:
        while (token := tokens.get()) is not None:
            self._run(f"take({stream}, {json.dumps(token)})")


class Socket:
    """A WebSocket to the page. It ends with the benchmark, so it admits every client."""

    def __init__(self) -> None:
        self._page: ServerConnection | None = None

    async def open(self) -> str:
        """Listen. Returns the address."""
        server = await serve(self._accept, "127.0.0.1", 0, compression=None)
        return f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

    async def _accept(self, page: ServerConnection) -> None:
        self._page = page
        await page.wait_closed()

    def prepare(self, run: int, streams: int) -> None:
        """The page opens a new connection."""

    def send(self, stream: int, token: str) -> Awaitable[None]:
        """Send the token as a message."""
        assert self._page is not None
        return self._page.send(json.dumps([stream, token]))

    def finish(self) -> None:
        """The connection stays until the page makes another."""


class Api:
    """The js_api. pywebview calls each function in a thread of its own."""

    def __init__(self, stage: Stage, loop: asyncio.AbstractEventLoop) -> None:
        self._stage = stage
        self._loop = loop

    def next(self) -> str:
        """The next order."""
        return asyncio.run_coroutine_threadsafe(self._stage.next(), self._loop).result()

    def report(self, text: str) -> bool:
        """Take the report on an order."""
        self._loop.call_soon_threadsafe(self._stage.report, text)
        return True

    def clock(self) -> float:
        """The host's clock."""
        return self._stage.clock()

    def echo(self, value: dict[str, object]) -> dict[str, object]:
        """Return the parameter."""
        return value


class Files(http.server.SimpleHTTPRequestHandler):
    """The page's files."""

    def log_message(self, *arguments: object) -> None:
        """Write no log."""


def main() -> None:
    if os.geteuid() == 0:
        os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
    handler = functools.partial(Files, directory=str(PAGE))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    thread = LoopThread()
    thread.start()
    socket = Socket()
    address = thread.run(socket.open())
    windows: list[webview.Window] = []

    def evaluate(script: str) -> object:
        return windows[0].evaluate_js(script)

    def run(script: str) -> object:
        return windows[0].run_js(script)

    ways: dict[str, Way] = {
        "evaluate_js": Scripts(evaluate),
        "run_js": Scripts(run),
        "websocket": socket,
    }
    stage = thread.call(lambda: Stage(ways, address))
    window = webview.create_window(
        "Plain",
        f"http://127.0.0.1:{server.server_port}/?plain",
        js_api=Api(stage, thread.loop),
        width=1100,
        height=800,
    )
    assert window is not None
    windows.append(window)
    serve_orders(stage, thread.loop, window.destroy)
    webview.start(gui="qt")


if __name__ == "__main__":
    main()
