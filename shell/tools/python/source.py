"""One tool file as a source of tools."""

import asyncio
import hashlib
import os
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from shell.contract import ToolKind
from shell.errors import ErrorCode, ToolError, ToolFailed
from shell.tools.base import Arguments, Progress, Tool
from shell.tools.python.process import ToolProcess

IDLE_S = 300.0
"""A process that nobody calls ends after this long."""
MAX_FILE_BYTES = 2_000_000
PROBLEMS = {
    "none": "{name} is no file that can be read.",
    "large": "{name} is larger than {megabytes} MB.",
    "open": "Other users can change {name} or its folder. Make both yours alone.",
}
"""Stand for the hash of a file that is not imported."""


class PythonFile:
    """The functions of a file. Its process starts when it is first needed, and after every change:
    that of a shipped file with the first call, that of another file when it is listed.

    Args:
        path: the file.
        kind: `builtin` for those that ship with the program.
        arguments: what the file finds in `sys.argv[1:]`; another value is a change of the file.
    """

    def __init__(
        self,
        path: Path,
        kind: ToolKind = "python",
        arguments: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self.name = path.name
        self._path = path
        self._kind = kind
        self._arguments = arguments
        self._process: ToolProcess | None = None
        self._tools: list[Tool] = []
        self._hash = ""
        self._starting = asyncio.Lock()
        self._users = 0
        self._idle: asyncio.TimerHandle | None = None

    async def list(self) -> Sequence[Tool]:
        """The file's functions; one tool with a problem if the file cannot be imported."""
        found = await asyncio.to_thread(self._read_hash)
        if found != self._hash or not self._tools:
            try:
                await (self._describe() if self._kind == "builtin" else self._ready())
            except ToolError as error:
                broken = Tool(self._path.stem, self.name, self._kind, problem=error.message)
                self._tools, self._hash = [broken], found
        return list(self._tools)

    async def call(self, tool: Tool, arguments: Arguments, progress: Progress) -> str:
        """Carry out one call.

        Raises:
            ToolError: TOOL_FAILED; TOOL_UNKNOWN if the file has changed since the call was allowed.
        """
        self._users += 1
        try:
            process = await self._ready()
            if not any(_is_same(each, tool) for each in self._tools):
                text = f"{self.name} has changed since this call was decided. Ask again."
                raise ToolError(ErrorCode.TOOL_UNKNOWN, text)
            return await process.call(tool.name, arguments, progress)
        finally:
            self._users -= 1
            self._wait_idle()

    async def close(self) -> None:
        """End the process."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        process, self._process = self._process, None
        if process is not None:
            await process.end()

    async def _describe(self) -> None:
        """Describe a shipped file here: it is the program's own code, and few visits call it."""
        async with self._starting:
            found = await asyncio.to_thread(self._read_hash)
            if found == self._hash and self._tools:
                return  # another list has just described it
            await self.close()
            self._refuse(found)
            described = await asyncio.to_thread(_functions, self._path)
            self._hash = found
            self._tools = [self._tool(function, found) for function in described]

    async def _ready(self) -> ToolProcess:
        async with self._starting:
            found = await asyncio.to_thread(self._read_hash)
            if self._process is not None and self._process.alive and found == self._hash:
                return self._process
            await self.close()
            self._refuse(found)
            process = ToolProcess(self._path, self._arguments())
            described = await process.start()
            if await asyncio.to_thread(self._read_hash) != found:
                await process.end()  # nobody knows which of the two was imported
                text = f"{self.name} has changed while it was imported. Ask again."
                raise ToolError(ErrorCode.TOOL_UNKNOWN, text)
            self._process, self._hash = process, found
            self._tools = [self._tool(function, found) for function in described]
            self._wait_idle()
            return process

    def _refuse(self, found: str) -> None:
        if found in PROBLEMS:
            text = PROBLEMS[found].format(name=self.name, megabytes=MAX_FILE_BYTES // 1_000_000)
            raise ToolFailed(text)

    def _tool(self, described: "dict[str, object]", identity: str) -> Tool:
        parameters = described.get("parameters")
        problem = described.get("problem")
        return Tool(
            name=str(described["name"]),
            source=self.name,
            kind=self._kind,
            description=str(described.get("description", "")),
            parameters=parameters if isinstance(parameters, dict) else {},
            reads=described.get("reads") is not False,
            brings=described.get("brings") is not False,
            sends=described.get("sends") is not False,
            identity=identity,
            problem=None if problem is None else str(problem),
        )

    def _read_hash(self) -> str:
        try:
            status = self._path.stat()
            if not stat.S_ISREG(status.st_mode):
                return "none"
            if status.st_size > MAX_FILE_BYTES:
                return "large"
            if self._kind == "python" and any(map(_is_open, (status, self._path.parent.stat()))):
                return "open"
            arguments = "\0".join(self._arguments()).encode("utf-8", "surrogateescape")
            return hashlib.sha256(self._path.read_bytes() + arguments).hexdigest()
        except OSError:
            return "none"

    def _wait_idle(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(IDLE_S, self._end_idle)

    def _end_idle(self) -> None:
        self._idle = None
        if not self._users and self._process is not None:
            process, self._process = self._process, None
            self._ending = asyncio.ensure_future(process.end())


def _functions(path: Path) -> "list[dict[str, object]]":
    from shell.tools.python.functions import functions_of, load

    try:
        return [function.describe() for function in functions_of(load(path))]
    except Exception as error:
        raise ToolFailed(f"{type(error).__name__}: {error} ({path.name})") from error


def _is_same(now: Tool, decided: Tool) -> bool:
    """Whether a tool is the one that was decided about, to which a person may have added flags."""
    flagged = replace(
        now,
        reads=now.reads or decided.reads,
        brings=now.brings or decided.brings,
        sends=now.sends or decided.sends,
    )
    return flagged == decided


def _is_open(status: os.stat_result) -> bool:
    """Whether another user can change a file or a folder."""
    if sys.platform == "win32":
        return False
    return bool(status.st_mode & stat.S_IWOTH) or status.st_uid not in (0, os.geteuid())
