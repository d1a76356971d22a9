"""Adds, switches and tests MCP servers: the `mcp` namespace.

A page alone cannot start a program or contact an address. The person must agree in a dialog of the
window, which shows the whole command or address. A browser has no such dialog, so its error names
the command line to use.
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
from shell.tools.mcp import offerings
from shell.tools.mcp.configuration import ServerSpec, parse_servers
from shell.tools.mcp.servers import McpServers, NoConsent

Confirm = Callable[[str, str, str], Awaitable[bool | None]]
"""Asks the person at a caller's window. Takes the caller's id, a title and a text; returns None if
there are no windows."""
ImportText = Annotated[str, Field(min_length=1, max_length=1_000_000)]
MAX_SHOWN = 2_000
"""Limit on the characters of a dialog, so that a person sees all of it and its buttons."""
REFUSED = "You did not agree, so nothing was changed."


class McpApi:
    """The `mcp` namespace. Loop thread only."""

    def __init__(self, servers: McpServers, topics: Topics, confirm: Confirm | None) -> None:
        self._servers = servers
        self._topics = topics
        self._confirm = confirm
        self._work: set[asyncio.Task[object]] = set()
        servers.on_change = self._publish

    async def add(self, caller: Caller, params: NewMcpServer) -> McpServerSummary:
        """Add a server and start it, after asking the person at the window."""
        spec = _spec(params)
        in_file = spec.with_placeholders()
        await self._agree(caller, params.name, in_file, f"tidewire mcp add {params.name} …")
        await self._servers.add(params.name, spec)
        # To what the person has seen. Another process may have replaced the entry by now.
        await self._servers.agree(params.name, in_file.identity)
        return await self.enable(caller, McpSwitch(name=params.name, enabled=True))

    async def enable(self, caller: Caller, params: McpSwitch) -> McpServerSummary:
        """Switch a server on or off. Asks the person at the window if there is no consent yet."""
        if params.enabled:
            await self._ask_once(caller, params.name)
        await self._servers.enable(params.name, params.enabled)
        if params.enabled:
            self._begin(self._servers.start(params.name))
        return self._servers.summary(params.name)

    async def remove(self, caller: Caller, name: McpName) -> "list[McpServerSummary]":
        """Stop and remove a server; returns the other servers."""
        await self._servers.remove(name)
        return self._servers.summaries()

    async def test(self, caller: Caller, name: McpName) -> McpServerSummary:
        """Restart a server. The topic `mcp` has its state."""
        await self._ask_once(caller, name)
        self._begin(self._servers.test(name))
        return self._servers.summary(name)

    async def sign_in(self, caller: Caller, name: McpName) -> McpServerSummary:
        """Sign in to a server in the system's browser; resolves when the person has signed in."""
        await self._ask_once(caller, name)
        with self._servers.redirect_page(name) as redirect_page:

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
        """Add the servers in another program's file, switched off, after asking the person."""
        found, _ = parse_servers(text.encode())
        texts = consent_texts(self._servers.data, os.environ)
        shown = "\n\n".join(texts.details(name, spec) for name, spec in found.items())
        await self._ask(caller, texts.add, shown, "tidewire mcp import FILE")
        added, problems = await self._servers.read_import(text.encode())
        return McpImported(added=added, problems=problems)

    def list(self, caller: Caller) -> "list[McpServerSummary]":
        """List all servers. Starts none of them."""
        return self._servers.summaries()

    async def resources(self, caller: Caller) -> McpResources:
        """List the resources of all servers that are on. Starts those that were not used yet."""
        return await offerings.list_resources(self._servers.sources())

    async def read_resource(self, caller: Caller, params: McpChoice) -> McpContents:
        """Read a resource that the person has chosen."""
        server = offerings.find_server(self._servers.sources(), params.server)
        return await offerings.read_resource(server, params.name, params.values)

    async def prompts(self, caller: Caller, params: McpPromptQuery) -> McpPrompts:
        """List the prompts of the servers that are on. Starts servers only with `start`."""
        return await offerings.list_prompts(self._servers.sources(), start=params.start)

    async def prompt(self, caller: Caller, params: McpChoice) -> McpContents:
        """Get the contents that a prompt puts into a message. Nothing is sent."""
        server = offerings.find_server(self._servers.sources(), params.server)
        return await offerings.read_prompt(server, params.name, params.values)

    # --- inside -----------------------------------------------------------------------------

    async def _ask_once(self, caller: Caller, name: str) -> None:
        spec = self._servers.spec(name)
        if not self._servers.has_consent(name, spec):
            await self._agree(caller, name, spec, f"tidewire mcp enable {name}")
            await self._servers.agree(name, spec.identity)

    async def _agree(self, caller: Caller, name: str, spec: ServerSpec, command: str) -> None:
        texts = consent_texts(self._servers.data, os.environ)
        await self._ask(caller, texts.question(spec), texts.details(name, spec), command)

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
        """Run work that takes long in a task, and publish the topic at its end."""

        async def run() -> None:
            with contextlib.suppress(ShellError):  # the server's state has the error
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
