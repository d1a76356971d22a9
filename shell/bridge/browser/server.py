"""Loopback: the server on 127.0.0.1 that hands a browser the page and takes its calls.

The way to the door (`/door`, a WebSocket) is for pages that this server, or Vite, handed out.
"""

import asyncio
import socket
from collections.abc import Callable

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from shell.bridge.appearance import Appearance
from shell.bridge.browser.tabs import Tabs
from shell.bridge.listener import address_of
from shell.bridge.page import Page
from shell.bridge.responses import PageResponse, Resources, plain

DOOR = "/door"
MAX_MESSAGE_BYTES = 33_000_000
"""A batch has at most 32 million characters."""
PING_S = 10.0


class _Server(uvicorn.Server):
    """Sleeps until it is told to end. The original looks ten times a second whether it is, and
    sets the date of headers that we do not send.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ended = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._ended.wait()

    def end(self) -> None:
        """Have `serve` close every connection, and return."""
        self.should_exit = True
        self._ended.set()


class Loopback:
    """Serves from `start()` to `stop()`, on the loop that both run on.

    Args:
        listener: where connections come in; closed by `stop()`.
        page: the built page, or None when it is served by somebody else (Vite).
        tabs: takes the browser's tabs.
        look: how the page is to look; asked again whenever it is loaded.
        dev_origin: the origin of a page that is served by Vite, which the door then accepts too.
    """

    def __init__(
        self,
        listener: socket.socket,
        page: Page | None,
        tabs: Tabs,
        look: Callable[[], Appearance] = Appearance,
        dev_origin: str | None = None,
    ) -> None:
        self.address = address_of(listener)
        self._listener = listener
        self._tabs = tabs
        port = listener.getsockname()[1]
        self._resources = Resources(port, page, "loopback", look, dev_origin)
        self._server = _Server(
            uvicorn.Config(
                self._answer,
                lifespan="off",
                interface="asgi3",
                http="h11",
                ws="websockets-sansio",
                ws_max_size=MAX_MESSAGE_BYTES,
                ws_ping_interval=PING_S,
                ws_ping_timeout=PING_S,
                ws_per_message_deflate=False,
                log_config=None,
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=1,
            )
        )
        self._serving: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to answer. Connections that came before have waited."""
        self._serving = asyncio.get_running_loop().create_task(
            self._server.serve(sockets=[self._listener]), name="loopback"
        )

    async def stop(self) -> None:
        """Say goodbye to the tabs and close every connection."""
        await self._tabs.close()
        self._server.end()
        if self._serving is not None:
            await self._serving

    # --- inside -----------------------------------------------------------------------------

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, path = Headers(scope=scope), scope["path"]
        if scope["type"] == "websocket":
            websocket = WebSocket(scope, receive, send)
            refusal = self._resources.refusal(headers, door=True)
            if refusal is None and path == DOOR:
                await self._tabs.serve(websocket)
            else:
                refusal = refusal or plain(404, "Not found")
                await websocket.send_denial_response(_response(refusal))
            return
        answer = self._resources.answer(scope["method"], path, headers)
        await _response(answer)(scope, receive, send)


def _response(answer: PageResponse) -> Response:
    return Response(answer.body, answer.status, answer.headers)
