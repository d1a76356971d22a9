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
from shell.support.environment import SECRET
from shell.tools.base import Arguments, Progress
from shell.tools.python.dependencies import uv_command

START_S = 30.0
"""How long a file may take to be imported."""
INSTALL_S = 300.0
"""How long uv may take to install the packages of a file."""
END_S = 1.0
MAX_LINE_BYTES = 64_000_000
"""Longest message of the child: the longest result, with each byte escaped."""
TAIL_BYTES = 16_384
"""How much of what the functions print is kept for an error."""
MARK = "TIDEWIRE_TOOL_PROCESS"
"""A variable in the environment of the child and of all processes that it starts."""
_OWN_GROUP = 0
if sys.platform == "win32":
    _OWN_GROUP = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
_log = logging.getLogger(__name__)


def tool_command() -> list[str]:
    """The command of the child process, in a Python environment or a built program."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--tool-child"]
    return [sys.executable, "-P", "-m", "shell.tools.python.child"]


class ToolProcess:
    """One child process. Loop thread only. It is not started again after its end.

    Args:
        path: the tool file.
        arguments: what the file finds in `sys.argv[1:]`.
    """

    def __init__(self, path: Path, arguments: Sequence[str] = ()) -> None:
        self._path = path
        self._arguments = arguments
        self._mark = secrets.token_hex(16)
        self._child = 0
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._tail = bytearray()
        self._calls: dict[str, tuple[asyncio.Future[str], Progress]] = {}

    @property
    def alive(self) -> bool:
        """Whether it can take calls."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> list[dict[str, Any]]:
        """Import the file; returns what its functions are.

        Raises:
            ToolError: TOOL_FAILED with the reason.
        """
        try:
            command = await uv_command(self._path)
            stdout = await self._begin(command or tool_command())
            text = f"The packages of {self._path.name} are not installed in {INSTALL_S:.0f} s."
            first = await self._first(stdout, INSTALL_S if command else START_S, text)
            text = f"{self._path.name} takes longer than {START_S:.0f} s to be imported."
            described = await self._first(stdout, START_S, text)
            self._child = int(first["process"])
            tools = list(described["tools"])
            if not all(isinstance(tool, dict) and "name" in tool for tool in tools):
                raise ValueError("a tool without a name")
        except (KeyError, TypeError, ValueError):
            await asyncio.shield(self.end())
            text = f"{self._path.name} wrote something else than which tools it has."
            raise ToolFailed(text) from None
        except BaseException:
            await asyncio.shield(self.end())
            raise
        await asyncio.to_thread(self._end_started)
        self._reading = asyncio.create_task(self._read(stdout))
        return tools

    async def call(self, name: str, arguments: Arguments, progress: Progress) -> str:
        """Carry out one call. Cancelling it ends the process: a function cannot be interrupted.

        Raises:
            ToolError: TOOL_FAILED with the function's own error.
        """
        process = self._process
        if process is None or process.stdin is None or not self.alive:
            raise ToolFailed(f"{self._path.name} is not running.")
        call = secrets.token_hex(8)
        answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
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
            if not self._calls:
                await asyncio.to_thread(self._end_started)

    async def end(self) -> None:
        """Kill the process and everything that it has started."""
        process = self._process
        if process is None:
            return
        if process.returncode is None:
            # First those below it: without it nobody knows where they came from.
            await asyncio.to_thread(end_family, self._mark, process.pid, {process.pid})
            with contextlib.suppress(ProcessLookupError, PermissionError):
                if sys.platform == "win32":
                    process.kill()
                else:
                    os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), END_S)
        # By its mark alone: the number of an ended process may be another one's by now.
        await asyncio.to_thread(end_family, self._mark, None)
        if process.stdin is not None:
            process.stdin.close()

    # --- inside -----------------------------------------------------------------------------

    async def _begin(self, command: list[str]) -> asyncio.StreamReader:
        environment = {**tool_environment(os.environ), MARK: self._mark}
        if command != tool_command():
            del environment["PYTHONPATH"]  # uv brings its own packages, maybe for another Python
        creating = asyncio.ensure_future(
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
        try:
            self._process = process = await asyncio.shield(creating)
        except asyncio.CancelledError:
            self._process = await creating  # or nobody would ever end it
            raise
        if process.stdout is None or process.stderr is None:
            raise RuntimeError("a child process without pipes")
        self._listening = asyncio.create_task(self._listen(process.stderr))
        return process.stdout

    async def _first(
        self, stdout: asyncio.StreamReader, longest_s: float, late: str
    ) -> dict[str, Any]:
        """One of the messages before the calls.

        Raises:
            ToolError: the process ended, failed or took too long.
        """
        try:
            async with asyncio.timeout(longest_s):
                message = await _message(stdout)
        except TimeoutError:
            raise ToolFailed(late) from None
        if message is None or "failed" in message:
            if message is None and self._listening is not None:
                await self.end()
                await asyncio.wait({self._listening}, timeout=END_S)
            words = self._last_words() if message is None else str(message["failed"])
            raise ToolFailed(f"{self._path.name} cannot be imported: {words}")
        return message

    async def _read(self, stdout: asyncio.StreamReader) -> None:
        """Hand every answer to its call, until the process ends."""
        why = "ended"
        try:
            while (message := await _message(stdout)) is not None:
                self._take(message)
        except (ValueError, TypeError, AttributeError, KeyError):
            why = "wrote something else than an answer"
        finally:
            await asyncio.shield(self.end())
            text = f"{self._path.name} {why} during the call.{self._last_words(' It said: ')}"
            for answer, _ in self._calls.values():
                if not answer.done():
                    answer.set_exception(ToolFailed(text))

    def _take(self, message: dict[str, Any]) -> None:
        answer, progress = self._calls.get(str(message["call"]), (None, None))
        if answer is None or progress is None or answer.done():
            return
        if "progress" in message:
            progress(str(message["progress"]))
        elif "result" in message:
            answer.set_result(str(message["result"]))
        else:
            answer.set_exception(ToolFailed(str(message["error"])))

    async def _listen(self, stderr: asyncio.StreamReader) -> None:
        """Read what the functions print, or it would fill the pipe and stop them."""
        while piece := await stderr.read(4_096):
            self._tail += piece
            del self._tail[:-TAIL_BYTES]

    def _last_words(self, before: str = "") -> str:
        words = last_sentence(self._tail.decode("utf-8", "replace"))
        return f"{before}{words[:500]}" if words else ""

    def _end_started(self) -> None:
        """End what finished calls have left running."""
        if self._process is not None:
            pid = self._process.pid
            root = pid if self._process.returncode is None else None
            end_family(self._mark, root, besides={pid, self._child})


def last_sentence(text: str) -> str:
    """The last line with the lines that it continues: uv wraps its reasons and indents the rest."""
    lines = text.rstrip().splitlines()
    begin = len(lines) - 1
    while begin > 0 and lines[begin].startswith("    "):
        begin -= 1
    return " ".join(line.strip(" ╰─▶") for line in lines[max(begin, 0) :])


def tool_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without secrets, in which our package can be imported."""
    kept = {name: value for name, value in environ.items() if not SECRET.search(name)}
    root = str(Path(__file__).parents[3])
    paths = [root, *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths)}


def end_family(mark: str, root: int | None, besides: Collection[int] = ()) -> None:
    """Kill all processes below this one, and all that have this mark in their environment. Linux
    only.

    A process can leave its group and its session, and be started without our environment.

    Args:
        mark: in the environment of what is killed.
        root: a process that runs or was not waited for; None for one that has ended.
        besides: these are not killed.
    """
    wanted = f"{MARK}={mark}".encode()
    parents: dict[int, int] = {}
    found: set[int] = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (folder / "stat").read_bytes().rpartition(b")")[2].split()
            parents[int(folder.name)] = int(status[1])
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.add(int(folder.name))
    for pid in parents:
        above = pid
        while above in parents and above != root:
            above = parents[above]
        if root is not None and above == root:
            found.add(pid)
    for pid in found.difference(besides):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


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
