"""Starts one server, keeps its connection, and ends it, all in one task.

The SDK's client must be entered and left by the same task. So one task starts and ends each server,
and all others wait for it. The calls of tools run in their callers' tasks.
"""

import asyncio
import contextlib
import importlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from shell.errors import ShellError, ToolError, ToolFailed
from shell.support.futures import read_exception
from shell.tools.mcp.stdio import Output

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams
    from mcp.client.client import Client
    from mcp.client.session import ClientRequestContext
    from mcp_types import CallToolResult, ElicitRequestParams, ElicitResult
    from mcp_types import Tool as ListedTool

START_S = 60.0
"""How long a start may take."""
INSTALL_S = 300.0
"""How long a start may take if the command may download the server first."""
STOP_S = 6.0
"""How long a stop may take before its task is cancelled."""
BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""How long to wait before each restart after a server has ended by itself."""
STEADY_S = 60.0
"""After a server has run for this long, the next restart has the shortest wait again."""
MAX_TOOLS = 1_000
MAX_PAGES = 100
"""Most pages of one list that are read."""
OwnerState = Literal["idle", "starting", "ready", "restarting", "sign_in", "failed", "stopping"]
"""`idle` has not been used yet; `sign_in` waits for a person to sign in."""
Open = Callable[[Output, Callable[[], None]], "AbstractAsyncContextManager[TransportStreams]"]
"""Opens the streams of a server. It calls its second argument when the connection ends."""
LOGGERS = ("httpcore2", "httpx2", "mcp")
"""Loggers to silence, as they write addresses, headers and messages. Errors have what matters."""
_log = logging.getLogger(__name__)


class SignInNeeded(Exception):
    """Raised while a request is signed, when the server wants a person to sign in."""


class Connection(NamedTuple):
    """The connection to a server that is ready, with the server's tools."""

    client: "Client"
    tools: "Sequence[ListedTool]"
    output: Output


class ServerOwner:
    """Runs one server. Loop thread only.

    Args:
        name: for logs and errors.
        open_streams: opens the connection; see `Open`.
        start_s: how long a start may take.
        on_change: called after every change of the state or the tools.
    """

    def __init__(
        self,
        name: str,
        open_streams: Open,
        start_s: float = START_S,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self.name = name
        self.state: OwnerState = "idle"
        self.error: str | None = None
        """Why the server does not run, in one sentence."""
        self.output = Output()
        self.on_question: Callable[[ElicitRequestParams], Awaitable[ElicitResult]] | None = None
        """Answers the server's elicitations."""
        self._open = open_streams
        self._start_s = start_s
        self._on_change = on_change
        self._task: asyncio.Task[None] | None = None
        self._ready: asyncio.Future[Connection] | None = None
        self._signal = asyncio.Event()
        self._wake = asyncio.Event()
        self._is_lost = False
        self._stop = asyncio.Event()
        self._is_over = False
        self._has_changed_tools = False

    @property
    def connection(self) -> Connection | None:
        """The connection, if the server is ready."""
        ready = self._ready
        if self.state != "ready" or ready is None or not ready.done():
            return None
        return ready.result()

    async def use(self) -> Connection:
        """Return the connection. Starts the server if it does not run.

        Raises:
            ToolError: TOOL_FAILED with the reason, also after `end`.
        """
        while self._stop.is_set() and self._task is not None:
            await asyncio.wait({self._task})
        if self._is_over:
            raise ToolFailed(f"{self.name} was stopped.")
        if self._task is None or self._task.done():
            self._start_task()
        elif self.state == "restarting":
            self._wake.set()  # restart now, because a caller waits for it
        if self._ready is None:
            raise ToolFailed(f"{self.name} is not running.")
        # Cancelling one caller must not cancel the start: others may wait for it as well.
        return await asyncio.shield(self._ready)

    def mark_lost(self, connection: Connection, reason: str) -> None:
        """Report a broken connection. The server is then restarted."""
        if self.connection is connection:
            self.output.reason = self.output.reason or reason
            self._on_connection_end()

    async def end(self) -> None:
        """Stop the server for good. Later calls of `use` fail."""
        self._is_over = True
        await self.stop()

    async def stop(self) -> None:
        """Stop the server and all its processes."""
        task = self._task
        if task is None or task.done():
            self._set_state("idle")
            return
        self._stop.set()
        self._set_state("stopping")
        self._signal.set()
        self._wake.set()
        if self._ready is not None and not self._ready.done():
            task.cancel()
        _, pending = await asyncio.wait({task}, timeout=STOP_S)
        if pending:
            task.cancel()
            await asyncio.wait({task}, timeout=STOP_S)
        if self._task is task:
            # A task that was cancelled before its first step has not done this itself.
            self._fail_waiting(ToolFailed(f"{self.name} was stopped."))
        self._stop.clear()
        self._set_state("idle")

    # --- the task ---------------------------------------------------------------------------

    def _start_task(self) -> None:
        self._stop.clear()
        self._renew_future()
        self._task = asyncio.create_task(self._run(), name=f"server {self.name}")

    def _renew_future(self) -> None:
        """Replace the finished future, so that the next uses wait for the next attempt."""
        if self._ready is None or self._ready.done():
            self._ready = asyncio.get_running_loop().create_future()
            self._ready.add_done_callback(read_exception)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        attempts = 0
        try:
            while True:
                started_at = loop.time()
                was_ready, state = await self._attempt()
                if self._stop.is_set():
                    return
                if was_ready and loop.time() - started_at > STEADY_S:
                    attempts = 0
                # A server that has never run needs a person, not another attempt.
                has_run = was_ready or attempts > 0
                if state == "sign_in" or not has_run or attempts >= len(BACKOFF_S):
                    self._set_state(state)
                    return
                self._restart_soon()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), BACKOFF_S[attempts])
                attempts += 1
                if self._stop.is_set():
                    return
        finally:
            self._fail_waiting(ToolFailed(f"{self.name} was stopped."))

    async def _attempt(self) -> tuple[bool, OwnerState]:
        """Run the server once, until it ends. Returns whether it was ready, and its last state."""
        self.output = Output()
        self.error = None
        self._is_lost = self._has_changed_tools = False
        self._signal.clear()
        self._wake.clear()
        self._set_state("starting")
        was_ready = False
        try:
            async with AsyncExitStack() as stack:
                # In a thread, because importing the SDK would block the loop for too long.
                await asyncio.to_thread(importlib.import_module, "mcp.client.client")
                async with asyncio.timeout(self._start_s):
                    client = await stack.enter_async_context(self._client())
                    # The SDK would run regular expressions of the server for the structured
                    # content, on the loop and without a limit.
                    client.session.validate_tool_result = _accept  # type: ignore[method-assign]
                    tools = await _list_tools(client)
                    await stack.enter_async_context(self._tool_changes(client))
                was_ready = True
                if self._ready is not None and not self._ready.done():
                    self._ready.set_result(Connection(client, tools, self.output))
                self._set_state("ready")
                await self._run_until_end(client)
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise
        except (Exception, BaseExceptionGroup) as error:
            self.error = self._error_text(error)
            needs_sign_in = any(isinstance(each, SignInNeeded) for each in _leaf_errors(error))
            if not was_ready:
                self._fail_waiting(ToolFailed(self.error))
            return was_ready, "sign_in" if needs_sign_in else "failed"
        self.error = None if self._stop.is_set() else self._reason_text("The connection has ended.")
        return was_ready, "failed"

    async def _run_until_end(self, client: "Client") -> None:
        while True:
            await self._signal.wait()
            self._signal.clear()
            if self._is_lost or self._stop.is_set():
                return
            if self._has_changed_tools:
                self._has_changed_tools = False
                async with asyncio.timeout(START_S):
                    tools = await _list_tools(client)
                self._ready = asyncio.get_running_loop().create_future()
                self._ready.set_result(Connection(client, tools, self.output))
                self._on_change()

    def _client(self) -> "Client":
        from mcp.client.client import Client
        from mcp_types import ElicitResult, Implementation, ToolListChangedNotification

        from shell import __version__

        for logger_name in LOGGERS:
            logging.getLogger(logger_name).setLevel(logging.CRITICAL)

        async def handle_message(message: object) -> None:
            if isinstance(message, ToolListChangedNotification):
                self._on_tools_changed()

        async def handle_elicitation(
            context: "ClientRequestContext", params: "ElicitRequestParams"
        ) -> "ElicitResult":
            if self.on_question is None:
                return ElicitResult(action="cancel")
            return await self.on_question(params)

        return Client(
            self._open(self.output, self._on_connection_end),
            mode="auto",
            cache=None,
            client_info=Implementation(name="Tidewire", version=__version__),
            message_handler=handle_message,
            elicitation_callback=handle_elicitation,
        )

    @contextlib.asynccontextmanager
    async def _tool_changes(self, client: "Client") -> AsyncIterator[None]:
        """Subscribe to changes of the list of tools, if the protocol needs a subscription."""
        from mcp.client.subscriptions import ListenNotSupportedError

        capability = client.server_capabilities.tools
        if capability is None or not capability.list_changed:
            yield
            return

        async def listen() -> None:
            with contextlib.suppress(ListenNotSupportedError):  # older servers notify without it
                async with client.listen(tools_list_changed=True) as changes:
                    async for _ in changes:
                        self._on_tools_changed()

        task = asyncio.create_task(listen(), name=f"changes of {self.name}")
        task.add_done_callback(read_exception)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _on_tools_changed(self) -> None:
        self._has_changed_tools = True
        self._signal.set()

    def _on_connection_end(self) -> None:
        self._is_lost = True
        self._signal.set()
        if self.state == "ready":
            self._restart_soon()

    def _restart_soon(self) -> None:
        self._renew_future()
        self._set_state("restarting")

    def _fail_waiting(self, error: ToolError) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(error)

    def _set_state(self, state: OwnerState) -> None:
        if state != self.state:
            _log.debug("%s: %s", self.name, state)
            self.state = state
            self._on_change()

    def _error_text(self, error: BaseException) -> str:
        if isinstance(error, TimeoutError) and self.output.reason is None:
            last_line = self.output.last_line
            text = f"{self.name} does not answer within {self._start_s:.0f} s."
            return f"{text} It said: {last_line}" if last_line else text
        first = _leaf_errors(error)[0]
        if isinstance(first, ShellError | SignInNeeded):
            return str(first)
        return self._reason_text(str(first)[:500] or type(first).__name__)

    def _reason_text(self, default: str) -> str:
        return f"{self.name} does not run. {self.output.reason or default}"


def _leaf_errors(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaf_errors(each)]
    cause = error.__cause__
    return [error, *(_leaf_errors(cause) if cause is not None else [])]


async def _accept(name: str, result: "CallToolResult") -> None:
    """Accept a result whether it fits its schema or not. It is untrusted in both cases."""


async def _list_tools(client: "Client") -> "list[ListedTool]":
    """List all tools of a server.

    Raises:
        ToolError: it has more than `MAX_TOOLS`.
    """
    if client.server_capabilities.tools is None:
        return []
    found, is_whole = await read_pages(client.list_tools, "tools", MAX_TOOLS)
    if not is_whole:
        raise ToolFailed(f"The server has more than {MAX_TOOLS:,} tools.")
    return found


async def read_pages(
    fetch_page: Callable[..., Awaitable[Any]], field: str, max_items: int
) -> tuple[list[Any], bool]:
    """Read pages until they exceed `max_items`. Returns the items, and whether they are all."""
    found: list[Any] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await fetch_page(cursor=cursor)
        found += getattr(page, field)
        cursor = page.next_cursor
        if cursor is None:
            return found, True
        if len(found) > max_items:
            break
    return found, False
