"""Opens the streams of servers, with their secret values and sign-ins."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shell.errors import ToolError, ToolFailed
from shell.providers.keys import Keys
from shell.support.files import expand_home
from shell.tools.mcp.configuration import (
    IN_KEYCHAIN,
    ServerSpec,
    client_secret_name,
    expand_variables,
    sign_in_name,
)
from shell.tools.mcp.stdio import Command, Output, allowed_environment, stdio_transport
from shell.tools.search_path import join_path, resolve_program, search_path

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams

    from shell.tools.mcp.sign_in import OpenBrowser, SignIn

FOLDER = "mcp"
"""The data directory's folder for the working directories of servers that name none."""
TOKEN_S = 30.0
"""How long an authorization server may take to answer."""


class Transports:
    """One per host. Loop thread only.

    Args:
        data: the data directory.
        environ: the source of PATH, the allowed variables and `${NAME}`.
        keys: store the values of variables and headers, tokens and client secrets.
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
        """Open the streams of a server. Its values are read only now.

        Raises:
            ShellError: it cannot be started or contacted.
        """
        if spec.url is None:
            command = await self._command(name, spec)
            async with stdio_transport(command, output, on_end) as streams:
                yield streams
            return
        from shell.tools.mcp.http import http_transport

        headers = await self._read_values(name, spec)
        auth = None
        if "authorization" not in map(str.lower, headers):
            auth = self._sign_in(name, spec.url, spec)
            auth.tokens.invalidate()

            def set_reason(reason: str) -> None:
                output.reason = reason

            auth.on_failure = set_reason
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

    async def store_values(self, name: str, spec: ServerSpec) -> list[str]:
        """Store the values of a new server in the keychain.

        Returns:
            The names of values that last for this session only.
        """
        session_only = []
        for key, value in spec.secret_values.items():
            status = await self._keys.set(_secret(name, key), value, spec.secret_host)
            if status.source != "keychain":
                session_only.append(key)
        return session_only

    async def forget(self, name: str, spec: ServerSpec) -> None:
        """Delete the values, tokens and client secret of a server."""
        for key in spec.values:
            await self._keys.remove(_secret(name, key), spec.secret_host)
        if spec.url is not None:
            for secret in (sign_in_name(name), client_secret_name(name)):
                await self._keys.remove(secret, spec.url)
        self._sign_ins.pop(name, None)

    def secrets(self, name: str) -> list[str]:
        """List the secrets that no error of a server may contain."""
        return [*self._values.get(name, {}).values(), *self.tokens(name)]

    def tokens(self, name: str) -> Sequence[str]:
        """List the tokens of a server."""
        sign_in = self._sign_ins.get(name)
        return () if sign_in is None else sign_in.tokens.secrets()

    def missing(self, specs: Mapping[str, ServerSpec]) -> dict[str, str]:
        """Describe the programs and variables that servers lack, by server. Starts nothing."""
        found = {}
        path = join_path(self._environ)
        for name, spec in specs.items():
            try:
                if spec.argv:
                    resolve_program(spec.argv[0], path)
            except ToolError as error:
                found[name] = error.message
            in_file = {key: value for key, value in spec.values.items() if value != IN_KEYCHAIN}
            unset = [k for k, v in in_file.items() if expand_variables(v, self._environ) is None]
            if unset:
                found[name] = f"{', '.join(unset)} needs a variable that is not set."
        return found

    async def close(self) -> None:
        """Wait for running refreshes of tokens."""
        await asyncio.gather(*(sign_in.tokens.close() for sign_in in self._sign_ins.values()))

    # --- inside -----------------------------------------------------------------------------

    async def _read_values(self, name: str, spec: ServerSpec) -> dict[str, str]:
        """Read the variables or headers of a server from the keychain and the environment.

        Raises:
            ToolError: one has no value.
        """
        in_keychain = [key for key, value in spec.values.items() if value == IN_KEYCHAIN]
        if in_keychain:
            hosts = {_secret(name, key): spec.secret_host for key in in_keychain}
            await self._keys.load(hosts, again=True)
        values: dict[str, str] = {}
        for key, configured in spec.values.items():
            value = expand_variables(configured, self._environ)
            if configured == IN_KEYCHAIN:
                value = self._keys.find(_secret(name, key), spec.secret_host)
            if value is None:
                text = f"{key} of {name} has no value. Remove the server and add it again."
                raise ToolFailed(text)
            values[key] = value
        self._values[name] = values
        return values

    async def _command(self, name: str, spec: ServerSpec) -> Command:
        """Make the command of a server, with its environment.

        Raises:
            ToolError: the program is not found, or a variable has no value.
        """
        values = await self._read_values(name, spec)
        own_environment = allowed_environment(self._environ, self._environ.get("PATH", ""))
        path = values.get("PATH") or await search_path(own_environment)
        folder = await asyncio.to_thread(self._folder, name, spec)
        program = await asyncio.to_thread(resolve_program, spec.argv[0], path)
        environment = {**allowed_environment(self._environ, path), **values}
        return Command([program, *spec.argv[1:]], environment, folder)

    def _folder(self, name: str, spec: ServerSpec) -> Path:
        """The working directory of a server. Creates it unless the server names one."""
        if spec.cwd is None:
            own = self._data / FOLDER / name
            own.mkdir(0o700, parents=True, exist_ok=True)
            return own
        chosen = expand_home(spec.cwd)
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
