"""Serves the page to the program's own windows, whose calls come through the web view.

It is small, because every window waits for it: a server that also speaks WebSocket takes five times
as long to load.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable
from urllib.parse import unquote

import h11

from shell.bridge.appearance import Appearance
from shell.bridge.listener import address_of
from shell.bridge.owner import OwnerCommands
from shell.bridge.page import Page
from shell.bridge.responses import PageResponse, Resources, plain

IDLE_S = 30.0
"""Time without a request after which a connection is closed."""
CHUNK_BYTES = 65_536


class PageServer:
    """Serves from `start()` to `stop()`, on the loop that both run on.

    Args:
        listener: accepts the connections; closed by `stop()`.
        page: the built page; None when Vite serves it.
        appearance: returns the appearance, for each load of the page.
        owner: answers the owner's other processes.
    """

    def __init__(
        self,
        listener: socket.socket,
        page: Page | None,
        appearance: Callable[[], Appearance] = Appearance,
        owner: OwnerCommands | None = None,
    ) -> None:
        self.address = address_of(listener)
        self._listener = listener
        self._resources = Resources(listener.getsockname()[1], page, "pywebview", appearance)
        self._owner = owner
        self._starting: asyncio.Task[asyncio.Server] | None = None
        self._connections: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Start to answer. Earlier connections have waited in the listener's queue."""
        serving = asyncio.start_server(self._accept, sock=self._listener)
        self._starting = asyncio.get_running_loop().create_task(serving, name="page server")

    async def stop(self) -> None:
        """Close every connection."""
        if self._starting is None:
            self._listener.close()
            return
        (await self._starting).close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    # --- inside -----------------------------------------------------------------------------

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(OSError, TimeoutError):  # the client has disconnected
                await self._exchange(reader, writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        finally:
            # `stop` must not wait for a page that no longer reads. A closed transport fails here.
            if writer.get_extra_info("socket").fileno() >= 0:
                writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        try:
            while (request := await _request(connection, reader)) is not None:
                await _send(connection, writer, self._answer(request), request)
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    return
                connection.start_next_cycle()
        except h11.RemoteProtocolError:
            with contextlib.suppress(h11.LocalProtocolError):
                await _send(connection, writer, plain(400, "This is no request"), None)

    def _answer(self, request: h11.Request) -> PageResponse:
        headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
        path = unquote(request.target.decode("latin-1").partition("?")[0])
        method, answer = request.method.decode(), None
        if self._owner is not None and self._resources.refusal(headers, door=False) is None:
            answer = self._owner.answer(method, path, headers)
        return answer or self._resources.answer(method, path, headers)


async def _request(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Request | None:
    """Read the next request; None when the other side has closed the connection."""
    request = await _next(connection, reader)
    if not isinstance(request, h11.Request):
        return None
    if not _has_body(request):
        await _next(connection, reader)  # its end
    return request


async def _next(connection: h11.Connection, reader: asyncio.StreamReader) -> object:
    while (event := connection.next_event()) is h11.NEED_DATA:
        connection.receive_data(await asyncio.wait_for(reader.read(CHUNK_BYTES), IDLE_S))
    return event


async def _send(
    connection: h11.Connection,
    writer: asyncio.StreamWriter,
    answer: PageResponse,
    request: h11.Request | None,
) -> None:
    headers = [*answer.headers.items(), ("Content-Length", str(len(answer.body)))]
    # No body is read here, so a request with a body is the last one of its connection.
    if request is None or _has_body(request):
        headers.append(("Connection", "close"))
    events: list[h11.Event] = [h11.Response(status_code=answer.status, headers=headers)]
    if request is None or request.method != b"HEAD":
        events.append(h11.Data(data=answer.body))
    for event in (*events, h11.EndOfMessage()):
        writer.write(connection.send(event) or b"")
    await writer.drain()


def _has_body(request: h11.Request) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in request.headers)
