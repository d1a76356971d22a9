"""A small SOCKS5 server that connects every client to one port of this machine."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.providers.listening import listening

NO_PASSWORD, PASSWORD, REFUSED = 0, 2, 0xFF


@dataclass
class SocksServer:
    """Keeps the requested destinations, and the users with their passwords."""

    target: int
    user: bytes | None = None
    """The required `name:password`. None admits every client."""
    port: int = 0
    destinations: list[str] = field(default_factory=list)
    users: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                if await self._greet(reader, writer):
                    await self._connect(reader, writer)
        finally:
            await _close(writer)

    async def _greet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        version, count = await reader.readexactly(2)
        offered = await reader.readexactly(count)
        method = NO_PASSWORD if self.user is None else PASSWORD
        writer.write(bytes([version, method if method in offered else REFUSED]))
        if method not in offered or self.user is None:
            return method in offered
        _, length = await reader.readexactly(2)
        name = await reader.readexactly(length)
        password = await reader.readexactly((await reader.readexactly(1))[0])
        self.users.append(name + b":" + password)
        is_right = self.users[-1] == self.user
        writer.write(bytes([1, 0 if is_right else 1]))
        return is_right

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, _, _, kind = await reader.readexactly(4)
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            family = socket.AF_INET if kind == 1 else socket.AF_INET6
            host = socket.inet_ntop(family, await reader.readexactly(4 if kind == 1 else 16))
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.destinations.append(f"{host}:{port}")
        their_reader, their_writer = await asyncio.open_connection("127.0.0.1", self.target)
        writer.write(b"\x05\0\0\x01\0\0\0\0\0\0")
        try:
            await asyncio.gather(_pass(reader, their_writer), _pass(their_reader, writer))
        finally:
            await _close(their_writer)


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


@asynccontextmanager
async def socks_server(target: int, user: bytes | None = None) -> AsyncGenerator[SocksServer, None]:
    """Run a server. The end closes every connection."""
    server = SocksServer(target, user)
    async with listening(server.serve) as server.port:
        yield server
