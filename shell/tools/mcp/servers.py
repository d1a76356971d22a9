"""Knows all servers: what they are, whether they may run, and how they are."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from shell.contract import McpServerSummary, McpState
from shell.errors import ErrorCode, NotFound, ShellError, ToolError, ValidationFailed
from shell.providers.keys import Keys
from shell.tools.choices import ToolChoices
from shell.tools.mcp.configuration import ServersFile, ServerSpec, parsed
from shell.tools.mcp.owner import INSTALL_S, START_S, ServerOwner
from shell.tools.mcp.source import McpServer
from shell.tools.mcp.tool_cache import ToolCache
from shell.tools.mcp.transports import Transports

if TYPE_CHECKING:
    from shell.tools.mcp.sign_in import OpenBrowser

SHOWN_OUTPUT = 4_000
"""Characters of what a server has printed that pages show."""
DOWNLOADERS = {"npx", "uvx", "bunx", "docker", "pipx", "dnx"}
"""These may download a server when it first starts."""
RESERVED = {"tidewire", "calculator", "fetch_page", "read_file"}
"""The sources of our own tools: models would take theirs for ours."""


class NoConsent(ShellError):
    """Nobody has agreed to what a server runs, or to its address."""

    code = ErrorCode.PERMISSION_DENIED


class McpServers:
    """One per host; for `environ` and `keys` see `Transports`. Loop thread only."""

    def __init__(
        self, data: Path, choices: ToolChoices, environ: Mapping[str, str], keys: Keys
    ) -> None:
        self.data = data
        self._choices = choices
        self._transports = Transports(data, environ, keys)
        self._file = ServersFile(data)
        self._cache = ToolCache(data)
        self._servers: dict[str, McpServer] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self.on_change: Callable[[], None] = lambda: None
        """Called whenever the state of a server has changed."""

    def sources(self) -> list[McpServer]:
        """The servers that are on, and that a person has agreed to."""
        specs = self._file.servers()
        return [
            self._server(name, spec)
            for name, spec in self._synced(specs)
            if self._choices.server(name).enabled and self.has_consent(name, spec)
        ]

    def summaries(self) -> list[McpServerSummary]:
        """All servers as lists show them. Starts nothing."""
        return [self._summary(name, spec) for name, spec in self._synced(self._file.servers())]

    def summary(self, name: str) -> McpServerSummary:
        """One server as lists show it.

        Raises:
            NotFound: there is no such server.
        """
        return self._summary(name, self.spec(name))

    @property
    def problems(self) -> Mapping[str, str]:
        """Entries of the file that cannot be used, with the reason."""
        self._file.servers()
        return self._file.problems

    def spec(self, name: str) -> ServerSpec:
        """What a server is.

        Raises:
            NotFound: there is no such server.
        """
        found = self._file.servers().get(name)
        if found is None:
            raise NotFound(f"There is no server {name[:40]!r}. 'tidewire mcp list' shows them.")
        return found

    def has_consent(self, name: str, spec: ServerSpec) -> bool:
        """Whether a person has agreed to exactly this command or address."""
        return self._choices.server(name).consent == spec.identity

    async def add(self, name: str, spec: ServerSpec) -> list[str]:
        """Keep a server, switched off. Starts and contacts nothing.

        Returns:
            The names of values that are kept for this session only, as there is no keychain.

        Raises:
            ValidationFailed: there is a server of this name.
            StorageFailed: it cannot be kept.
        """
        if name in RESERVED:
            raise ValidationFailed([("name", f"{name} is a name of Tidewire's own tools")])
        if name in self._file.servers():
            text = f"There is a server {name!r} already. Remove it first"
            raise ValidationFailed([("name", text)])
        kept, forgotten = await self._transports.keep_values(name, spec)
        await asyncio.to_thread(self._file.put, name, kept)
        await asyncio.to_thread(self._choices.set_server, name, enabled=False)
        self.on_change()
        return forgotten

    async def read_import(self, data: bytes) -> tuple[list[str], dict[str, str]]:
        """Add the servers of another program's file, all off.

        Returns:
            The names that were added, and what could not be, with the reason.

        Raises:
            ValidationFailed: it is no such file.
        """
        found, problems = parsed(data)
        added = []
        for name, spec in found.items():
            try:
                forgotten = await self.add(name, spec)
                added.append(name)
                if forgotten:
                    which = ", ".join(forgotten)
                    problems[name] = f"{which} is kept for this session only: there is no keychain"
            except ValidationFailed as error:
                problems[name] = error.message
        return added, problems

    async def remove(self, name: str) -> None:
        """End a server and forget it, with its values.

        Raises:
            NotFound: there is no such server.
        """
        spec = self.spec(name)
        await self._end(name)
        await asyncio.to_thread(self._file.remove, name)
        await self._transports.forget(name, spec)
        await asyncio.to_thread(self._choices.forget_server, name)
        self._cache.forget(name)
        self.on_change()

    def missing(self) -> dict[str, str]:
        """What servers need and this machine does not have, by their names. Starts nothing."""
        return self._transports.missing(self._file.servers())

    async def agree(self, name: str, identity: str) -> None:
        """Keep that a person agrees to exactly this command or address.

        Raises:
            NotFound: there is no such server.
        """
        self.spec(name)
        await asyncio.to_thread(self._choices.set_server, name, consent=identity)
        self.on_change()

    async def enable(self, name: str, enabled: bool) -> None:
        """Switch a server on or off. One that is on starts when it is first needed.

        Raises:
            NotFound: there is no such server.
            NoConsent: nobody has agreed to its command or address.
        """
        if enabled:
            self._agreed(name)
        else:
            self.spec(name)
        await asyncio.to_thread(self._choices.set_server, name, enabled=enabled)
        if not enabled:
            await self._end(name)
        self.on_change()

    async def start(self, name: str) -> None:
        """Start a server that is on, so that its tools are known.

        Raises:
            NotFound: there is no such server.
            NoConsent: nobody has agreed to its command or address.
            ToolError: why it does not start.
        """
        server = self._server(name, self._agreed(name))
        await server.owner.use()
        server.known()

    async def test(self, name: str) -> McpServerSummary:
        """Start a server anew, and tell how it is. One that is off is ended again.

        Raises:
            NotFound: there is no such server.
            NoConsent: nobody has agreed to its command or address.
        """
        spec = self._agreed(name)
        await self._end(name)
        server = self._server(name, spec)
        with contextlib.suppress(ToolError):  # the summary says it
            await server.owner.use()
            server.known()
        summary = self._summary(name, spec)
        if not self._choices.server(name).enabled:
            await server.owner.stop()  # and what it said stays
        return summary

    async def sign_in(
        self, name: str, open_browser: "OpenBrowser", client_secret: str | None = None
    ) -> bool:
        """Have a person sign in to a server in the browser. It starts anew at its next use.

        Args:
            name: the server.
            open_browser: shows the person an address.
            client_secret: what the program was given where it was registered by hand.

        Returns:
            Whether the tokens are in the keychain; else they are for this session only.

        Raises:
            NotFound: there is no such server.
            NoConsent: nobody has agreed to its address.
            ShellError: it is a command, or the sign-in has failed.
        """
        spec = self._agreed(name)
        if spec.url is None:
            raise ValidationFailed([("name", f"{name} is a command. It needs no sign-in")])
        is_kept = await self._transports.sign_in(name, spec, open_browser, client_secret)
        await self._end(name)
        self.on_change()
        return is_kept

    async def close(self) -> None:
        """End all servers."""
        await asyncio.gather(*(self._end(name) for name in list(self._servers)), *self._ending)
        await self._transports.close()

    # --- inside -----------------------------------------------------------------------------

    def _synced(self, specs: Mapping[str, ServerSpec]) -> Sequence[tuple[str, ServerSpec]]:
        """The servers of the file. Those that it does not have any more are ended."""
        for name, server in list(self._servers.items()):
            if name not in specs or specs[name].identity != server.identity:
                del self._servers[name]
                task = asyncio.ensure_future(server.close())
                self._ending.add(task)
                task.add_done_callback(self._ending.discard)
        return list(specs.items())

    def _server(self, name: str, spec: ServerSpec) -> McpServer:
        known = self._servers.get(name)
        if known is not None and known.identity == spec.identity:
            return known
        start_s = INSTALL_S if Path(spec.command or "").stem in DOWNLOADERS else START_S
        owner = ServerOwner(
            name, partial(self._transports.open, name, spec), start_s, lambda: self.on_change()
        )
        made = McpServer(name, spec, owner, self._cache, self._transports)
        self._servers[name] = made
        return made

    async def _end(self, name: str) -> None:
        server = self._servers.pop(name, None)
        if server is not None:
            await server.close()

    def _agreed(self, name: str) -> ServerSpec:
        """What a server is, if a person has agreed to it."""
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
        tools = self._server(name, spec).known() if is_known and state != "consent" else ()
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
