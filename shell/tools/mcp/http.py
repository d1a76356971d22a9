"""Connects to a server at an address. Imports the SDK, so it is imported only at the first use."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
from mcp.client.sse import sse_client
from mcp.client.streamable_http import streamable_http_client

from shell import __version__
from shell.errors import ToolFailed
from shell.providers.http.endpoint import Endpoint
from shell.tools.asker import ANSWER_S, LONGEST_CALL_S

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

CONNECT_S = 15.0
READ_S = ANSWER_S + LONGEST_CALL_S
"""The longest time without a byte from the server: it may say nothing while a person answers its
question, and nothing for the rest of the call."""
MAX_BODY_BYTES = 16_000_000
"""Longest answer that is not a stream: a file of 10 MB in base64, with room for the rest."""
MAX_EVENT_BYTES = 16_000_000


@asynccontextmanager
async def http_transport(
    url: str, headers: Mapping[str, str], auth: httpx2.Auth | None, *, is_sse: bool
) -> "AsyncIterator[TransportStreams]":
    """Connect to an address. Follows redirects only within its origin.

    Args:
        url: https, or http on this machine.
        headers: sent with every request.
        auth: signs requests. None for a server without a sign-in.
        is_sse: whether the server uses the SSE transport of the protocol of 2024.

    Raises:
        ShellError: the address is not safe.
    """

    def client(
        headers: dict[str, str] | None = None,
        timeout: httpx2.Timeout | None = None,
        auth: httpx2.Auth | None = auth,
    ) -> httpx2.AsyncClient:
        streaming = {"GET"} if is_sse else {"GET", "POST"}
        return new_client(url, READ_S, headers, auth, streaming)

    if is_sse:
        async with sse_client(
            url, dict(headers), httpx_client_factory=client, auth=auth
        ) as streams:
            yield streams
        return
    async with (
        client(dict(headers)) as opened,
        streamable_http_client(
            url, http_client=opened, max_sse_event_size=MAX_EVENT_BYTES
        ) as streams,
    ):
        yield streams


def new_client(
    url: str,
    read_s: float,
    headers: Mapping[str, str] | None = None,
    auth: httpx2.Auth | None = None,
    streaming: Collection[str] = (),
) -> httpx2.AsyncClient:
    """Make the HTTP client for a server, or for its authorization server.

    Args:
        url: the server's address. A server on this machine is contacted without a proxy.
        read_s: how long it may take to answer.
        headers: sent with every request.
        auth: signs requests.
        streaming: the methods of requests whose answer may be a stream of events. A stream may be
            of any length, as its reader limits each event; other answers have `MAX_BODY_BYTES`.

    Raises:
        ShellError: the address is not safe.
    """
    endpoint = Endpoint("mcp", "The server", url, key_required=False)
    endpoint.check()

    async def limit(response: httpx2.Response) -> None:
        if response.headers.get("content-encoding", "").strip().lower() not in ("", "identity"):
            # A few bytes can become gigabytes, before anything counts them.
            text = "The server compresses its answers although it is asked not to."
            raise ToolFailed(f"{text} Turn that off at the server.")
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        may_stream = response.request.method in streaming and response.status_code == 200
        if not may_stream or kind != "text/event-stream":
            response.stream = _Limited(response.stream)

    return httpx2.AsyncClient(
        headers={
            "user-agent": f"Tidewire/{__version__}",
            "accept-encoding": "identity",
            # In lower case, so that a header of the user's replaces ours.
            **{name.lower(): value for name, value in (headers or {}).items()},
        },
        timeout=httpx2.Timeout(CONNECT_S, read=read_s),
        auth=auth,
        follow_redirects=False,
        trust_env=not endpoint.on_this_machine,
        event_hooks={"response": [limit]},
    )


class _TooLong(ToolFailed, httpx2.StreamError):
    """An answer has more than `MAX_BODY_BYTES`. As a `StreamError` it ends this answer alone; the
    SDK would close the connection for another error.
    """


class _Limited(httpx2.AsyncByteStream):
    """Ends with an error after `MAX_BODY_BYTES`."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for piece in self._stream:
            read += len(piece)
            if read > MAX_BODY_BYTES:
                text = f"The server's answer is longer than {MAX_BODY_BYTES // 1_000_000} MB."
                raise _TooLong(text)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()
