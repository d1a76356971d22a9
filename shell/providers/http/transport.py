"""Makes the HTTP client of an endpoint, and turns everything that fails in it into errors.

The client follows no redirect, sends only allowed headers, and reads an error response up to a
limit.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING

from shell import __version__
from shell.errors import ErrorCode, ProviderError
from shell.providers.exchanges import Exchange
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.errors import connection_error, from_status

if TYPE_CHECKING:
    import httpx2

CONNECT_S = 15.0
WRITE_S = 60.0
MAX_ERROR_BYTES = 65_536
ERROR_BODY_S = 5.0
"""Limit on the time to read an error response. The part that has arrived is used."""
KEEP_ALIVE_S = 20.0
DRAIN_S = 0.3
"""How long to wait for the end of a response after its last event, before the connection closes."""

EXCHANGE = "tidewire_exchange"
"""The extension of a request under which its record is found."""

_ALLOWED_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "host",
        "transfer-encoding",
    }
)
"""The headers that a request may have, with those of its API and the user's own. Libraries add
others, such as facts about this machine."""

_VERBOSE_LOGGERS = ("httpcore2", "httpx2")
"""Loggers that write addresses and headers, in which a key can stand, at DEBUG and INFO."""


def http_client(endpoint: Endpoint, api_headers: Mapping[str, str]) -> "httpx2.AsyncClient":
    """Make a client for this endpoint. It loads certificates, so call it in a worker thread.

    Args:
        endpoint: the server. Its own headers replace those of the API.
        api_headers: the headers of the API, with the key.

    Raises:
        ProviderError: INVALID_REQUEST when the proxy settings cannot be used.
    """
    import httpx2

    for name in _VERBOSE_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    # In lower case, so that a header of the user's replaces another of the same name.
    own_headers = {"user-agent": f"Tidewire/{__version__}", **api_headers}
    own_headers |= {name.lower(): value for name, value in endpoint.headers.items()}

    async def filter_headers(request: httpx2.Request) -> None:
        for name in [name for name in request.headers if name.lower() not in _ALLOWED_HEADERS]:
            del request.headers[name]
        request.headers["accept-encoding"] = "identity"  # compression holds back small pieces
        request.headers.update(own_headers)

    async def check_response(response: httpx2.Response) -> None:
        # The request asked for no compression. A body that is compressed once is bearable, because
        # it is read 64 kB at a time. Compressed twice, each such piece can become 64 GB.
        if "," in ",".join(response.headers.get_list("content-encoding")):
            raise endpoint.error(
                ErrorCode.PROTOCOL_ERROR, "The server compressed its answer more than once."
            )
        exchange = exchange_of(response)
        if exchange is not None:
            exchange.respond(response.status_code, response.headers)
        if response.status_code >= 300:
            body = await _read_beginning(response)
            if exchange is not None:
                exchange.receive(body)
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
            event_hooks={"request": [filter_headers], "response": [check_response]},
        )
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise endpoint.error(
            ErrorCode.INVALID_REQUEST, f"The proxy settings of this machine cannot be used: {error}"
        ) from None


def exchange_of(response: "httpx2.Response") -> Exchange | None:
    """The record of a response, if its run is recorded."""
    exchange = response.request.extensions.get(EXCHANGE)
    return exchange if isinstance(exchange, Exchange) else None


def _no_certificates() -> ssl.SSLContext:
    """Make a context without certificates. Loading them takes longer than a local connection."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def classify_error(endpoint: Endpoint, error: Exception, *, answering: bool) -> ProviderError:
    """Turn anything that a connection raises into a `ProviderError`."""
    import httpx2

    cause: BaseException | None = error
    while cause is not None:  # httpx2 wraps the errors of the layers below
        if isinstance(cause, ProviderError):
            return cause
        if isinstance(cause, httpx2.TransportError | httpx2.StreamError):
            return connection_error(endpoint, cause, answering=answering)
        if isinstance(cause, httpx2.DecodingError):
            return endpoint.error(
                ErrorCode.PROTOCOL_ERROR, "The server sent damaged compressed data."
            )
        if isinstance(cause, httpx2.InvalidURL):
            return endpoint.error(ErrorCode.INVALID_REQUEST, "The base URL is not valid.")
        cause = cause.__cause__
    return endpoint.error(
        ErrorCode.UNKNOWN_ERROR, f"Failed unexpectedly ({type(error).__name__}): {error}"
    )


async def drain(pieces: AsyncIterator[bytes]) -> None:
    """Read the rest of a complete response, so that its connection can be used again."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_S):
            async for _ in pieces:
                pass


async def _read_beginning(response: "httpx2.Response") -> bytes:
    import httpx2

    body = bytearray()
    try:
        async with asyncio.timeout(ERROR_BODY_S):
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) >= MAX_ERROR_BYTES:
                    break
    except (TimeoutError, httpx2.HTTPError):
        pass  # the status is enough
    return bytes(body[:MAX_ERROR_BYTES])
