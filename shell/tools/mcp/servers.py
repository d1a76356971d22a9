"""Manages all servers of MCP: their commands and addresses, their consents, and their states."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shell.contract import McpServerSummary, McpState
from shell.errors import ErrorCode, NotFound, ShellError, ToolError, ValidationFailed
from shell.providers.keys import Keys
from shell.support.open_url import RedirectPage
from shell.tools.choices import ToolChoices
from shell.tools.mcp.configuration import ServersFile, ServerSpec, parse_servers
from shell.tools.mcp.owner import INSTALL_S, START_S, ServerOwner
from shell.tools.mcp.source import McpServer
from shell.tools.mcp.tool_cache import ToolCache
from shell.tools.mcp.transports import Transports

if TYPE_CHECKING:
    from shell.tools.mcp.sign_in import OpenBrowser

SHOWN_OUTPUT = 4_000
"""Most characters of a server's output that pages show."""
SIGN_IN_FOLDER = "sign-in"
"""The data directory's folder for pages that lead to a sign-in, in a folder for each server: a new
page removes what is in its folder."""
DOWNLOADERS = {"npx", "uvx", "bunx", "docker", "pipx", "dnx"}
"""Programs that may download a server when it first starts."""
RESERVED = {"tidewire", "calculator", "fetch_page", "read_file"}
"""Names of Tidewire's own sources of tools. A model could not tell a server's tools from these."""


class NoConsent(ShellError):
    """Nobody has agreed to what a server runs, or to its address."""

    code = ErrorCode.PERMISSION_DENIED


class NoKeychain(ShellError):
    """There is no keychain for the values of a server, and they must outlast the session."""


class McpServers:
    """One per host. Loop thread only. See `Transports` for `environ` and `keys`.

    Methods that need the server of a name raise NotFound if there is none. Those that switch it on
    or start it raise NoConsent if nobody has agreed to its command or address.
    """

    def __init__(
        self, data: Path, choices: ToolChoices, environ: Mapping[str, str], keys: Keys
    ) -> None:
        self.data = data
        self._choices = choices
        self._transports = Transports(data, environ, keys)
        self._file = ServersFile(data)
        self._cache = ToolCache(data)
        self._servers: dict[str, McpServer] = {}
        self._end_tasks: set[asyncio.Task[None]] = set()
        self.on_change: Callable[[], None] = lambda: None
        """Called after every change of a server's state."""

    def sources(self) -> list[McpServer]:
        """The servers that are on, and that a person has agreed to."""
        specs = self._file.servers()
        return [
            self._server(name, spec)
            for name, spec in self._sync(specs)
            if self._choices.server(name).enabled and self.has_consent(name, spec)
        ]

    def summaries(self) -> list[McpServerSummary]:
        """All servers as lists show them. Starts nothing."""
        return [self._summary(name, spec) for name, spec in self._sync(self._file.servers())]

    def summary(self, name: str) -> McpServerSummary:
        """One server as lists show it."""
        return self._summary(name, self.spec(name))

    @property
    def problems(self) -> Mapping[str, str]:
        """Entries of the file that cannot be used, with the reason."""
        self._file.servers()
        return self._file.problems

    def spec(self, name: str) -> ServerSpec:
        """The command or address of a server."""
        found = self._file.servers().get(name)
        if found is None:
            raise NotFound(f"There is no server {name[:40]!r}. 'tidewire mcp list' shows them.")
        return found

    def has_consent(self, name: str, spec: ServerSpec) -> bool:
        """Whether a person has agreed to exactly this command or address."""
        return self._choices.server(name).consent == spec.identity

    async def add(self, name: str, spec: ServerSpec, *, needs_keychain: bool = False) -> list[str]:
        """Add a server, switched off. Starts and contacts nothing.

        Args:
            name: the name.
            spec: the command or address.
            needs_keychain: whether values that last for this session only are refused.

        Returns:
            The names of values that last for this session only, because there is no keychain.

        Raises:
            ValidationFailed: there is a server of this name.
            NoKeychain: there is no keychain, and `needs_keychain` is set.
            StorageFailed: the file cannot be written.
        """
        if name in RESERVED:
            raise ValidationFailed([("name", f"{name} is a name of Tidewire's own tools")])
        await asyncio.to_thread(self._file.add, name, spec.with_placeholders())
        session_only = await self._transports.store_values(name, spec)
        if session_only and needs_keychain:
            await self.remove(name)
            raise NoKeychain(
                f"There is no keychain that keeps {', '.join(session_only)}. Write ${{NAME}} as a "
                "value to take it from the variable NAME of the environment."
            )
        await asyncio.to_thread(self._choices.set_server, name, enabled=False)
        self.on_change()
        return session_only

    async def read_import(
        self, data: bytes, *, needs_keychain: bool = False
    ) -> tuple[list[str], dict[str, str]]:
        """Add the servers of another program's file, all off.

        Args:
            data: the file.
            needs_keychain: whether servers are left out whose values would last for this session
                only.

        Returns:
            The names of the added servers. Then the reason for each that could not be added, and a
            note for each whose values last for this session only.

        Raises:
            ValidationFailed: the file has no servers.
        """
        found, problems = parse_servers(data)
        added = []
        for name, spec in found.items():
            try:
                session_only = await self.add(name, spec, needs_keychain=needs_keychain)
                added.append(name)
                if session_only:
                    names = ", ".join(session_only)
                    problems[name] = f"{names} is kept for this session only: there is no keychain"
            except (ValidationFailed, NoKeychain) as error:
                problems[name] = error.message
        return added, problems

    async def remove(self, name: str) -> None:
        """End a server and delete it, with its values."""
        spec = self.spec(name)
        await self._end(name)
        await asyncio.to_thread(self._file.remove, name)
        await self._transports.forget(name, spec)
        await asyncio.to_thread(self._choices.forget_server, name)
        self._cache.forget(name)
        self.on_change()

    def missing(self) -> dict[str, str]:
        """Describe the programs and variables that servers lack, by server. Starts nothing."""
        return self._transports.missing(self._file.servers())

    async def agree(self, name: str, identity: str) -> None:
        """Store a person's consent to exactly this command or address."""
        self.spec(name)
        await asyncio.to_thread(self._choices.set_server, name, consent=identity)
        self.on_change()

    async def enable(self, name: str, enabled: bool) -> None:
        """Switch a server on or off. One that is on starts when it is first needed."""
        if enabled:
            self._consented_spec(name)
        else:
            self.spec(name)
        await asyncio.to_thread(self._choices.set_server, name, enabled=enabled)
        if not enabled:
            await self._end(name)
        self.on_change()

    async def start(self, name: str) -> None:
        """Start a server that is on, so that its tools are known.

        Raises:
            ToolError: it does not start.
        """
        server = self._server(name, self._consented_spec(name))
        await server.owner.use()
        server.known_tools()

    async def wait_for_starts(self) -> None:
        """Wait until no server is starting. One that fails has the reason in its state."""
        owners = [server.owner for server in self.sources() if server.owner.state == "starting"]
        await asyncio.gather(*(owner.use() for owner in owners), return_exceptions=True)

    async def test(self, name: str) -> McpServerSummary:
        """Restart a server, and return its summary. One that is off is ended again."""
        spec = self._consented_spec(name)
        await self._end(name)
        server = self._server(name, spec)
        with contextlib.suppress(ToolError):  # the summary has the error
            await server.owner.use()
            server.known_tools()
        summary = self._summary(name, spec)
        if not self._choices.server(name).enabled:
            await server.owner.stop()  # keeps its output
        return summary

    def redirect_page(self, name: str) -> RedirectPage:
        """The page that leads the browser to the sign-in of a server."""
        return RedirectPage(self.data / SIGN_IN_FOLDER / name)

    async def sign_in(
        self, name: str, open_browser: "OpenBrowser", client_secret: str | None = None
    ) -> bool:
        """Have a person sign in to a server in the browser. The server restarts at its next use.

        Args:
            name: the server.
            open_browser: opens an address in the browser.
            client_secret: the client secret, if the program was registered by hand.

        Returns:
            Whether the tokens are in the keychain. Otherwise they last for this session only.

        Raises:
            ShellError: it is a command, or the sign-in has failed.
        """
        spec = self._consented_spec(name)
        if spec.url is None:
            raise ValidationFailed([("name", f"{name} is a command. It needs no sign-in")])
        is_stored = await self._transports.sign_in(name, spec, open_browser, client_secret)
        await self._end(name)
        self.on_change()
        return is_stored

    async def close(self) -> None:
        """End all servers."""
        await asyncio.gather(*(self._end(name) for name in list(self._servers)), *self._end_tasks)
        await self._transports.close()

    # --- inside -----------------------------------------------------------------------------

    def _sync(self, specs: Mapping[str, ServerSpec]) -> Sequence[tuple[str, ServerSpec]]:
        """End the servers that the file has no longer or has changed. Returns those that it has."""
        for name, server in list(self._servers.items()):
            if name not in specs or specs[name].identity != server.identity:
                del self._servers[name]
                task = asyncio.ensure_future(server.close())
                self._end_tasks.add(task)
                task.add_done_callback(self._end_tasks.discard)
        return list(specs.items())

    def _server(self, name: str, spec: ServerSpec) -> McpServer:
        server = self._servers.get(name)
        if server is not None and server.identity == spec.identity:
            return server
        start_s = INSTALL_S if Path(spec.command or "").stem in DOWNLOADERS else START_S
        owner = ServerOwner(
            name, partial(self._transports.open, name, spec), start_s, lambda: self.on_change()
        )
        server = McpServer(name, spec, owner, self._cache, self._transports)
        self._servers[name] = server
        return server

    async def _end(self, name: str) -> None:
        server = self._servers.pop(name, None)
        if server is not None:
            await server.close()

    def _consented_spec(self, name: str) -> ServerSpec:
        """The command or address of a server, if a person has agreed to it."""
        spec = self.spec(name)
        if not self.has_consent(name, spec):
            raise NoConsent(f"Nobody has agreed to {name}. 'tidewire mcp enable {name}' asks you")
        return spec

    def _summary(self, name: str, spec: ServerSpec) -> McpServerSummary:
        server = self._servers.get(name)
        choice = self._choices.server(name)
        state: McpState = "off" if server is None else server.owner.state
        if state in ("off", "idle"):
            state = "idle" if choice.enabled else "off"
        if not self.has_consent(name, spec):
            state = "consent"
        is_known = server is not None or choice.enabled
        tools = self._server(name, spec).known_tools() if is_known and state != "consent" else ()
        tail = "" if server is None else server.redacted(server.owner.output.text[-SHOWN_OUTPUT:])
        error = None if server is None else server.owner.error
        return McpServerSummary(
            name=name,
            command=spec.argv or None,
            url=spec.url,
            folder=spec.cwd,
            values=sorted(spec.values),
            enabled=choice.enabled,
            state=state,
            error=None if server is None or error is None else server.redacted(error),
            output=tail,
            tools=len(tools),
        )
