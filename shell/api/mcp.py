"""Adds, switches and tests the servers of MCP: the `mcp` namespace.

A page cannot say by itself what runs or is contacted: a person agrees to it in a dialog of the
window, which shows the whole command or address. A browser has no such dialog, so there the command
line is named.
"""

import asyncio
import contextlib
import os
from collections.abc import Awaitable, Callable, Coroutine
from typing import Annotated

from pydantic import Field, ValidationError

from shell.api.consent_texts import consent_texts
from shell.bridge.caller import Caller
from shell.bridge.topics import Topics
from shell.contract import (
    McpChoice,
    McpContents,
    McpImported,
    McpName,
    McpPromptQuery,
    McpPrompts,
    McpResources,
    McpServerSummary,
    McpSwitch,
    McpTopic,
    NewMcpServer,
)
from shell.errors import ShellError, ToolFailed, ValidationFailed
from shell.support.open_url import RedirectPage
from shell.support.text import escaped
from shell.tools.mcp import offerings
from shell.tools.mcp.configuration import ServerSpec, parse_servers
from shell.tools.mcp.servers import McpServers, NoConsent
from shell.tools.mcp.transports import FOLDER

Confirm = Callable[[str, str, str], Awaitable[bool | None]]
"""Asks the person at a caller's window; it takes the caller's id, a title and a text. It returns
None where there are no windows."""
ImportText = Annotated[str, Field(min_length=1, max_length=1_000_000)]
MAX_SHOWN = 2_000
"""Characters of a dialog. A person must see all of it, and its buttons."""
REFUSED = "You did not agree, so nothing was changed."


class McpApi:
    """What pages show of the servers, and what they may ask for. Loop thread only."""

    def __init__(self, servers: McpServers, topics: Topics, confirm: Confirm | None) -> None:
        self._servers = servers
        self._topics = topics
        self._confirm = confirm
        self._work: set[asyncio.Task[object]] = set()
        servers.on_change = self._publish

    async def add(self, caller: Caller, params: NewMcpServer) -> McpServerSummary:
        """Ask the person at the window; then add a server, and start it."""
        spec = _spec(params)
        await self._agree(caller, params.name, spec, f"tidewire mcp add {params.name} …")
        await self._servers.add(params.name, spec)
        await self._servers.agree(params.name, self._servers.spec(params.name).identity)
        return await self.enable(caller, McpSwitch(name=params.name, enabled=True))

    async def enable(self, caller: Caller, params: McpSwitch) -> McpServerSummary:
        """Switch a server on or off. Asks the person at the window if nobody has agreed to it."""
        if params.enabled:
            await self._ask_once(caller, params.name)
        await self._servers.enable(params.name, params.enabled)
        if params.enabled:
            self._begin(self._servers.start(params.name))
        return self._servers.summary(params.name)

    async def remove(self, caller: Caller, name: McpName) -> "list[McpServerSummary]":
        """End a server and forget it; returns the others."""
        await self._servers.remove(name)
        return self._servers.summaries()

    async def test(self, caller: Caller, name: McpName) -> McpServerSummary:
        """Start a server anew. The topic `mcp` tells how it goes."""
        await self._ask_once(caller, name)
        self._begin(self._servers.test(name))
        return self._servers.summary(name)

    async def sign_in(self, caller: Caller, name: McpName) -> McpServerSummary:
        """Have the person sign in in the system's browser; ends when they have."""
        await self._ask_once(caller, name)
        with RedirectPage(self._servers.data / FOLDER) as redirect_page:

            async def show(address: str) -> None:
                if not await asyncio.to_thread(redirect_page.show, address):
                    text = f"No browser can be opened. Use the terminal: tidewire mcp login {name}"
                    raise ToolFailed(text)

            await self._servers.sign_in(name, show)
        summary = self._servers.summary(name)
        if summary.enabled:
            self._begin(self._servers.start(name))
        return summary

    async def read_import(self, caller: Caller, text: ImportText) -> McpImported:
        """Add the servers of another program's file, all off, after asking at the window."""
        found, _ = parse_servers(text.encode())
        lines = [f"{name}: {escaped(spec.shown())}" for name, spec in found.items()]
        title = consent_texts(self._servers.data, os.environ).add
        await self._ask(caller, title, "\n\n".join(lines), "tidewire mcp import FILE")
        added, problems = await self._servers.read_import(text.encode())
        return McpImported(added=added, problems=problems)

    def list(self, caller: Caller) -> "list[McpServerSummary]":
        """Every server. Starts none."""
        return self._servers.summaries()

    async def resources(self, caller: Caller) -> McpResources:
        """What the servers that are on give to read. Starts those that have not been used yet."""
        return await offerings.list_resources(self._servers.sources())

    async def read_resource(self, caller: Caller, params: McpChoice) -> McpContents:
        """The contents of a resource that the person has chosen."""
        server = offerings.find_server(self._servers.sources(), params.server)
        return await offerings.read_resource(server, params.name, params.values)

    async def prompts(self, caller: Caller, params: McpPromptQuery) -> McpPrompts:
        """The prompts of the servers that are on. Starts a server only where that is asked for."""
        return await offerings.list_prompts(self._servers.sources(), start=params.start)

    async def prompt(self, caller: Caller, params: McpChoice) -> McpContents:
        """What a prompt puts into a message. Nothing is sent."""
        server = offerings.find_server(self._servers.sources(), params.server)
        return await offerings.read_prompt(server, params.name, params.values)

    # --- inside -----------------------------------------------------------------------------

    async def _ask_once(self, caller: Caller, name: str) -> None:
        spec = self._servers.spec(name)
        if not self._servers.has_consent(name, spec):
            await self._agree(caller, name, spec, f"tidewire mcp enable {name}")
            await self._servers.agree(name, spec.identity)

    async def _agree(self, caller: Caller, name: str, spec: ServerSpec, command: str) -> None:
        words = consent_texts(self._servers.data, os.environ)
        shown = [name, spec.shown()]
        if spec.cwd:
            shown.append(words.folder.format(spec.cwd))
        if spec.values:
            shown.append(words.values.format(", ".join(sorted(spec.values))))
        asked = words.contact if spec.url else words.run
        await self._ask(caller, asked, escaped("\n\n".join(shown)), command)

    async def _ask(self, caller: Caller, title: str, text: str, command: str) -> None:
        """Ask the person at the window.

        Raises:
            NoConsent: they did not agree, or there is no window.
        """
        if len(text) > MAX_SHOWN:
            raise NoConsent(f"This is too long to be shown. Use the terminal: {command}")
        ask = self._confirm
        agreed = None if ask is None else await ask(caller.id, title, text)
        if agreed is None:
            raise NoConsent(f"A page in a browser cannot do this. Use the terminal: {command}")
        if not agreed:
            raise NoConsent(REFUSED)

    def _begin(self, work: Coroutine[object, object, object]) -> None:
        """Do something that takes long, while the topic tells how it goes."""

        async def run() -> None:
            with contextlib.suppress(ShellError):  # the state of the server says it
                await work
            self._publish()

        task: asyncio.Task[object] = asyncio.ensure_future(run())
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    def _publish(self) -> None:
        self._topics.publish(McpTopic(value=self._servers.summaries()))


def _spec(params: NewMcpServer) -> ServerSpec:
    try:
        if params.url is not None:
            return ServerSpec(url=params.url, headers=params.values)
        program, *arguments = params.command or [""]
        return ServerSpec(command=program or None, args=arguments, env=params.values)
    except ValidationError as error:
        raise ValidationFailed([("server", str(error.errors()[0]["msg"]))]) from None
