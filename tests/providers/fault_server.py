"""A small HTTP server whose answers a test controls byte by byte, also invalid ones."""

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.providers.listening import listening

SSE = "text/event-stream; charset=utf-8"


@dataclass(frozen=True)
class Received:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    raw: bytes

    @property
    def json(self) -> dict[str, object]:
        parsed = json.loads(self.body)
        assert isinstance(parsed, dict)
        return parsed


class Exchange:
    """One request and the connection it came on."""

    def __init__(self, request: Received, writer: asyncio.StreamWriter) -> None:
        self.request = request
        self._writer = writer
        self._chunked = False

    async def head(
        self, status: int = 200, media_type: str = SSE, headers: dict[str, str] | None = None
    ) -> None:
        """Send the status line and headers of a chunked answer."""
        self._chunked = True
        lines = [f"HTTP/1.1 {status} x", f"content-type: {media_type}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        await self.raw("\r\n".join([*lines, "transfer-encoding: chunked", "", ""]).encode())

    async def send(self, *pieces: bytes) -> None:
        """Send pieces of the body, each in its own chunk and write."""
        for piece in pieces:
            await self.raw(b"%x\r\n%s\r\n" % (len(piece), piece))

    async def raw(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def end(self) -> None:
        """Send the last chunk, which ends the body."""
        await self.raw(b"0\r\n\r\n")

    async def answer(
        self,
        status: int,
        body: bytes | dict[str, object] | list[object],
        media_type: str = "application/json",
        headers: dict[str, str] | None = None,
    ) -> None:
        """Send a whole answer."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        await self.head(status, media_type, headers)
        if data:
            await self.send(data)
        await self.end()

    def reset(self) -> None:
        """Break the connection so that the other side sees a reset."""
        connection = self._writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


Scene = Callable[[Exchange], Awaitable[None]]


@dataclass
class FaultServer:
    """Answers every request with `scene`, and keeps the requests."""

    scene: Scene
    port: int = 0
    requests: list[Received] = field(default_factory=list)
    connections: int = 0
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when a client disconnects in the middle of a scene."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                await self._play(Exchange(request, writer), reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.disconnected.set()
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _play(self, exchange: Exchange, reader: asyncio.StreamReader) -> None:
        """Play the scene until it ends or the client disconnects."""
        playing = asyncio.ensure_future(self.scene(exchange))
        disconnect = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({playing, disconnect}, return_when=asyncio.FIRST_COMPLETED)
            if playing.done():
                playing.result()
            else:
                self.disconnected.set()
                raise ConnectionAbortedError
        finally:
            for task in (playing, disconnect):
                task.cancel()
            await asyncio.gather(playing, disconnect, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Received | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(method, path, headers, body, head + body)


@asynccontextmanager
async def fault_server(scene: Scene) -> AsyncGenerator[FaultServer, None]:
    """Run a server. The end closes every connection."""
    server = FaultServer(scene)
    async with listening(server.serve) as server.port:
        yield server
