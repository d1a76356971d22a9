"""Runs a server as a child process, and exchanges one message a line with it.

The SDK has such a transport. This one limits what a server may write, keeps what it prints to
standard error, gives it no variable that was not chosen, and ends it when the host is killed.
"""

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp.client._transport import TransportStreams
    from mcp.shared.message import SessionMessage

MAX_LINE_BYTES = 4_000_000
MAX_GARBAGE_BYTES = 1_000_000
"""How much a server may write to standard output that is no message."""
MAX_UNASKED_BYTES = 32_000_000
"""How much a server may write between two answers."""
TAIL_BYTES = 256_000
END_S = 3.0
"""How long the guard may take; see its own limits."""
LOCALE = re.compile(r"(HOME|LOGNAME|USER|SHELL|TERM|LANG|LC_\w+|TZ|TMPDIR)")
WINDOWS = (
    *("APPDATA", "COMSPEC", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATHEXT", "PROGRAMDATA"),
    *("PROCESSOR_ARCHITECTURE", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "USERNAME"),
    *("USERPROFILE", "WINDIR"),
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Command:
    """What is started."""

    argv: Sequence[str]
    """The first is an absolute path."""
    environment: Mapping[str, str] = field(repr=False)
    folder: Path


class Output:
    """The end of what a server prints to standard error, and why its connection has ended."""

    def __init__(self) -> None:
        self._tail = bytearray()
        self.reason: str | None = None

    def add(self, piece: bytes) -> None:
        """Take what was printed."""
        self._tail += piece
        del self._tail[:-TAIL_BYTES]

    @property
    def text(self) -> str:
        """What is kept of it."""
        return self._tail.decode("utf-8", "replace")

    @property
    def last_line(self) -> str:
        """The last line that is not empty, for an error."""
        return next((line for line in reversed(self.text.split("\n")) if line.strip()), "")[:500]


def allowed_environment(environ: Mapping[str, str], path: str) -> dict[str, str]:
    """The variables that every server gets: where a person's files are, and their language."""
    if sys.platform == "win32":
        kept = {name: value for name, value in environ.items() if name.upper() in WINDOWS}
    else:
        kept = {name: value for name, value in environ.items() if LOCALE.fullmatch(name)}
    return {**kept, "PATH": path}


def guard_command() -> list[str]:
    """The command of the guard, in a Python environment or a built program."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--server-guard"]
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))]


@asynccontextmanager
async def stdio_transport(
    command: Command, output: Output, on_end: Callable[[], None]
) -> "AsyncIterator[TransportStreams]":
    """Start a server; ends it and everything that it has started.

    Args:
        command: what is started.
        output: takes what the server prints, and why it has ended.
        on_end: called when no more messages come.
    """
    import anyio

    process = _Process(command, output)
    incoming, received = anyio.create_memory_object_stream["SessionMessage | Exception"](0)
    outgoing, sending = anyio.create_memory_object_stream["SessionMessage"](0)
    tasks: list[asyncio.Task[None]] = []

    async def read() -> None:
        try:
            async with incoming:
                async for message in process.messages():
                    await incoming.send(message)
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            pass  # nobody listens any more
        finally:
            on_end()

    async def write() -> None:
        with contextlib.suppress(ConnectionError, anyio.BrokenResourceError):
            async for message in sending:
                await process.send(message)

    try:
        await process.start()
        tasks += [asyncio.create_task(work) for work in (read(), write(), process.listen())]
        yield received, outgoing
    finally:
        await asyncio.shield(asyncio.ensure_future(process.end()))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for stream in (incoming, received, outgoing, sending):
            stream.close()


class _Process:
    """One process, with its guard. Loop thread only."""

    def __init__(self, command: Command, output: Output) -> None:
        self._command = command
        self._output = output
        self._process: asyncio.subprocess.Process | None = None
        self._control: int | None = None
        self._is_ending = False

    async def start(self) -> None:
        """Start the guard, which starts the server. The guard is ended if this is cancelled."""
        creating = asyncio.ensure_future(self._create())
        try:
            self._process = await asyncio.shield(creating)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                self._process = await creating  # or nobody would ever end it
            raise

    async def _create(self) -> asyncio.subprocess.Process:
        streams = asyncio.subprocess.PIPE
        if sys.platform == "win32":
            from shell.providers.local.windows_job import end_with_us

            process = await asyncio.create_subprocess_exec(
                *self._command.argv,
                stdin=streams,
                stdout=streams,
                stderr=streams,
                env=dict(self._command.environment),
                cwd=self._command.folder,
                creationflags=subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW,
                limit=MAX_LINE_BYTES,
            )
            end_with_us(process.pid)
            return process
        reading, self._control = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *guard_command(),
                str(reading),
                stdin=streams,
                stdout=streams,
                stderr=streams,
                env=allowed_environment(os.environ, os.defpath),
                cwd=self._command.folder,
                pass_fds=(reading,),
                start_new_session=True,
                limit=MAX_LINE_BYTES,
            )
        finally:
            os.close(reading)
        # More than a pipe holds would wait for the guard.
        written = json.dumps(asdict(self._command), default=str).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError):
            await asyncio.to_thread(_write_all, self._control, written)
        return process

    async def messages(self) -> "AsyncIterator[SessionMessage]":
        """What the server says, until it ends or says what it must not."""
        from mcp.shared.message import SessionMessage
        from mcp_types import jsonrpc_message_adapter

        garbage = unasked = 0
        process = self._process
        if process is None or process.stdout is None:
            return
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                megabytes = MAX_LINE_BYTES // 1_000_000
                self._give_up(f"It wrote a line longer than {megabytes} MB.")
                return
            if not line:
                break
            unasked += len(line)
            try:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
            except (ValueError, RecursionError):
                # Some servers print a greeting to the wrong stream.
                garbage += len(line)
                self._output.add(line[:1_000])
                if garbage > MAX_GARBAGE_BYTES:
                    self._give_up("It writes something else than messages.")
                    return
                continue
            if not hasattr(message, "method"):
                unasked = 0
            if unasked > MAX_UNASKED_BYTES:
                self._give_up("It writes more than anybody asked for.")
                return
            yield SessionMessage(message)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_S)
        self._give_up(_words(process.returncode, self._output.last_line))

    async def send(self, message: "SessionMessage") -> None:
        """Pass a message to the server.

        Raises:
            ConnectionError: it has ended.
        """
        if self._process is None or self._process.stdin is None:
            return
        text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
        self._process.stdin.write(text.encode("utf-8", "replace") + b"\n")
        await self._process.stdin.drain()

    async def listen(self) -> None:
        """Keep the end of what the server prints, or it would fill the pipe and stop."""
        if self._process is None or self._process.stderr is None:
            return
        while piece := await self._process.stderr.read(16_384):
            self._output.add(piece)

    async def end(self) -> None:
        """Ask the server to end, and kill it and what it has started if it does not."""
        process = self._process
        self._is_ending = True
        if process is not None and process.stdin is not None:
            process.stdin.close()
        if self._control is not None:
            os.close(self._control)
            self._control = None
        if process is None:
            return
        if sys.platform == "win32" and process.returncode is None:
            process.kill()
        # What a server writes while it ends must not keep it from ending.
        draining = [
            asyncio.ensure_future(_drain(stream))
            for stream in (process.stdout, process.stderr)
            if stream is not None
        ]
        try:
            await asyncio.wait_for(process.wait(), END_S)
        except TimeoutError:
            _log.warning("A server of MCP does not end; it is killed")
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if sys.platform == "win32":
                    process.kill()
                else:
                    os.killpg(process.pid, signal.SIGKILL)
        finally:
            for drain in draining:
                drain.cancel()
            await asyncio.gather(*draining, return_exceptions=True)
            # Asyncio keeps the pipes open while a process that has left the tree holds them.
            transport = getattr(process, "_transport", None)
            if transport is not None:
                transport.close()

    def _give_up(self, reason: str) -> None:
        if not self._is_ending:
            self._output.reason = self._output.reason or reason


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


async def _drain(stream: asyncio.StreamReader) -> None:
    with contextlib.suppress(RuntimeError, ConnectionError):
        while await stream.read(65_536):
            pass


def _words(status: int | None, last: str) -> str:
    how = "It has ended" if status is None else f"It has ended with the status {status}"
    if status is not None and status > 128:
        with contextlib.suppress(ValueError):
            how = f"It was ended by {signal.Signals(status - 128).name}"
    return f"{how}. It said: {last}" if last else f"{how}."
