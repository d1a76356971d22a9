"""The server of the program's own windows: content types and shutdown."""

import asyncio
import socket
from pathlib import Path

import pytest

from shell.bridge.desktop.page_server import PageServer
from shell.bridge.listener import listen
from shell.bridge.page import Asset, Page, load_folder
from tests.host_process import PATIENCE_S

pytestmark = pytest.mark.anyio
BIG = b"x" * 50_000_000
"""More than the buffers of any socket."""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def test_a_page_that_does_not_read_does_not_hold_up_the_end() -> None:
    server = PageServer(listen(0), Page({"/big": Asset(BIG, "text/javascript")}, lambda *_: b""))
    server.start()
    host, port = "127.0.0.1", int(server.address.rpartition(":")[2])
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setblocking(False)
        await loop.sock_connect(client, (host, port))
        await loop.sock_sendall(
            client, f"GET /big HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
        )
        assert await loop.sock_recv(client, 4) == b"HTTP"  # and nothing more is read
        await asyncio.wait_for(server.stop(), PATIENCE_S)


async def test_what_was_asked_for_comes_whole_before_a_connection_is_closed() -> None:
    server = PageServer(listen(0), Page({"/big": Asset(BIG, "text/javascript")}, lambda *_: b""))
    server.start()
    host, port = "127.0.0.1", int(server.address.rpartition(":")[2])
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(f"GET /big HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
    answer = await asyncio.wait_for(reader.read(), PATIENCE_S)
    assert answer.endswith(BIG)
    writer.close()
    await server.stop()


async def test_a_connection_that_closes_before_all_is_written_ends_without_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    # With small buffers, a slow reader leaves a rest that is written after the closing.
    listener = listen(0)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    body = b"x" * 200_000
    server = PageServer(listener, Page({"/big": Asset(body, "text/javascript")}, lambda *_: b""))
    server.start()
    host, port = "127.0.0.1", int(server.address.rpartition(":")[2])
    loop, answer = asyncio.get_running_loop(), b""
    with socket.socket() as client:
        client.setblocking(False)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await loop.sock_connect(client, (host, port))
        await loop.sock_sendall(
            client,
            f"GET /big HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode(),
        )
        while received := await asyncio.wait_for(loop.sock_recv(client, 2048), PATIENCE_S):
            answer += received
    await server.stop()
    assert answer.endswith(body)
    assert not caplog.records


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("module.mjs", "text/javascript; charset=utf-8"),
        ("SCRIPT.JS", "text/javascript; charset=utf-8"),
        ("script.js.map", "application/json"),
        ("about.html", "text/html; charset=utf-8"),
        ("face.ttf", "font/ttf"),
        ("face.woff", "font/woff"),
        ("site.webmanifest", "application/manifest+json"),
        ("unknown.xyz", "application/octet-stream"),
    ],
)
def test_files_of_a_page_have_the_types_that_browsers_insist_on(
    tmp_path: Path, name: str, content_type: str
) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert load_folder(tmp_path)[f"/{name}"].content_type == content_type
