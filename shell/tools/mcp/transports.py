"""Opens the streams of servers, with the values and the sign-in that they need."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shell.errors import ToolError, ToolFailed
from shell.providers.keys import Keys
from shell.tools.mcp.configuration import (
    KEPT,
    ServerSpec,
    client_secret_name,
    expanded,
    sign_in_name,
)
from shell.tools.mcp.stdio import Command, Output, allowed_environment, stdio_transport
from shell.tools.search_path import joined_path, resolved, search_path

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

    from shell.tools.mcp.sign_in import OpenBrowser, SignIn

FOLDER = "mcp"
"""Has the working directory of each server that was given no other."""
TOKEN_S = 30.0
"""How long an authorization server may take to answer."""


class Transports:
    """One per host. Loop thread only.

    Args:
        data: the data directory.
        environ: where PATH, the allowed variables and `${NAME}` come from.
        keys: keeps the values of variables and headers, and what signs in.
    """

    def __init__(self, data: Path, environ: Mapping[str, str], keys: Keys) -> None:
        self._data = data
        self._environ = environ
        self._keys = keys
        self._sign_ins: dict[str, SignIn] = {}
        self._values: dict[str, dict[str, str]] = {}

    @asynccontextmanager
    async def open(
        self, name: str, spec: ServerSpec, output: Output, on_end: Callable[[], None]
    ) -> "AsyncIterator[TransportStreams]":
        """The streams of a server. Its values are read only now.

        Raises:
            ShellError: it cannot be started or contacted.
        """
        if spec.url is None:
            command = await self._command(name, spec)
            async with stdio_transport(command, output, on_end) as streams:
                yield streams
            return
        from shell.tools.mcp.http import http_transport

        headers = await self._open_values(name, spec)
        auth = None
        if "authorization" not in map(str.lower, headers):
            auth = self._sign_in(name, spec.url, spec)
            auth.tokens.read_again()

            def failed(reason: str) -> None:
                output.reason = reason

            auth.on_failure = failed
        async with http_transport(spec.url, headers, auth, is_sse=spec.type == "sse") as streams:
            yield streams

    async def sign_in(
        self,
        name: str,
        spec: ServerSpec,
        open_browser: "OpenBrowser",
        client_secret: str | None = None,
    ) -> bool:
        """Have a person sign in to a server; see `McpServers.sign_in`."""
        url = spec.url or ""
        if client_secret is not None:
            await self._keys.set(client_secret_name(name), client_secret, url)
        return await self._sign_in(name, url, spec).sign_in(open_browser)

    async def keep_values(self, name: str, spec: ServerSpec) -> tuple[ServerSpec, list[str]]:
        """Put the values of a new server into the keychain.

        Returns:
            The server without them, and the names of those that are kept for this session only.
        """
        values = dict(spec.values)
        forgotten = []
        for key, value in spec.values.items():
            if value.startswith("${"):
                continue
            status = await self._keys.set(_secret(name, key), value, spec.secret_host)
            values[key] = KEPT
            if status.source != "keychain":
                forgotten.append(key)
        return spec.with_values(values), forgotten

    async def forget(self, name: str, spec: ServerSpec) -> None:
        """Delete the values of a server, and what signs in to it."""
        for key in spec.values:
            await self._keys.remove(_secret(name, key), spec.secret_host)
        if spec.url is not None:
            for secret in (sign_in_name(name), client_secret_name(name)):
                await self._keys.remove(secret, spec.url)
        self._sign_ins.pop(name, None)

    def secrets(self, name: str) -> list[str]:
        """What no error of a server may contain."""
        return [*self._values.get(name, {}).values(), *self.tokens(name)]

    def tokens(self, name: str) -> Sequence[str]:
        """What signs the requests to a server."""
        sign_in = self._sign_ins.get(name)
        return () if sign_in is None else sign_in.tokens.secrets()

    def missing(self, specs: Mapping[str, ServerSpec]) -> dict[str, str]:
        """What servers need and this machine does not have, by their names. Starts nothing."""
        found = {}
        path = joined_path(self._environ)
        for name, spec in specs.items():
            try:
                if spec.argv:
                    resolved(spec.argv[0], path)
            except ToolError as error:
                found[name] = error.message
            given = spec.values.items()
            unset = [k for k, v in given if v != KEPT and expanded(v, self._environ) is None]
            if unset:
                found[name] = f"{', '.join(unset)} needs a variable that is not set."
        return found

    async def close(self) -> None:
        """End what is signing in."""
        await asyncio.gather(*(sign_in.tokens.close() for sign_in in self._sign_ins.values()))

    # --- inside -----------------------------------------------------------------------------

    async def _open_values(self, name: str, spec: ServerSpec) -> dict[str, str]:
        """The variables or headers of a server, from the keychain and the environment.

        Raises:
            ToolError: one has no value.
        """
        kept = [key for key, value in spec.values.items() if value == KEPT]
        if kept:
            hosts = {_secret(name, key): spec.secret_host for key in kept}
            await self._keys.load(hosts, again=True)
        values: dict[str, str] = {}
        for key, written in spec.values.items():
            value = expanded(written, self._environ)
            if written == KEPT:
                value = self._keys.find(_secret(name, key), spec.secret_host)
            if value is None:
                text = f"{key} of {name} has no value. Remove the server and add it again."
                raise ToolFailed(text)
            values[key] = value
        self._values[name] = values
        return values

    async def _command(self, name: str, spec: ServerSpec) -> Command:
        """What is started for a server, with the environment that it gets.

        Raises:
            ToolError: the program is not found, or a variable has no value.
        """
        values = await self._open_values(name, spec)
        ours = allowed_environment(self._environ, self._environ.get("PATH", ""))
        path = values.get("PATH") or await search_path(ours)
        folder = await asyncio.to_thread(self._folder, name, spec)
        program = await asyncio.to_thread(resolved, spec.argv[0], path)
        environment = {**allowed_environment(self._environ, path), **values}
        return Command([program, *spec.argv[1:]], environment, folder)

    def _folder(self, name: str, spec: ServerSpec) -> Path:
        """The working directory of a server; its own one is made."""
        if spec.cwd is None:
            own = self._data / FOLDER / name
            own.mkdir(0o700, parents=True, exist_ok=True)
            return own
        chosen = Path(spec.cwd).expanduser()
        if not chosen.is_dir():
            raise ToolFailed(f"The folder {chosen} of {name} does not exist.")
        return chosen

    def _sign_in(self, name: str, url: str, spec: ServerSpec) -> "SignIn":
        from shell.tools.mcp.http import new_client
        from shell.tools.mcp.sign_in import SignIn

        known = self._sign_ins.get(name)
        if known is None or (known.url, known.client) != (url, spec.oauth):
            open_client = partial(new_client, url, TOKEN_S)
            known = SignIn(name, url, self._keys, open_client, spec.oauth)
            self._sign_ins[name] = known
        return known


def _secret(server: str, name: str) -> str:
    """The name of a value in the keychain."""
    return f"mcp/{server}/{name}"
