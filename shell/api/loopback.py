"""Loopback: the server on 127.0.0.1 that hands out the page and, in a browser, takes its calls.

It answers GET and HEAD of the index and of the built page's own files, and nothing else. The way to
the door (`/door`, a WebSocket) exists only when there are tabs to serve. Every request has to name
this server as its Host, or a foreign page could reach it under a name of its own.
"""

import asyncio
import socket
from typing import TYPE_CHECKING

import uvicorn
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from shell.api.assets import Page
from shell.api.listener import HOST, address_of

if TYPE_CHECKING:
    from shell.api.tabs import Tabs

DOOR = "/door"
MAX_MESSAGE_BYTES = 33_000_000
"""A batch has at most 32 million characters."""
PING_S = 10.0

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-DNS-Prefetch-Control": "off",
}
_INDEX_HEADERS = {
    **_HEADERS,
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_FOREVER = {**_HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}


class Loopback:
    """Serves from `start()` to `stop()`, on the loop that both run on.

    Args:
        listener: where connections come in; closed by `stop()`.
        page: the built page, or None when it is served by somebody else (Vite).
        tabs: takes the browser's tabs; None when there is no browser, and thus no door.
        dev_origin: the origin of a page that is served by Vite, which the door then accepts too.
    """

    def __init__(
        self,
        listener: socket.socket,
        page: Page | None,
        tabs: "Tabs | None" = None,
        dev_origin: str | None = None,
    ) -> None:
        self.address = address_of(listener)
        self._listener = listener
        self._tabs = tabs
        port = listener.getsockname()[1]
        self._hosts = {f"{HOST}:{port}", f"localhost:{port}"}
        self._dev_origin = dev_origin
        self._resources: dict[str, Response] = {}
        if page is not None:
            index = page.index("pywebview" if tabs is None else "loopback")
            self._resources["/"] = Response(
                index, media_type="text/html; charset=utf-8", headers=_INDEX_HEADERS
            )
            for path, asset in page.assets.items():
                headers = {**_FOREVER, "Content-Type": asset.content_type}
                self._resources[path] = Response(asset.body, headers=headers)
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._answer,
                lifespan="off",
                interface="asgi3",
                http="h11",
                ws="websockets-sansio" if tabs is not None else "none",
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
        if self._tabs is not None:
            await self._tabs.close()
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    # --- inside -----------------------------------------------------------------------------

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        refusal = self._refusal(headers, door=scope["type"] == "websocket")
        if scope["type"] == "websocket":
            websocket = WebSocket(scope, receive, send)
            if refusal is None and scope["path"] == DOOR and self._tabs is not None:
                await self._tabs.serve(websocket)
            else:
                await websocket.send_denial_response(refusal or _plain(404, "Not found"))
            return
        response = refusal or self._resources.get(scope["path"]) or _plain(404, "Not found")
        if scope["method"] not in ("GET", "HEAD") and response.status_code != 421:
            response = _plain(405, "Only GET and HEAD", {"Allow": "GET, HEAD"})
        await response(scope, receive, send)

    def _refusal(self, headers: Headers, *, door: bool) -> Response | None:
        host, origin = headers.get("host", ""), headers.get("origin")
        from_dev = door and origin is not None and origin == self._dev_origin
        if from_dev and origin == f"http://{host}":
            return None  # through Vite, which passes on the name that it was called by
        if host not in self._hosts:
            return _plain(421, "This address is not served here")
        if from_dev:
            return None
        if origin != f"http://{host}" and (door or origin is not None):
            return _plain(403, "Not from another site")
        site = headers.get("sec-fetch-site", "none")
        # A link on another site may lead here, as to any page; a frame may not show it.
        followed = not door and headers.get("sec-fetch-dest") == "document"
        if site not in ("same-origin", "none") and not followed:
            return _plain(403, "Not from another site")
        return None


def _plain(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, {**_HEADERS, **(headers or {})})
