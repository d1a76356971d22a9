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
from shell.support.environment import SECRET
from shell.support.futures import read_exception

IDLE_S = 600.0
"""An unused child ends after this long, which frees its memory."""
HUNG_S = 20.0
"""A child that takes longer to say what its slots do hangs. It says so between two batches, and a
model that needs this long for one could not be used anyway."""
TAIL_BYTES = 16_384
"""How much of llama.cpp's own words is kept for an error."""
END_S = 1.0
_OWN_GROUP = 0
if sys.platform == "win32":
    _OWN_GROUP = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
_log = logging.getLogger(__name__)


def llama_command() -> list[str]:
    """The command of the child process, in a Python environment or a built program."""
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
        name: what the server calls the model.
        context_tokens: the size of the context that all slots share.
        fit: whether the model may be too large for this machine's devices.
        idle_s: see `IDLE_S`.
        hung_s: see `HUNG_S`.
        command: what is started.
    """

    def __init__(
        self,
        model: Path,
        name: str,
        context_tokens: int,
        *,
        fit: bool = True,
        idle_s: float = IDLE_S,
        hung_s: float = HUNG_S,
        command: Callable[[], list[str]] = llama_command,
    ) -> None:
        self._model = model
        self._name = name
        self._context_tokens = context_tokens
        self._fit = fit
        self._idle_s = idle_s
        self._hung_s = hung_s
        self._command = command
        self._starting: asyncio.Task[Child] | None = None
        self._tail = bytearray()
        self._listening: asyncio.Task[None] | None = None
        self._users = 0
        self._idle: asyncio.TimerHandle | None = None
        self._ending: asyncio.Task[None] | None = None
        self._checking: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the model is loaded."""
        task = self._starting
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

    async def crashed(self, child: Child, within_s: float = 0.5) -> ProviderError | None:
        """The error if the child has ended or ends within a moment, else None."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(child.process.wait(), within_s)
        status = child.process.returncode
        return None if status is None else self._crash(status, "ended in mid-answer")

    def end_if_hung(self, child: Child) -> None:
        """Check in the background whether the child still works, and end it if it does not.

        The next use waits for the result. Otherwise a child that hangs would hold up every further
        question until its deadline.
        """
        if self._checking is None or self._checking.done():
            check = _end_if_hung(child, self._hung_s)
            self._checking = asyncio.create_task(check, name="check the model")

    async def end(self) -> None:
        """End the child within a second."""
        if self._checking is not None:
            self._checking.cancel()
        if self._idle is not None:
            self._idle.cancel()
        starting, self._starting = self._starting, None
        if starting is None:
            return
        starting.cancel()
        with contextlib.suppress(asyncio.CancelledError, ProviderError):
            await _end((await starting).process)
        if self._listening is not None:
            await asyncio.wait({self._listening}, timeout=END_S)

    # --- inside -----------------------------------------------------------------------------

    async def _child(self) -> Child:
        if pending := {task for task in (self._ending, self._checking) if task is not None}:
            await asyncio.wait(pending)
        if self._starting is None or (self._starting.done() and not self.ready):
            self._starting = asyncio.create_task(self._start(), name="start the model")
            self._starting.add_done_callback(read_exception)
        # Whoever stops waiting does not stop the start: the next question will want it.
        return await asyncio.shield(self._starting)

    async def _start(self) -> Child:
        key = secrets.token_urlsafe(32)
        plan = Plan(str(self._model), self._name, key, self._context_tokens, self._fit)
        process = await asyncio.create_subprocess_exec(
            *self._command(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            # Where the package can be imported from, installed or not.
            cwd=Path(__file__).parents[3],
            # Secrets are nothing for a process that reads strangers' files.
            env={k: v for k, v in os.environ.items() if not SECRET.search(k)},
            # Ctrl-C is for the parent, which then ends the child.
            start_new_session=True,
            creationflags=_OWN_GROUP,
        )
        try:
            if sys.platform == "win32":  # elsewhere its standard input ends the child
                from shell.providers.local.windows_job import end_with_us

                end_with_us(process.pid)
            self._tail.clear()
            self._listening = asyncio.create_task(self._listen(process.stderr))
            if process.stdin is None or process.stdout is None:
                raise RuntimeError("a child process without pipes")
            with contextlib.suppress(ConnectionError):
                # Never as an argument: everybody on the machine can read those.
                process.stdin.write(json.dumps(asdict(plan)).encode() + b"\n")
                await process.stdin.drain()
            line = await process.stdout.readline()
            if not line:
                status = await process.wait()
                await asyncio.wait({self._listening}, timeout=END_S)
                raise self._crash(status, "did not start")
            url = json.loads(line)["url"]
        except BaseException:
            await asyncio.shield(_end(process))
            raise
        _log.debug("%s is ready as process %d", self._name, process.pid)
        return Child(url, key, process)

    async def _listen(self, stderr: asyncio.StreamReader | None) -> None:
        """Read llama.cpp's output, or it would fill the pipe and stop. Keeps the last lines."""
        while stderr is not None and (piece := await stderr.read(4_096)):
            self._tail += piece
            del self._tail[:-TAIL_BYTES]
            if _log.isEnabledFor(logging.DEBUG):
                _log.debug("%s", piece.decode("utf-8", "replace").rstrip())

    def _crash(self, status: int, what: str) -> ProviderError:
        how = f"exit status {status}"
        if status < 0:
            with contextlib.suppress(ValueError):
                how = f"signal {signal.Signals(-status).name}"
        words = self._tail.decode("utf-8", "replace").splitlines()
        complaint = next((line for line in words if " E " in line), "")
        _log.debug("the last words of %s:\n%s", self._name, "\n".join(words[-40:]))
        detail = f" It said: {complaint.partition(' E ')[2].strip()[:300]}." if complaint else ""
        return ProviderError(
            ErrorCode.LOCAL_MODEL_CRASHED,
            f"The local model's process {what} ({how}).{detail} Ask again to restart it.",
        )

    def _end_idle(self) -> None:
        if not self._users:
            self._ending = asyncio.create_task(self.end())


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
