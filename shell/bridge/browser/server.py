"""The server on 127.0.0.1 that serves the page to browsers and takes their calls.

Only pages from this server or from Vite may connect to the door (`/door`, a WebSocket).
"""

import asyncio
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from shell.bridge.appearance import Appearance
from shell.bridge.browser.peer import Peer, peer_of
from shell.bridge.browser.tabs import Tabs
from shell.bridge.browser.tokens import AccessTokens
from shell.bridge.listener import address_of
from shell.bridge.owner import LINK, OwnerCommands, secret
from shell.bridge.page import Page
from shell.bridge.responses import PageResponse, Resources, plain

DOOR = "/door"
MAX_MESSAGE_BYTES = 33_000_000
"""A batch has at most 32 million characters. One as large as that is base64, which is ASCII."""
PING_S = 10.0


class _Server(uvicorn.Server):
    """Sleeps until `end`. The original polls ten times a second, and also sets the date of headers
    that we do not send.
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


class BrowserServer:
    """Serves from `start()` to `stop()`, on the loop that both run on."""

    def __init__(
        self,
        listener: socket.socket,
        page: Page | None,
        tabs: Tabs,
        tokens: AccessTokens,
        appearance: Callable[[], Appearance] = Appearance,
        dev_url: str | None = None,
    ) -> None:
        self.address = address_of(listener)
        self._listener = listener
        self._tabs = tabs
        self._owner = OwnerCommands(tokens.owners_key, {LINK: lambda _: self.link()})
        self._tokens = tokens
        self.token = tokens.token
        self._page_url = (dev_url or self.address).rstrip("/")
        port = listener.getsockname()[1]
        self._resources = Resources(port, page, "loopback", appearance, _origin(dev_url))
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
        """Begin to answer, also connections that wait in the listener's queue."""
        self._serving = asyncio.get_running_loop().create_task(
            self._server.serve(sockets=[self._listener]), name="loopback"
        )

    async def stop(self) -> None:
        """Close the tabs, then every other connection."""
        await self._tabs.close()
        self._server.end()
        if self._serving is not None:
            await self._serving

    def link(
        self,
        *,
        lasting: bool = False,
        owner_only: bool = False,
        on_used: Callable[[], object] = lambda: None,
    ) -> str:
        """An address that opens one page. The parameters are those of `AccessTokens.ticket`."""
        ticket = self._tokens.ticket(lasting=lasting, owner_only=owner_only, on_used=on_used)
        # A fragment: no browser sends it, and the page takes it out of the address.
        return f"{self._page_url}/#ticket={ticket}"

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, path = Headers(scope=scope), scope["path"]
        if scope["type"] == "websocket":
            websocket = WebSocket(scope, receive, send)
            refusal = self._resources.refusal(headers, door=True)
            if refusal is None and path == DOOR:
                peer = _peer(scope)
                if peer is not Peer.FOREIGN:
                    await self._tabs.serve(websocket, peer)
                    return
                refusal = _NOT_YOURS
            refusal = refusal or plain(404, "Not found")
            await websocket.send_denial_response(_response(refusal))
            return
        answer = self._new_link(scope, path, headers)
        answer = answer or self._resources.answer(scope["method"], path, headers)
        await _response(answer)(scope, receive, send)

    def _new_link(self, scope: Scope, path: str, headers: Headers) -> PageResponse | None:
        """Make a link for the owner or a holder of the token; None for another request."""
        if path != LINK or scope["method"] != "POST":
            return None
        if (refusal := self._resources.refusal(headers, door=False)) is not None:
            return refusal
        if _peer(scope) is Peer.FOREIGN:
            return _NOT_YOURS
        scheme, _, token = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._tokens.is_token(token.strip()):
            return secret({"url": self.link()})
        return self._owner.answer("POST", path, headers)


_NOT_YOURS = plain(403, "This page belongs to another user of this computer")


def _peer(scope: Scope) -> Peer:
    return peer_of(tuple(scope["client"]), tuple(scope["server"]))


def _origin(url: str | None) -> str | None:
    if url is None:
        return None
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _response(answer: PageResponse) -> Response:
    return Response(answer.body, answer.status, answer.headers)
