"""Runs a server as a child process, and exchanges one message a line with it.

The SDK has such a transport. This one also limits what a server may write, stores the end of its
standard error, passes it only chosen environment variables, and ends it if the host is killed.
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
"""How much text that is no message a server may write to standard output."""
MAX_UNSOLICITED_BYTES = 32_000_000
"""How much a server may write between two answers."""
TAIL_BYTES = 256_000
"""How much of the end of standard error is stored."""
END_S = 3.0
"""How long the guard may take to end. It has shorter limits of its own."""
POSIX_VARIABLES = re.compile(r"(HOME|LOGNAME|USER|SHELL|TERM|LANG|LC_\w+|TZ|TMPDIR)")
WINDOWS_VARIABLES = (
    *("APPDATA", "COMSPEC", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATHEXT", "PROGRAMDATA"),
    *("PROCESSOR_ARCHITECTURE", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "TMP", "USERNAME"),
    *("USERPROFILE", "WINDIR"),
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Command:
    """A command to start."""

    argv: Sequence[str]
    """The first item is an absolute path."""
    environment: Mapping[str, str] = field(repr=False)
    folder: Path


class Output:
    """The end of a server's standard error, and the reason why its connection has ended."""

    def __init__(self) -> None:
        self._tail = bytearray()
        self.reason: str | None = None

    def add(self, piece: bytes) -> None:
        """Append to the output."""
        self._tail += piece
        del self._tail[:-TAIL_BYTES]

    @property
    def text(self) -> str:
        """The stored end of the output."""
        return self._tail.decode("utf-8", "replace")

    @property
    def last_line(self) -> str:
        """The last line that is not empty, for an error."""
        return next((line for line in reversed(self.text.split("\n")) if line.strip()), "")[:500]


def allowed_environment(environ: Mapping[str, str], path: str) -> dict[str, str]:
    """Select the variables that every server gets: the person's folders and language."""
    if sys.platform == "win32":
        allowed = [name for name in environ if name.upper() in WINDOWS_VARIABLES]
    else:
        allowed = [name for name in environ if POSIX_VARIABLES.fullmatch(name)]
    return {**{name: environ[name] for name in allowed}, "PATH": path}


def guard_command() -> list[str]:
    """The command that starts the guard, in a Python environment or a built program."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--server-guard"]
    return [sys.executable, "-I", "-S", str(Path(__file__).with_name("guard.py"))]


@asynccontextmanager
async def stdio_transport(
    command: Command, output: Output, on_end: Callable[[], None]
) -> "AsyncIterator[TransportStreams]":
    """Start a server, and end it with all its processes when the context ends.

    Args:
        command: the server's command.
        output: stores the server's standard error, and the reason of its end.
        on_end: called after the last message.
    """
    import anyio

    process = _Process(command, output)
    message_sender, messages = anyio.create_memory_object_stream["SessionMessage | Exception"](0)
    request_sender, requests = anyio.create_memory_object_stream["SessionMessage"](0)
    tasks: list[asyncio.Task[None]] = []

    async def read() -> None:
        try:
            async with message_sender:
                async for message in process.messages():
                    await message_sender.send(message)
        except (anyio.ClosedResourceError, anyio.BrokenResourceError):
            pass  # the receiver was closed
        finally:
            on_end()

    async def write() -> None:
        with contextlib.suppress(ConnectionError, anyio.BrokenResourceError):
            async for message in requests:
                await process.send(message)

    try:
        await process.start()
        tasks += [asyncio.create_task(work) for work in (read(), write(), process.read_stderr())]
        yield messages, request_sender
    finally:
        await asyncio.shield(asyncio.ensure_future(process.end()))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for stream in (message_sender, messages, request_sender, requests):
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
        """Start the guard, which starts the server. Cancelling this ends the guard."""
        start_task = asyncio.ensure_future(self._create())
        try:
            self._process = await asyncio.shield(start_task)
        except asyncio.CancelledError:
            with contextlib.suppress(Exception):
                self._process = await start_task  # so that `end` can kill it
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
        read_end, self._control = os.pipe()
        try:
            process = await asyncio.create_subprocess_exec(
                *guard_command(),
                str(read_end),
                stdin=streams,
                stdout=streams,
                stderr=streams,
                env=allowed_environment(os.environ, os.defpath),
                cwd=self._command.folder,
                pass_fds=(read_end,),
                start_new_session=True,
                limit=MAX_LINE_BYTES,
            )
        finally:
            os.close(read_end)
        # In a thread, because writing more than the pipe holds blocks until the guard reads.
        plan = json.dumps(asdict(self._command), default=str).encode() + b"\n"
        with contextlib.suppress(BrokenPipeError):
            await asyncio.to_thread(_write_all, self._control, plan)
        return process

    async def messages(self) -> "AsyncIterator[SessionMessage]":
        """Read the server's messages until it ends or exceeds a limit."""
        from mcp.shared.message import SessionMessage
        from mcp_types import jsonrpc_message_adapter

        garbage_bytes = unsolicited_bytes = 0
        process = self._process
        if process is None or process.stdout is None:
            return
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                megabytes = MAX_LINE_BYTES // 1_000_000
                self._set_reason(f"It wrote a line longer than {megabytes} MB.")
                return
            if not line:
                break
            unsolicited_bytes += len(line)
            try:
                message = jsonrpc_message_adapter.validate_json(line, by_name=False)
            except (ValueError, RecursionError):
                # Some servers print a greeting to standard output instead of standard error.
                garbage_bytes += len(line)
                self._output.add(line[:1_000])
                if garbage_bytes > MAX_GARBAGE_BYTES:
                    self._set_reason("It writes something that is no message.")
                    return
                continue
            if not hasattr(message, "method"):
                unsolicited_bytes = 0
            if unsolicited_bytes > MAX_UNSOLICITED_BYTES:
                self._set_reason("It writes more than anybody asked for.")
                return
            yield SessionMessage(message)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), END_S)
        self._set_reason(_exit_text(process.returncode, self._output.last_line))

    async def send(self, message: "SessionMessage") -> None:
        """Send a message to the server.

        Raises:
            ConnectionError: it has ended.
        """
        if self._process is None or self._process.stdin is None:
            return
        text = message.message.model_dump_json(by_alias=True, exclude_unset=True)
        self._process.stdin.write(text.encode("utf-8", "replace") + b"\n")
        await self._process.stdin.drain()

    async def read_stderr(self) -> None:
        """Read the server's standard error to its end. A full pipe would stop the server."""
        if self._process is None or self._process.stderr is None:
            return
        while piece := await self._process.stderr.read(16_384):
            self._output.add(piece)

    async def end(self) -> None:
        """Ask the server to end. If it does not, kill it with all its processes."""
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
        # A server that writes while it ends would block on a full pipe.
        streams = filter(None, (process.stdout, process.stderr))
        drain_tasks = [asyncio.ensure_future(_drain(stream)) for stream in streams]
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
            for task in drain_tasks:
                task.cancel()
            await asyncio.gather(*drain_tasks, return_exceptions=True)
            # A process that left the server's tree may hold the pipes, and asyncio waits for it.
            transport = getattr(process, "_transport", None)
            if transport is not None:
                transport.close()

    def _set_reason(self, reason: str) -> None:
        if not self._is_ending:
            self._output.reason = self._output.reason or reason


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]


async def _drain(stream: asyncio.StreamReader) -> None:
    with contextlib.suppress(RuntimeError, ConnectionError):
        while await stream.read(65_536):
            pass


def _exit_text(status: int | None, last_line: str) -> str:
    text = "It has ended" if status is None else f"It has ended with the status {status}"
    if status is not None and status > 128:
        with contextlib.suppress(ValueError):
            text = f"It was ended by {signal.Signals(status - 128).name}"
    return f"{text}. It said: {last_line}" if last_line else f"{text}."
