"""Receives the OAuth redirect with which the browser comes back from a sign-in."""

import asyncio
import contextlib
import secrets
from typing import Self
from urllib.parse import parse_qs, urlsplit

from mcp.shared.auth import AuthorizationCodeResult

from shell.errors import ToolFailed
from shell.support.futures import read_exception

HOST = "127.0.0.1"
PATH = "/callback"
WAIT_S = 300.0
"""How long a person may take to sign in."""
READ_S = 10.0
"""How long the browser may take to send its request."""
MAX_REQUEST_BYTES = 32_000
MAX_REASON = 200
_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Tidewire</title>'
    "<p>{text} You can close this page.</p></html>"
)


class Redirect:
    """An HTTP server on this machine for one redirect. A context manager.

    Args:
        port: the port to listen on, 0 for any free one.
    """

    state = ""
    """The `state` that a redirect must repeat, because any page can send requests here."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._result: asyncio.Future[AuthorizationCodeResult]
        self._result = asyncio.get_running_loop().create_future()
        self._result.add_done_callback(read_exception)

    @property
    def address(self) -> str:
        """The redirect URI."""
        return f"http://{HOST}:{self._port}{PATH}"

    async def __aenter__(self) -> Self:
        try:
            self._server = await asyncio.start_server(
                self._serve, HOST, self._port, limit=MAX_REQUEST_BYTES
            )
        except OSError as error:
            text = f"The port {self._port} for the sign-in is taken ({error.strerror})."
            raise ToolFailed(text) from None
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
            for writer in self._writers:  # a browser holds connections that it does not use
                writer.close()
            await self._server.wait_closed()

    async def wait(self) -> AuthorizationCodeResult:
        """Wait for the authorization code.

        Raises:
            ToolError: the authorization server has refused, or nobody signed in within `WAIT_S`.
        """
        try:
            return await asyncio.wait_for(self._result, WAIT_S)
        except TimeoutError:
            raise ToolFailed(f"Nobody has signed in within {WAIT_S / 60:.0f} minutes.") from None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), READ_S)
            status, text = self._handle_request(head.decode("latin-1").split("\r\n")[0])
            body = _PAGE.format(text=text).encode()
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
                f"Content-Length: {len(body)}\r\nConnection: close\r\nCache-Control: no-store\r\n"
                "Referrer-Policy: no-referrer\r\n"
                "Content-Security-Policy: default-src 'none'\r\n\r\n".encode()
                + body
            )
            await writer.drain()
        except (OSError, ValueError, EOFError, asyncio.LimitOverrunError):
            pass  # the client was no browser
        finally:
            self._writers.discard(writer)
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def _handle_request(self, line: str) -> tuple[str, str]:
        """Handle the first line of a request. Returns the status and the text of the response."""
        method, target, _ = line.split(" ")
        parts = urlsplit(target)
        if method != "GET" or parts.path != PATH:
            return "404 Not Found", "There is nothing here."
        fields = {name: values[0] for name, values in parse_qs(parts.query).items()}
        state = fields.get("state", "").encode()
        if not self.state or not secrets.compare_digest(state, self.state.encode()):
            return "400 Bad Request", "This is no answer to the sign-in."
        if self._result.done():
            return "200 OK", "The sign-in has ended."
        if code := fields.get("code"):
            self._result.set_result(
                AuthorizationCodeResult(code=code, state=self.state, iss=fields.get("iss"))
            )
            return "200 OK", "Tidewire goes on with the sign-in."
        reason = fields.get("error_description") or fields.get("error") or "It does not say why."
        text = f"The sign-in was refused: {reason[:MAX_REASON]}"
        self._result.set_exception(ToolFailed(text))
        return "200 OK", "The sign-in was refused."
