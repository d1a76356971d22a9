"""The connection to an endpoint: what a request carries, what it never does, how faults surface.

The SDKs build the requests; everything that matters to safety is decided here, under them: no
redirect is followed, no header leaves that was not meant to, an error answer is read up to a limit
and classed before any SDK sees it.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from shell import __version__
from shell.errors import ErrorCode, ProviderError
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.errors import from_status, interrupted, not_a_stream

if TYPE_CHECKING:
    import httpx2

CONNECT_S = 15.0
WRITE_S = 60.0
MAX_ERROR_BYTES = 65_536
ERROR_BODY_S = 5.0
"""An error answer that does not end is judged by what has arrived until then."""
KEEP_ALIVE_S = 20.0
DRAIN_S = 0.3
"""A server that keeps the connection open after the end loses it."""
EVENT_STREAM = "text/event-stream"

_CARRIED = frozenset(
    {
        "accept",
        "accept-encoding",
        "anthropic-beta",
        "anthropic-version",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
    }
)
"""The headers that a request may carry besides the key and the user's own. The SDKs would add
others: facts about this machine, and what environment variables hold for some other service."""

_TALKATIVE = ("anthropic", "httpcore2", "httpx2", "openai")
"""Loggers that write addresses and headers, in which a key can stand, at DEBUG and INFO."""


def http_client(endpoint: Endpoint, key: Mapping[str, str]) -> "httpx2.AsyncClient":
    """A client for this endpoint only. Slow (certificates): make it in a worker thread.

    Args:
        endpoint: where its requests go.
        key: the header that carries the key; empty when there is none.

    Raises:
        ProviderError: INVALID_REQUEST when the proxy settings cannot be used.
    """
    import httpx2

    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    meant = {"user-agent": f"Tidewire/{__version__}", **key, **endpoint.headers}

    async def only_what_is_meant(request: httpx2.Request) -> None:
        for name in [name for name in request.headers if name.lower() not in _CARRIED]:
            del request.headers[name]
        request.headers["accept-encoding"] = "identity"  # compression holds back small pieces
        request.headers.update(meant)

    async def class_errors(response: httpx2.Response) -> None:
        # Nobody asked for compression. Packed once it still is bearable, since an answer is read
        # 64 kB at a time; packed twice, each of those pieces can become 64 GB.
        if "," in ",".join(response.headers.get_list("content-encoding")):
            raise endpoint.error(
                ErrorCode.PROTOCOL_ERROR, "The server compressed its answer more than once."
            )
        if response.status_code >= 300:
            body = await _beginning(response)
            raise from_status(endpoint, response.status_code, response.headers, body)

    try:
        return httpx2.AsyncClient(
            timeout=httpx2.Timeout(None, connect=CONNECT_S, write=WRITE_S),
            limits=httpx2.Limits(
                # On this machine a new connection costs nothing, and small servers drop old ones
                # just when they are used again.
                max_keepalive_connections=0 if endpoint.on_this_machine else None,
                keepalive_expiry=KEEP_ALIVE_S,
            ),
            follow_redirects=False,
            trust_env=not endpoint.on_this_machine,
            verify=_no_certificates() if endpoint.on_this_machine_in_plain else True,
            event_hooks={"request": [only_what_is_meant], "response": [class_errors]},
        )
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise endpoint.error(
            ErrorCode.INVALID_REQUEST, f"The proxy settings of this machine cannot be used: {error}"
        ) from None


def _no_certificates() -> ssl.SSLContext:
    """Trusts nobody: reading the certificates takes longer than connecting without them."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def stream_type(endpoint: Endpoint, headers: Mapping[str, str]) -> str:
    """The media type of an answer with a good status.

    Raises:
        ProviderError: PROTOCOL_ERROR when it cannot be what was asked for.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in {EVENT_STREAM, "application/json", "text/plain", ""}:
        raise not_a_stream(endpoint, media_type)
    return media_type


def classed(endpoint: Endpoint, error: Exception, *, answering: bool) -> ProviderError:
    """What anything that a connection or an SDK raises means.

    Args:
        endpoint: whom it happened with.
        error: what was raised.
        answering: whether the answer had begun.
    """
    import httpx2

    cause: BaseException | None = error
    while cause is not None:  # the SDKs wrap what happens under them
        if isinstance(cause, ProviderError):
            return cause
        if isinstance(cause, httpx2.TransportError | httpx2.StreamError):
            return interrupted(endpoint, cause, answering=answering)
        if isinstance(cause, httpx2.DecodingError):
            return endpoint.error(ErrorCode.PROTOCOL_ERROR, "The server's compression is damaged.")
        if isinstance(cause, httpx2.InvalidURL):
            return endpoint.error(ErrorCode.INVALID_REQUEST, "The base URL is not valid.")
        cause = cause.__cause__
    return endpoint.error(
        ErrorCode.UNKNOWN_ERROR, f"Failed unexpectedly ({type(error).__name__}): {error}"
    )


async def drain(pieces: AsyncIterator[bytes]) -> None:
    """Read the end of an answer that is complete, so that its connection can be used again."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            async for _ in pieces:
                pass


async def _beginning(response: "httpx2.Response") -> bytes:
    import httpx2

    body = bytearray()
    try:
        async with asyncio.timeout(ERROR_BODY_S):
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) >= MAX_ERROR_BYTES:
                    break
    except (TimeoutError, httpx2.HTTPError):
        pass  # the status says enough
    return bytes(body[:MAX_ERROR_BYTES])
