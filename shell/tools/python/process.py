"""Starts and ends the child process of one tool file, and exchanges messages with it."""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from shell.errors import ToolFailed
from shell.support.environment import without_secrets
from shell.support.files import reason
from shell.support.futures import read_exception
from shell.tools.base import Arguments, Progress
from shell.tools.python.dependencies import uv_command

START_S = 30.0
"""How long a file may take to be imported."""
INSTALL_S = 300.0
"""How long uv may take to install the packages of a file."""
END_S = 1.0
"""How long a killed process may take to end."""
MAX_SCANS = 20
"""How often processes are listed until none is left."""
MAX_LINE_BYTES = 64_000_000
"""Longest message of the child: the longest result, with each byte escaped."""
TAIL_BYTES = 16_384
"""How much of the functions' output is stored for errors."""
MARK = "TIDEWIRE_TOOL_PROCESS"
"""A variable in the environment of the child and of all processes that it starts."""
_OWN_GROUP = 0
if sys.platform == "win32":
    _OWN_GROUP = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
_log = logging.getLogger(__name__)


class CannotStart(ToolFailed):
    """Raised if the system starts no process now, for example because too many are running."""


def tool_command() -> list[str]:
    """The command that starts the child process, in a Python environment or a built program."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--tool-child"]
    return [sys.executable, "-P", "-m", "shell.tools.python.child"]


class ToolProcess:
    """One child process. Loop thread only. It is not started again after its end.

    Args:
        path: the tool file.
        arguments: the file's `sys.argv[1:]`.
    """

    def __init__(self, path: Path, arguments: Sequence[str] = ()) -> None:
        self._path = path
        self._arguments = arguments
        self._mark = secrets.token_hex(16)
        self._child = 0
        self._start_task: asyncio.Future[asyncio.subprocess.Process] | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._read_task: asyncio.Task[None] | None = None
        self._stderr_task: asyncio.Task[None] | None = None
        self._tail = bytearray()
        self._calls: dict[str, tuple[asyncio.Future[str], Progress]] = {}
        self._clean_up_lock = asyncio.Lock()

    @property
    def alive(self) -> bool:
        """Whether it can take calls."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> list[dict[str, Any]]:
        """Start the process and import the file. Returns the descriptions of its functions.

        Raises:
            CannotStart: there is no process, and another attempt may succeed.
            ToolError: TOOL_FAILED with the reason.
        """
        try:
            command = await uv_command(self._path)
            stdout = await self._start_child(command or tool_command())
            text = f"The packages of {self._path.name} are not installed in {INSTALL_S:.0f} s."
            first = await self._read_first(stdout, INSTALL_S if command else START_S, text)
            text = f"{self._path.name} takes longer than {START_S:.0f} s to be imported."
            described = await self._read_first(stdout, START_S, text)
            self._child = int(first["process"])
            tools = list(described["tools"])
            if not all(isinstance(tool, dict) and "name" in tool for tool in tools):
                raise ValueError("a tool without a name")
            await asyncio.to_thread(self._kill_leftovers)
        except (KeyError, TypeError, ValueError):
            await asyncio.shield(self.end())
            text = f"{self._path.name} wrote something that is no list of its tools."
            raise ToolFailed(text) from None
        except BaseException:
            await asyncio.shield(self.end())
            raise
        self._read_task = asyncio.create_task(self._read(stdout))
        return tools

    async def call(self, name: str, arguments: Arguments, progress: Progress) -> str:
        """Carry out one call. Cancelling it ends the process: a function cannot be interrupted.

        Raises:
            ToolError: TOOL_FAILED with the function's own error.
        """
        call = secrets.token_hex(8)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        async with self._clean_up_lock:  # a clean-up would kill the processes of this call
            process = self._process
            if process is None or process.stdin is None or not self.alive:
                raise ToolFailed(f"{self._path.name} is not running.")
            self._calls[call] = answer, progress
        message = {"call": call, "name": name, "arguments": arguments}
        try:
            with contextlib.suppress(ConnectionError):
                process.stdin.write(json.dumps(message).encode() + b"\n")
                await process.stdin.drain()
            return await answer
        except asyncio.CancelledError:
            await asyncio.shield(self.end())
            raise
        finally:
            del self._calls[call]
            # A cancelled caller must not release the lock while the thread still kills.
            await asyncio.shield(self._clean_up())

    async def end(self) -> None:
        """Kill the process and all processes that it has started."""
        if self._process is None and self._start_task is not None:
            # Its start was cancelled and goes on, or has failed.
            with contextlib.suppress(Exception):
                self._process = await self._start_task
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            # Its descendants first: without the process they could not be found any more.
            await asyncio.to_thread(kill_process_tree, self._mark, process.pid, {process.pid})
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if sys.platform == "win32":
                    process.kill()
                else:
                    os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), END_S)
        # By the mark alone: the id of an ended process may belong to another one by now.
        await asyncio.to_thread(kill_process_tree, self._mark, None)
        if process.stdin is not None:
            process.stdin.close()

    # --- inside -----------------------------------------------------------------------------

    async def _start_child(self, command: list[str]) -> asyncio.StreamReader:
        environment = {**tool_environment(os.environ), MARK: self._mark}
        if command != tool_command():
            del environment["PYTHONPATH"]  # uv brings its own packages, maybe for another Python
        self._start_task = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *command,
                str(self._path),
                *self._arguments,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment,
                cwd=self._path.parent,
                start_new_session=True,
                creationflags=_OWN_GROUP,
                limit=MAX_LINE_BYTES,
            )
        )
        self._start_task.add_done_callback(read_exception)
        try:
            self._process = process = await asyncio.shield(self._start_task)
        except OSError as error:
            text = f"{self._path.name} cannot be started ({reason(error)})."
            raise CannotStart(text) from None
        if process.stdout is None or process.stderr is None:
            raise RuntimeError("a child process without pipes")
        self._stderr_task = asyncio.create_task(self._read_stderr(process.stderr))
        return process.stdout

    async def _read_first(
        self, stdout: asyncio.StreamReader, timeout_s: float, timeout_text: str
    ) -> dict[str, Any]:
        """Read one of the messages before the first call.

        Raises:
            ToolError: the process ended, failed or took too long.
        """
        try:
            async with asyncio.timeout(timeout_s):
                message = await _message(stdout)
        except TimeoutError:
            raise ToolFailed(timeout_text) from None
        if message is None or "failed" in message:
            if message is None and self._stderr_task is not None:
                await self.end()
                await asyncio.wait({self._stderr_task}, timeout=END_S)
            why = self._error_tail() if message is None else str(message["failed"])
            raise ToolFailed(f"{self._path.name} cannot be imported: {why}")
        return message

    async def _read(self, stdout: asyncio.StreamReader) -> None:
        """Pass every answer to its call, until the process ends."""
        failure = "ended"
        try:
            while (message := await _message(stdout)) is not None:
                self._handle_message(message)
        except (ValueError, TypeError, AttributeError, KeyError):
            failure = "wrote something that is no answer"
        finally:
            await asyncio.shield(self.end())
            text = f"{self._path.name} {failure} during the call.{self._error_tail(' It said: ')}"
            for answer, _ in self._calls.values():
                if not answer.done():
                    answer.set_exception(ToolFailed(text))

    def _handle_message(self, message: dict[str, Any]) -> None:
        answer, progress = self._calls.get(str(message["call"]), (None, None))
        if answer is None or progress is None or answer.done():
            return
        if "progress" in message:
            progress(str(message["progress"]))
        elif "result" in message:
            answer.set_result(str(message["result"]))
        else:
            answer.set_exception(ToolFailed(str(message["error"])))

    async def _read_stderr(self, stderr: asyncio.StreamReader) -> None:
        """Read the functions' output. A full pipe would stop them."""
        while piece := await stderr.read(4_096):
            self._tail += piece
            del self._tail[:-TAIL_BYTES]

    def _error_tail(self, prefix: str = "") -> str:
        sentence = last_sentence(self._tail.decode("utf-8", "replace"))
        return f"{prefix}{sentence[:500]}" if sentence else ""

    async def _clean_up(self) -> None:
        """Kill the processes that calls have left, once no call runs."""
        async with self._clean_up_lock:
            if not self._calls:
                await asyncio.to_thread(self._kill_leftovers)

    def _kill_leftovers(self) -> None:
        """Kill the processes that finished calls have left."""
        if self._process is not None:
            pid = self._process.pid
            root = pid if self._process.returncode is None else None
            kill_process_tree(self._mark, root, exclude={pid, self._child})


def last_sentence(text: str) -> str:
    """The last line of a text, joined with its continuation: uv wraps and indents its reasons."""
    lines = text.rstrip().splitlines()
    begin = len(lines) - 1
    while begin > 0 and lines[begin].startswith("    "):
        begin -= 1
    return " ".join(line.strip(" ╰─▶") for line in lines[max(begin, 0) :])


def tool_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without secrets, and with this package on PYTHONPATH."""
    allowed = without_secrets(environ)
    root = str(Path(__file__).parents[3])
    paths = [root, *filter(None, [allowed.get("PYTHONPATH")])]
    return {**allowed, "PYTHONPATH": os.pathsep.join(paths)}


def kill_process_tree(mark: str, root: int | None, exclude: Collection[int] = ()) -> None:
    """On Linux, kill a process's descendants and all processes with this mark in their environment.

    Neither is enough: a process whose parent has ended is no descendant, and a process can start
    without our environment.

    Args:
        mark: the value of `MARK` in the environment of the processes to kill.
        root: a process that runs or was not waited for. None for one that has ended.
        exclude: ids of processes that are not killed.
    """
    killed = set(exclude)
    for _ in range(MAX_SCANS):  # a process may fork while the others are listed
        found = _processes_of(mark, root) - killed
        if not found:
            return
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        killed |= found


def _processes_of(mark: str, root: int | None) -> set[int]:
    variable = f"{MARK}={mark}".encode()
    parents: dict[int, int] = {}
    found: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (folder / "stat").read_bytes().rpartition(b")")[2].split()
            parents[int(folder.name)] = int(status[1])
            if variable in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
    for pid in parents:
        ancestor = pid
        while ancestor in parents and ancestor != root:
            ancestor = parents[ancestor]
        if root is not None and ancestor == root:
            found.add(pid)
    return found


async def _message(stdout: asyncio.StreamReader) -> dict[str, Any] | None:
    """The next message; None at the end.

    Raises:
        ValueError: it is no JSON object, or too long.
    """
    line = await stdout.readline()
    if not line:
        return None
    message = json.loads(line)
    if not isinstance(message, dict):
        raise ValueError("not an object")
    return message
