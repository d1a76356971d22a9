"""Starts one server, keeps its connection, and ends it, all in one task.

The SDK's client must be left by the task that has entered it. So this task does both, and everybody
else waits for it; only the calls themselves are made by whoever makes them.
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
    from mcp_types import ElicitRequestParams, ElicitResult
    from mcp_types import Tool as ListedTool

START_S = 60.0
INSTALL_S = 300.0
"""The same for a command that may download the server first."""
STOP_S = 6.0
BACKOFF_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""How long to wait before each new attempt after a server has ended by itself."""
STEADY_S = 60.0
"""A server that has run for this long begins with the shortest wait again."""
MAX_TOOLS = 1_000
MAX_PAGES = 100
OwnerState = Literal["idle", "starting", "ready", "restarting", "sign_in", "failed", "stopping"]
"""`idle` has not been used yet; `sign_in` waits for a person to sign in."""
Open = Callable[[Output, Callable[[], None]], "AbstractAsyncContextManager[TransportStreams]"]
"""Opens the streams of a server. The function that it gets is called when the connection ends."""
LOGGERS = ("httpcore2", "httpx2", "mcp")
"""They write addresses, headers and what servers say; what matters of it is in the errors."""
_log = logging.getLogger(__name__)


class SignInNeeded(Exception):
    """The server wants a person to sign in; raised by what signs requests."""


class Connection(NamedTuple):
    """A server that is ready, with the tools that it has."""

    client: "Client"
    tools: "Sequence[ListedTool]"
    output: Output


class ServerOwner:
    """Loop thread only.

    Args:
        name: for logs.
        open_streams: opens the connection; see `Open`.
        start_s: how long a start may take.
        on_change: called whenever the state or the tools have changed.
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
        """Why it does not run, in one sentence."""
        self.output = Output()
        self.on_question: Callable[[ElicitRequestParams], Awaitable[ElicitResult]] | None = None
        """Answers what the server asks the person."""
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
        """The connection; starts the server if it does not run.

        Raises:
            ToolError: TOOL_FAILED with the reason, also after `end`.
        """
        while self._stop.is_set() and self._task is not None:
            await asyncio.wait({self._task})
        if self._is_over:
            raise ToolFailed(f"{self.name} was stopped.")
        if self._task is None or self._task.done():
            self._begin()
        elif self.state == "restarting":
            self._wake.set()  # somebody needs it now
        if self._ready is None:
            raise ToolFailed(f"{self.name} is not running.")
        # Whoever stops waiting does not stop the start: others may wait for it as well.
        return await asyncio.shield(self._ready)

    def lose(self, connection: Connection, reason: str) -> None:
        """Take a connection for broken; a new one is made."""
        if self.connection is connection:
            self.output.reason = self.output.reason or reason
            self._lost()

    async def end(self) -> None:
        """Stop the server for good: a call that has it already does not start it again."""
        self._is_over = True
        await self.stop()

    async def stop(self) -> None:
        """End the server and everything that it has started."""
        task = self._task
        if task is None or task.done():
            self._set("idle")
            return
        self._stop.set()
        self._set("stopping")
        self._signal.set()
        self._wake.set()
        if self._ready is not None and not self._ready.done():
            task.cancel()
        _, pending = await asyncio.wait({task}, timeout=STOP_S)
        if pending:
            task.cancel()
            await asyncio.wait({task}, timeout=STOP_S)
        self._stop.clear()
        self._set("idle")

    # --- the task ---------------------------------------------------------------------------

    def _begin(self) -> None:
        self._stop.clear()
        self._renew()
        self._task = asyncio.create_task(self._own(), name=f"server {self.name}")

    def _renew(self) -> None:
        """Have the next uses wait for the next attempt."""
        if self._ready is None or self._ready.done():
            self._ready = asyncio.get_running_loop().create_future()
            self._ready.add_done_callback(read_exception)

    async def _own(self) -> None:
        loop = asyncio.get_running_loop()
        attempts = 0
        try:
            while True:
                began = loop.time()
                was_ready, state = await self._attempt()
                if self._stop.is_set():
                    return
                if was_ready and loop.time() - began > STEADY_S:
                    attempts = 0
                # A server that has never run needs a person, not another attempt.
                has_run = was_ready or attempts > 0
                if state == "sign_in" or not has_run or attempts >= len(BACKOFF_S):
                    self._set(state)
                    return
                self._restart_soon()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), BACKOFF_S[attempts])
                attempts += 1
                if self._stop.is_set():
                    return
        finally:
            self._fail(ToolFailed(f"{self.name} was stopped."))

    async def _attempt(self) -> tuple[bool, OwnerState]:
        """Start the server, and stay with it until it ends. Tells whether it was ready."""
        self.output = Output()
        self.error = None
        self._is_lost = self._has_changed_tools = False
        self._signal.clear()
        self._wake.clear()
        self._set("starting")
        was_ready = False
        try:
            async with AsyncExitStack() as stack:
                # To load the SDK takes longer than the loop may stand still.
                await asyncio.to_thread(importlib.import_module, "mcp.client.client")
                async with asyncio.timeout(self._start_s):
                    client = await stack.enter_async_context(self._client())
                    tools = await _listed(client)
                    await stack.enter_async_context(self._heard_changes(client))
                was_ready = True
                if self._ready is not None and not self._ready.done():
                    self._ready.set_result(Connection(client, tools, self.output))
                self._set("ready")
                await self._stay(client)
        except asyncio.CancelledError:
            if not self._stop.is_set():
                raise
        except (Exception, BaseExceptionGroup) as error:
            self.error = self._words(error)
            needs_sign_in = any(isinstance(each, SignInNeeded) for each in _leaves(error))
            if not was_ready:
                self._fail(ToolFailed(self.error))
            return was_ready, "sign_in" if needs_sign_in else "failed"
        self.error = None if self._stop.is_set() else self._reason("The connection has ended.")
        return was_ready, "failed"

    async def _stay(self, client: "Client") -> None:
        while True:
            await self._signal.wait()
            self._signal.clear()
            if self._is_lost or self._stop.is_set():
                return
            if self._has_changed_tools:
                self._has_changed_tools = False
                async with asyncio.timeout(START_S):
                    tools = await _listed(client)
                self._ready = asyncio.get_running_loop().create_future()
                self._ready.set_result(Connection(client, tools, self.output))
                self._on_change()

    def _client(self) -> "Client":
        from mcp.client.client import Client
        from mcp_types import ElicitResult, Implementation, ToolListChangedNotification

        from shell import __version__

        for noisy in LOGGERS:
            logging.getLogger(noisy).setLevel(logging.CRITICAL)

        async def notified(message: object) -> None:
            if isinstance(message, ToolListChangedNotification):
                self._changed()

        async def asked(
            context: "ClientRequestContext", params: "ElicitRequestParams"
        ) -> "ElicitResult":
            if self.on_question is None:
                return ElicitResult(action="cancel")
            return await self.on_question(params)

        return Client(
            self._open(self.output, self._lost),
            mode="auto",
            cache=None,
            client_info=Implementation(name="Tidewire", version=__version__),
            message_handler=notified,
            elicitation_callback=asked,
        )

    @contextlib.asynccontextmanager
    async def _heard_changes(self, client: "Client") -> AsyncIterator[None]:
        """Listen for a changed list of tools, where the server must be asked to tell."""
        from mcp.client.subscriptions import ListenNotSupportedError

        capability = client.server_capabilities.tools
        if capability is None or not capability.list_changed:
            yield
            return

        async def listen() -> None:
            with contextlib.suppress(ListenNotSupportedError):  # an older one tells by itself
                async with client.listen(tools_list_changed=True) as changes:
                    async for _ in changes:
                        self._changed()

        task = asyncio.create_task(listen(), name=f"changes of {self.name}")
        task.add_done_callback(read_exception)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    def _changed(self) -> None:
        self._has_changed_tools = True
        self._signal.set()

    def _lost(self) -> None:
        self._is_lost = True
        self._signal.set()
        if self.state == "ready":
            self._restart_soon()

    def _restart_soon(self) -> None:
        self._renew()
        self._set("restarting")

    def _fail(self, error: ToolError) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(error)

    def _set(self, state: OwnerState) -> None:
        if state != self.state:
            _log.debug("%s: %s", self.name, state)
            self.state = state
            self._on_change()

    def _words(self, error: BaseException) -> str:
        if isinstance(error, TimeoutError) and self.output.reason is None:
            said = self.output.last_line
            text = f"{self.name} does not answer within {self._start_s:.0f} s."
            return f"{text} It said: {said}" if said else text
        first = _leaves(error)[0]
        if isinstance(first, ShellError | SignInNeeded):
            return str(first)
        return self._reason(str(first)[:500] or type(first).__name__)

    def _reason(self, otherwise: str) -> str:
        return f"{self.name} does not run. {self.output.reason or otherwise}"


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    cause = error.__cause__
    return [error, *(_leaves(cause) if cause is not None else [])]


async def _listed(client: "Client") -> "list[ListedTool]":
    """All tools of a server.

    Raises:
        ToolError: it has more than anybody could use.
    """
    if client.server_capabilities.tools is None:
        return []
    found, is_whole = await read_pages(client.list_tools, "tools", MAX_TOOLS)
    if not is_whole:
        raise ToolFailed(f"The server has more than {MAX_TOOLS:,} tools.")
    return found


async def read_pages(
    ask: Callable[..., Awaitable[Any]], field: str, most: int
) -> tuple[list[Any], bool]:
    """A list that a server gives in pages, up to the page that has more than `most`; and whether it
    is whole.
    """
    found: list[Any] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        page = await ask(cursor=cursor)
        found += getattr(page, field)
        cursor = page.next_cursor
        if cursor is None:
            return found, True
        if len(found) > most:
            break
    return found, False
