"""Servers at an address that break the protocol: real sockets, no real server."""

import asyncio
import base64
import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from shell.errors import ErrorCode, ToolError
from shell.tools.mcp import offerings
from shell.tools.mcp import servers as all_servers
from shell.tools.mcp.configuration import ServerSpec
from shell.tools.mcp.http import new_client
from shell.tools.registry import Tools
from tests.tools.mcp_servers import ignore

pytestmark = pytest.mark.anyio
Reply = Callable[[dict[str, object], asyncio.StreamWriter], Awaitable[None]]
TOOL = {"name": "go", "inputSchema": {"type": "object"}}


class Remote:
    """A server over HTTP that answers correctly, except for calls, which `reply` answers."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.requests: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection, request by request."""
        try:
            while True:
                head, message = await read_request(reader)
                self.requests.append(head)
                await self._answer(head, message, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answer(
        self, head: str, message: dict[str, object], writer: asyncio.StreamWriter
    ) -> None:
        if not head.startswith("POST"):
            write(writer, 405, b"")
        elif "id" not in message:
            write(writer, 202, b"")
        elif message["method"] == "initialize":
            result = {
                "protocolVersion": "2025-06-18",
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "remote", "version": "1"},
            }
            answer(writer, message, result)
        elif message["method"] == "tools/list":
            answer(writer, message, {"tools": [TOOL]})
        elif message["method"] == "tools/call":
            await self._reply(message, writer)
        else:
            error = {"code": -32_601, "message": "unknown"}
            text = {"jsonrpc": "2.0", "id": message["id"], "error": error}
            write(writer, 200, json.dumps(text).encode())
        await writer.drain()


async def read_request(reader: asyncio.StreamReader) -> tuple[str, dict[str, object]]:
    """Read a request. Returns its head, and the message in its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lengths = [line for line in head.lower().splitlines() if "content-length" in line]
    body = await reader.readexactly(int(lengths[0].partition(":")[2]) if lengths else 0)
    message: dict[str, object] = json.loads(body) if body else {}
    return head, message


def write(
    writer: asyncio.StreamWriter,
    status: int,
    body: bytes,
    kind: str = "application/json",
    encoding: str = "identity",
) -> None:
    head = f"HTTP/1.1 {status} Told\r\nContent-Type: {kind}\r\nContent-Encoding: {encoding}\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def answer(writer: asyncio.StreamWriter, message: dict[str, object], result: object) -> None:
    text = {"jsonrpc": "2.0", "id": message["id"], "result": result}
    write(writer, 200, json.dumps(text).encode())


async def tools_of(folder: Path, spec: ServerSpec) -> Tools:
    """The tools of one server, agreed to and switched on."""
    tools = Tools(folder, {"HEADER": "s3cret-value"})
    await tools.servers.add("there", spec)
    await tools.servers.agree("there", spec.identity)
    await tools.servers.enable("there", True)
    return tools


@asynccontextmanager
async def remote(folder: Path, reply: Reply) -> AsyncIterator[tuple[Tools, Remote]]:
    """The tools of one server at an address of this machine."""
    remote_server = Remote(reply)
    async with await asyncio.start_server(remote_server.serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
        tools = await tools_of(folder, ServerSpec(url=url, headers={"X-Key": "${HEADER}"}))
        yield tools, remote_server
        await tools.close()


async def send_100_mb(writer: asyncio.StreamWriter, kind: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n"
    writer.write(f"{head}Content-Length: 100000000\r\n\r\n".encode())
    for _ in range(1_000):
        writer.write(b" " * 100_000)
        await writer.drain()


async def garbage(message: dict[str, object], writer: asyncio.StreamWriter) -> None:
    write(writer, 200, b"\xff{[garbage", "application/json")


async def a_page(message: dict[str, object], writer: asyncio.StreamWriter) -> None:
    write(writer, 200, b"<html>Log in</html>", "text/html")


async def a_failure(message: dict[str, object], writer: asyncio.StreamWriter) -> None:
    write(writer, 500, b"s3cret-value is not right")


async def endless(message: dict[str, object], writer: asyncio.StreamWriter) -> None:
    await send_100_mb(writer, "application/json")


async def disguised(message: dict[str, object], writer: asyncio.StreamWriter) -> None:
    await send_100_mb(writer, "application/json; x=text/event-stream")


async def compressed(message: dict[str, object], writer: asyncio.StreamWriter) -> None:
    result = {"content": [{"type": "text", "text": " " * 1_000_000}]}
    text = {"jsonrpc": "2.0", "id": message["id"], "result": result}
    write(writer, 200, gzip.compress(json.dumps(text).encode()), encoding="gzip")


async def closes(message: dict[str, object], writer: asyncio.StreamWriter) -> None:
    writer.close()


async def elsewhere(message: dict[str, object], writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 307 Gone\r\nLocation: http://127.0.0.2:9/\r\nContent-Length: 0\r\n\r\n")


async def repeats(message: dict[str, object], writer: asyncio.StreamWriter) -> None:
    answer(writer, message, {"content": [{"type": "text", "text": "gone"}]})


@pytest.mark.parametrize("reply", [garbage, a_page, a_failure, endless, closes, elsewhere])
async def test_what_a_hostile_address_answers_is_a_failed_call(
    tmp_path: Path, reply: Reply
) -> None:
    async with remote(tmp_path, reply) as (tools, server):
        with pytest.raises(ToolError) as raised:
            await asyncio.wait_for(tools.call("go", {}, ignore), 60)
        assert raised.value.code is ErrorCode.TOOL_FAILED
        assert "s3cret" not in raised.value.message
        server._reply = repeats
        assert await tools.call("go", {}, ignore) == "gone", "the next one works"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (endless, "longer than 16 MB"),
        (disguised, "longer than 16 MB"),
        (compressed, "connection has ended"),
    ],
)
async def test_no_answer_of_an_address_fills_the_memory(
    tmp_path: Path, reply: Reply, reason: str
) -> None:
    async with remote(tmp_path, reply) as (tools, server):
        with pytest.raises(ToolError, match=reason):
            await asyncio.wait_for(tools.call("go", {}, ignore), 60)
        assert all("accept-encoding: identity" in each.lower() for each in server.requests)


async def test_no_answer_of_an_authorization_server_fills_the_memory() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            head, _ = await read_request(reader)
            if "/stream" in head:
                await send_100_mb(writer, "text/event-stream")
            else:
                write(writer, 200, gzip.compress(b"{}"), encoding="gzip")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with new_client(url, 60) as client:
            with pytest.raises(ToolError, match="longer than 16 MB"):
                await client.post(f"{url}/stream")
            with pytest.raises(ToolError, match="compresses its answers"):
                await client.post(f"{url}/compressed")


async def test_an_address_gets_the_chosen_headers_and_none_besides(tmp_path: Path) -> None:
    async with remote(tmp_path, repeats) as (tools, server):
        assert await tools.call("go", {}, ignore) == "gone"
        names = {
            line.partition(":")[0].lower()
            for request in server.requests
            for line in request.split("\r\n")[1:]
            if line
        }
        assert all("x-key: s3cret-value" in request.lower() for request in server.requests)
    plain = {"host", "accept", "accept-encoding", "connection", "content-length", "content-type"}
    assert {name for name in names - plain if not name.startswith("mcp-")} == {
        "user-agent",
        "x-key",
    }


class Streaming:
    """A server of the transport of 2024, which sends every answer on one stream."""

    def __init__(self) -> None:
        self.streams: list[asyncio.StreamWriter] = []
        self.text = "gone"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection, request by request."""
        try:
            while True:
                head, message = await read_request(reader)
                if head.startswith("GET"):
                    self.streams.append(writer)
                    head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
                    writer.write(f"{head}event: endpoint\ndata: /messages\n\n".encode())
                    continue
                write(writer, 202, b"")
                if "id" in message:
                    text = json.dumps(self._reply(message))
                    self.streams[-1].write(f"event: message\ndata: {text}\n\n".encode())
                    await self.streams[-1].drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def _reply(self, message: dict[str, object]) -> dict[str, object]:
        capabilities: dict[str, object] = {"tools": {}, "resources": {}}
        results: dict[object, dict[str, object]] = {
            "initialize": {
                "protocolVersion": "2024-11-05",
                "capabilities": capabilities,
                "serverInfo": {"name": "streaming", "version": "1"},
            },
            "tools/list": {"tools": [TOOL]},
            "tools/call": {"content": [{"type": "text", "text": self.text}]},
            "resources/read": {"contents": [{"uri": "tide://high", "text": "gone"}]},
        }
        reply: dict[str, object] = {"error": {"code": -32_601, "message": "unknown"}}
        if message["method"] in results:
            reply = {"result": results[message["method"]]}
        return {"jsonrpc": "2.0", "id": message["id"], **reply}


@asynccontextmanager
async def with_streaming(folder: Path) -> AsyncIterator[tuple[Tools, Streaming]]:
    """The tools of one server of the transport of 2024, for at most 60 s."""
    streaming = Streaming()
    async with await asyncio.start_server(streaming.serve, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/sse"
        tools = await tools_of(folder, ServerSpec(url=url, type="sse"))
        async with asyncio.timeout(60):
            yield tools, streaming
        await tools.close()


async def call(tools: Tools) -> str:
    return await tools.call("go", {}, ignore)


async def read_resource(tools: Tools) -> str:
    (server,) = tools.servers.sources()
    (file,) = (await offerings.read_resource(server, "tide://high", {})).files
    return base64.b64decode(file.data).decode()


@pytest.mark.parametrize("use", [call, read_resource])
async def test_a_stream_that_was_cut_fails_one_use_and_is_opened_again_by_the_next(
    tmp_path: Path, use: Callable[[Tools], Awaitable[str]]
) -> None:
    async with with_streaming(tmp_path) as (tools, streaming):
        assert await use(tools) == "gone"
        streaming.streams[0].close()
        with pytest.raises(ToolError, match="connection has ended"):
            await use(tools)
        assert await use(tools) == "gone"
        assert len(streaming.streams) == 2


async def test_a_stream_with_an_answer_above_its_limit_is_opened_again(tmp_path: Path) -> None:
    async with with_streaming(tmp_path) as (tools, streaming):
        streaming.text = "a" * 1_000_000
        assert await call(tools) == streaming.text
        streaming.text = "a" * 1_100_000
        with pytest.raises(ToolError, match="connection has ended"):
            await call(tools)
        streaming.text = "gone"
        assert await call(tools) == "gone"


async def test_an_address_that_never_answers_is_told_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(all_servers, "START_S", 1.0)

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp"
        tools = await tools_of(tmp_path, ServerSpec(url=url))
        (tool,) = [each.tool for each in await tools.all() if each.tool.kind == "mcp"]
        assert tool.problem == "there does not answer within 1 s."
        await tools.close()
