"""Starts, watches and ends the child process that runs a model.

It starts when it is first needed, and all callers share it. It ends when it has not been used for
a while, or when it hangs, and starts again after a crash. Whatever happens to this process, the
child ends with it.
"""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shell.errors import ErrorCode, ProviderError
from shell.providers.local.child import Plan
from shell.support.environment import without_secrets
from shell.support.files import reason
from shell.support.futures import read_exception

IDLE_S = 600.0
"""An unused child ends after this long, which frees its memory."""
HUNG_S = 20.0
"""A child that takes longer to report the state of its slots hangs. It reports between two batches,
and a model that needs this long for one batch could not be used anyway."""
TAIL_BYTES = 16_384
"""How much of llama.cpp's output is stored for errors."""
END_S = 1.0
"""How long a killed child may take to end."""
_OWN_GROUP = 0
if sys.platform == "win32":
    _OWN_GROUP = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
_log = logging.getLogger(__name__)


def llama_command() -> list[str]:
    """The command that starts the child process, in a Python environment or a built program."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--llama-child"]
    return [sys.executable, "-m", "shell.providers.local.child"]


@dataclass(frozen=True, slots=True)
class Child:
    """A child process that is ready for requests."""

    url: str
    key: str
    process: asyncio.subprocess.Process


class LlamaProcess:
    """The process of one model file.

    Args:
        model: the file.
        name: the server's name for the model.
        context_tokens: the size of the context that all slots share.
        fit_to_devices: whether the model may be too large for this machine's devices.
        idle_s: see `IDLE_S`.
        hung_s: see `HUNG_S`.
        command: returns the command to start.
    """

    def __init__(
        self,
        model: Path,
        name: str,
        context_tokens: int,
        *,
        fit_to_devices: bool = True,
        idle_s: float = IDLE_S,
        hung_s: float = HUNG_S,
        command: Callable[[], list[str]] = llama_command,
    ) -> None:
        self._model = model
        self._name = name
        self._context_tokens = context_tokens
        self._fit_to_devices = fit_to_devices
        self._idle_s = idle_s
        self._hung_s = hung_s
        self._command = command
        self._start_task: asyncio.Task[Child] | None = None
        self._tail = bytearray()
        self._stderr_task: asyncio.Task[None] | None = None
        self._users = 0
        self._idle: asyncio.TimerHandle | None = None
        self._end_task: asyncio.Task[None] | None = None
        self._check_task: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the model is loaded."""
        task = self._start_task
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return False
        return task.result().process.returncode is None

    @asynccontextmanager
    async def use(self) -> AsyncGenerator[Child, None]:
        """Start the child if necessary, and keep it from ending while it is used.

        Raises:
            ProviderError: LOCAL_MODEL_CRASHED when it does not start.
        """
        self._users += 1
        if self._idle is not None:
            self._idle.cancel()
        try:
            yield await self._child()
        finally:
            self._users -= 1
            if not self._users:
                loop = asyncio.get_running_loop()
                self._idle = loop.call_later(self._idle_s, self._end_idle)

    async def crash_error(self, child: Child, within_s: float = 0.5) -> ProviderError | None:
        """The error of a child that has ended, or ends within `within_s`. None if it still runs."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.process.wait(), within_s)
        status = child.process.returncode
        return None if status is None else self._crash_error(status, "ended in mid-answer")

    def end_if_hung(self, child: Child) -> None:
        """Check in the background whether the child still works, and end it if it does not.

        The next use waits for the result. Otherwise a child that hangs would hold up every further
        question until its deadline.
        """
        if self._check_task is None or self._check_task.done():
            check = _end_if_hung(child, self._hung_s)
            self._check_task = asyncio.create_task(check, name="check the model")

    async def end(self) -> None:
        """End the child within two seconds."""
        if self._check_task is not None:
            self._check_task.cancel()
        if self._idle is not None:
            self._idle.cancel()
        start_task, self._start_task = self._start_task, None
        if start_task is None:
            return
        start_task.cancel()
        # The callers of `use` have seen why a start has failed.
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await _end((await start_task).process)
        if self._stderr_task is not None:
            await asyncio.wait({self._stderr_task}, timeout=END_S)

    # --- inside -----------------------------------------------------------------------------

    async def _child(self) -> Child:
        if pending := {task for task in (self._end_task, self._check_task) if task is not None}:
            await asyncio.wait(pending)
        if self._start_task is None or (self._start_task.done() and not self.ready):
            self._start_task = asyncio.create_task(self._start(), name="start the model")
            self._start_task.add_done_callback(read_exception)
        # Cancelling one caller must not cancel the start: the next request will need it.
        return await asyncio.shield(self._start_task)

    async def _start(self) -> Child:
        key = secrets.token_urlsafe(32)
        plan = Plan(str(self._model), self._name, key, self._context_tokens, self._fit_to_devices)
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command(),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                # The package can be imported from here, installed or not.
                cwd=Path(__file__).parents[3],
                # No secrets for a process that reads untrusted files.
                env=without_secrets(os.environ),
                # Ctrl-C is for the parent, which then ends the child.
                start_new_session=True,
                creationflags=_OWN_GROUP,
            )
        except OSError as error:  # for example no memory
            text = f"The local model's process cannot be started ({reason(error)}). Ask again."
            raise ProviderError(ErrorCode.LOCAL_MODEL_CRASHED, text) from None
        try:
            if sys.platform == "win32":  # elsewhere its standard input ends the child
                from shell.providers.local.windows_job import end_with_us

                end_with_us(process.pid)
            self._tail.clear()
            self._stderr_task = asyncio.create_task(self._read_stderr(process.stderr))
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("a child process without pipes")
            with contextlib.suppress(ConnectionError):
                # Not as an argument, because every user of the machine can read those.
                process.stdin.write(json.dumps(asdict(plan)).encode() + b"\n")
                await process.stdin.drain()
            line = await process.stdout.readline()
            if not line:
                status = await process.wait()
                await asyncio.wait({self._stderr_task}, timeout=END_S)
                raise self._crash_error(status, "did not start")
            url = json.loads(line)["url"]
        except BaseException:
            await asyncio.shield(_end(process))
            raise
        _log.debug("%s is ready as process %d", self._name, process.pid)
        return Child(url, key, process)

    async def _read_stderr(self, stderr: asyncio.StreamReader | None) -> None:
        """Read llama.cpp's output and store its end. A full pipe would stop the child."""
        while stderr is not None and (piece := await stderr.read(4_096)):
            self._tail += piece
            del self._tail[:-TAIL_BYTES]
            if _log.isEnabledFor(logging.DEBUG):
                _log.debug("%s", piece.decode("utf-8", "replace").rstrip())

    def _crash_error(self, status: int, event: str) -> ProviderError:
        exit_text = f"exit status {status}"
        if status < 0:
            with contextlib.suppress(ValueError):
                exit_text = f"signal {signal.Signals(-status).name}"
        lines = self._tail.decode("utf-8", "replace").splitlines()
        complaint = next((line for line in lines if " E " in line), "")
        _log.debug("the last words of %s:\n%s", self._name, "\n".join(lines[-40:]))
        detail = f" It said: {complaint.partition(' E ')[2].strip()[:300]}." if complaint else ""
        return ProviderError(
            ErrorCode.LOCAL_MODEL_CRASHED,
            f"The local model's process {event} ({exit_text}).{detail} Ask again to restart it.",
        )

    def _end_idle(self) -> None:
        if not self._users:
            self._end_task = asyncio.create_task(self.end())


async def _end(process: asyncio.subprocess.Process) -> None:
    """Kill the child. It holds no data."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
    if process.stdin is not None:
        process.stdin.close()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), END_S)


async def _end_if_hung(child: Child, within_s: float) -> None:
    address = urlsplit(child.url)
    try:
        # The thread that runs the model answers this path itself.
        request = f"GET /slots HTTP/1.0\r\nAuthorization: Bearer {child.key}\r\n\r\n"
        async with asyncio.timeout(within_s):
            reader, writer = await asyncio.open_connection(address.hostname, address.port)
            try:
                writer.write(request.encode())
                await reader.readline()
            finally:
                writer.close()
    except TimeoutError:
        _log.info("the local model's process %d hangs and is ended", child.process.pid)
        with contextlib.suppress(ProcessLookupError):
            child.process.kill()
        await child.process.wait()
    except OSError:
        pass  # it has ended
