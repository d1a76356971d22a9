"""One server as a source of tools."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from shell.errors import ErrorCode, ShellError, ToolError, ToolFailed
from shell.support.redaction import REPLACEMENT, redact
from shell.tools.asker import ASKER, Asker
from shell.tools.base import Arguments, Progress, Tool, parameters_problem
from shell.tools.mcp.configuration import ServerSpec
from shell.tools.mcp.content import output_of
from shell.tools.mcp.owner import Connection, ServerOwner
from shell.tools.mcp.tool_cache import ToolCache
from shell.tools.mcp.transports import Transports
from shell.tools.media import ToolOutput

if TYPE_CHECKING:
    from mcp.shared.exceptions import MCPError
    from mcp_types import ElicitRequestParams, ElicitResult
    from mcp_types import Tool as ListedTool

Result = TypeVar("Result")
LIST_S = 20.0
"""How long a list of tools, and with it a run, waits for a server whose tools are not known yet."""
MAX_DESCRIPTION = 10_000
MAX_SCHEMA_BYTES = 100_000
MAX_PAGES_OF_A_CALL = 3
CLOSED, EXPIRED = "Connection closed", "Session terminated"
"""The SDK's messages for a connection that has ended."""


class McpServer:
    """The tools of a server. It starts when it is first needed.

    Args:
        name: the server's name as people know it.
        spec: its command or address.
        owner: starts the server and holds its connection.
        cache: has the tools of servers that do not run.
        transports: have the secrets that no error and no result may contain.
    """

    def __init__(
        self,
        name: str,
        spec: ServerSpec,
        owner: ServerOwner,
        cache: ToolCache,
        transports: Transports,
    ) -> None:
        self.name = name
        self.identity = spec.identity
        self._target = spec.target
        """Identifies its tools. A permission does not end when only a `${NAME}` was added."""
        self.owner = owner
        self._spec = spec
        self._cache = cache
        self._transports = transports
        self._askers: list[Asker] = []
        owner.on_question = self._answer_elicitation
        self._connection: Connection | None = None
        self._tools: list[Tool] | None = None

    def known_tools(self) -> Sequence[Tool]:
        """The tools that the server had last. Starts nothing."""
        self._use_connection(self.owner.connection)
        if self._tools is None:
            self._tools = self._cache.find(self.name, self._target)
        return list(self._tools or ())

    async def list(self) -> Sequence[Tool]:
        """List the server's tools, or one tool with a problem. Starts the server if its tools are
        not known yet, and waits at most `LIST_S` for it.
        """
        self.known_tools()
        if self._tools is None and self.owner.state in ("idle", "starting"):
            # The owner has the reason of a failure. A start that takes longer continues.
            with contextlib.suppress(ToolError, TimeoutError):
                async with asyncio.timeout(LIST_S):
                    self._use_connection(await self.owner.use())
        if self._tools is None and self.owner.error is not None:
            return [Tool(self.name, self.name, "mcp", problem=self.redacted(self.owner.error))]
        return self.known_tools()

    async def call(self, tool: Tool, arguments: Arguments, progress: Progress) -> str | ToolOutput:
        """Carry out one call. Cancelling it tells the server to stop.

        Raises:
            ToolError: TOOL_FAILED; TOOL_UNKNOWN if the tool has changed since the call was allowed.
        """
        return await self.ask(lambda it: self._call(it, tool, arguments, progress))

    async def ask(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Send the server a request. Starts it if it does not run.

        Raises:
            ToolError: for any failure, without the secrets that the server was given.
        """
        try:
            connection = await self.owner.use()
            from mcp.shared.exceptions import MCPError  # the start has loaded it

            try:
                return await work(connection)
            except MCPError as error:
                raise self._error(self._failure(connection, error)) from None
        except ShellError as error:
            raise ToolError(error.code, self.redacted(error.message)) from None
        except Exception as error:  # the SDK refuses an invalid answer
            raise self._error(str(error) or type(error).__name__) from None

    async def close(self) -> None:
        """End the server for good."""
        await self.owner.end()

    def redacted(self, text: str) -> str:
        """Remove from a text the values that the server was given."""
        return redact(text, self._transports.secrets(self.name))

    def without_tokens(self, text: str) -> str:
        """Remove from a text of the server the tokens that it was sent."""
        for token in self._transports.tokens(self.name):
            text = text.replace(token, REPLACEMENT)
        return text

    async def _call(
        self, connection: Connection, tool: Tool, arguments: Arguments, report: Progress
    ) -> str | ToolOutput:
        from mcp.shared.exceptions import MCPError
        from mcp_types import URL_ELICITATION_REQUIRED

        self._use_connection(connection)
        current = {each.name: each for each in self._tools or ()}.get(tool.name)
        if current is None or current.identity != tool.identity:
            text = f"{self.name} has changed {tool.name} since this call was decided. Ask again."
            raise ToolError(ErrorCode.TOOL_UNKNOWN, text)

        async def on_progress(progress: float, total: float | None, message: str | None) -> None:
            share = f"{progress:g}" if total is None else f"{progress:g} of {total:g}"
            report(f"{self.redacted(message[:2_000])} ({share})" if message else share)

        asker = ASKER.get()
        if asker is not None:
            self._askers.append(asker)
        try:
            result = await connection.client.call_tool(
                tool.name, dict(arguments), progress_callback=on_progress
            )
            output = output_of(result)
            text = self.without_tokens(output.text)
            return replace(output, text=text) if output.media else text
        except MCPError as error:
            if error.code != URL_ELICITATION_REQUIRED:
                raise
            raise self._error(await self._offer_pages(error)) from None
        finally:
            if asker is not None:
                self._askers.remove(asker)

    def _failure(self, connection: Connection, error: "MCPError") -> str:
        """The text for a failed request. Reports the connection as lost if this shows it: nothing
        else does, for a server at an address.
        """
        from mcp_types import CONNECTION_CLOSED

        reason = connection.output.reason
        if self._spec.url is not None and (
            error.code == CONNECTION_CLOSED or error.message == EXPIRED
        ):
            self.owner.mark_lost(connection, error.message)
        if reason is not None or error.message == CLOSED:
            return f"The connection has ended before the answer came. {reason or ''}".strip()
        return error.message

    async def _answer_elicitation(self, params: "ElicitRequestParams") -> "ElicitResult":
        """Have the person answer an elicitation that the server sends during a call.

        A server of the older protocol does not name the call, so the newest of several is taken.
        """
        from mcp_types import ElicitResult

        from shell.tools.mcp.elicitation import ElicitationRefused, elicitation_of

        asker = ASKER.get()
        if asker not in self._askers:
            asker = self._askers[-1] if self._askers else None
        if asker is None:
            return ElicitResult(action="cancel")
        try:
            elicitation = elicitation_of(params, self._spec.place, self.redacted)
        except ElicitationRefused as error:
            asker.refuse(f"{self.name} {error}.")
            return ElicitResult(action="decline")
        action, values = await asker.ask(elicitation)
        if action != "accept" or params.mode == "url":
            return ElicitResult(action=action)
        return ElicitResult.model_validate({"action": action, "content": values})

    async def _offer_pages(self, error: "MCPError") -> str:
        """Offer to open the pages that a call needs first. Returns the error text of the call."""
        from mcp.shared.exceptions import UrlElicitationRequiredError

        needed = UrlElicitationRequiredError.from_error(error.error).elicitations
        for params in needed[:MAX_PAGES_OF_A_CALL]:
            if (await self._answer_elicitation(params)).action != "accept":
                return "The person did not open the page that the call needs."
        return "The person has to finish on the page that was opened. Make the call again then."

    def _error(self, words: str) -> ToolError:
        return ToolFailed(self.redacted(f"{self.name}: {words[:2_000]}"))

    def _use_connection(self, connection: Connection | None) -> None:
        """Use the tools of a connection from now on."""
        if connection is None or connection is self._connection:
            return
        self._connection = connection
        self._tools = [tool_of(each, self.name, self._target) for each in connection.tools]
        self._cache.store(self.name, self._target, self._tools)


def tool_of(listed: "ListedTool", server: str, target: str) -> Tool:
    """Make a tool of a server. It has all flags, as the server's hints must not take one away."""
    definition = listed.model_dump(mode="json", exclude={"icons", "meta"}, exclude_none=True)
    schema = dict(listed.input_schema)
    identified = f"{target}{json.dumps(definition, sort_keys=True)}"
    problem = parameters_problem(schema)
    if len(json.dumps(schema)) > MAX_SCHEMA_BYTES:
        problem = "The description of its arguments is too long."
    return Tool(
        name=listed.name,
        source=server,
        kind="mcp",
        description=(listed.description or listed.title or "")[:MAX_DESCRIPTION],
        parameters={} if problem else schema,
        identity=hashlib.sha256(identified.encode()).hexdigest(),
        problem=problem,
    )
