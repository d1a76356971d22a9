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
from shell.tools.base import Arguments, Progress, Tool, parameters_problem
from shell.tools.python.process import CannotStart, ToolProcess

IDLE_S = 300.0
"""A process without calls ends after this long."""
MAX_FILE_BYTES = 2_000_000
PROBLEMS = {
    "none": "{name} is no file that can be read.",
    "large": "{name} is larger than {megabytes} MB.",
    "open": "Other users can change {name} or its folder. Make both yours alone.",
}
"""The problem of a file that is not imported, by the key that stands for its hash."""


class PythonFile:
    """The functions of a file. Its process starts when it is first needed, and after every change.
    A shipped file needs it for the first call, any other file for its list of tools.

    Args:
        path: the file.
        kind: `builtin` for files that ship with the program.
        arguments: the file's `sys.argv[1:]`. Another value counts as a change of the file.
    """

    def __init__(
        self, path: Path, kind: ToolKind = "python", arguments: Callable[[], Sequence[str]] = tuple
    ) -> None:
        self.name = path.name
        self._path = path
        self._kind = kind
        self._arguments = arguments
        self._process: ToolProcess | None = None
        self._tools: list[Tool] = []
        self._hash = ""
        self._start_lock = asyncio.Lock()
        self._users = 0
        self._idle_timer: asyncio.TimerHandle | None = None

    async def list(self) -> Sequence[Tool]:
        """List the file's functions, or one tool with a problem if the file cannot be imported."""
        file_hash = await asyncio.to_thread(self._read_hash)
        if file_hash != self._hash or not self._tools:
            try:
                await (self._describe() if self._kind == "builtin" else self._ensure_process())
            except ToolError as error:
                broken = Tool(self._path.stem, self.name, self._kind, problem=error.message)
                self._tools = [broken]
                self._hash = "" if isinstance(error, CannotStart) else file_hash
        return list(self._tools)

    async def call(self, tool: Tool, arguments: Arguments, progress: Progress) -> str:
        """Carry out one call.

        Raises:
            ToolError: TOOL_FAILED; TOOL_UNKNOWN if the file has changed since the call was allowed.
        """
        self._users += 1
        try:
            process = await self._ensure_process()
            if not any(_is_same(each, tool) for each in self._tools):
                text = f"{self.name} has changed since this call was decided. Ask again."
                raise ToolError(ErrorCode.TOOL_UNKNOWN, text)
            return await process.call(tool.name, arguments, progress)
        finally:
            self._users -= 1
            self._restart_idle_timer()

    async def close(self) -> None:
        """End the process."""
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        process, self._process = self._process, None
        if process is not None:
            await process.end()

    async def _describe(self) -> None:
        """Describe a shipped file in the host. It is the program's own code, and seldom called."""
        async with self._start_lock:
            file_hash = await asyncio.to_thread(self._read_hash)
            if file_hash == self._hash and self._tools:
                return  # another list has just described it
            await self.close()
            self._check_hash(file_hash)
            functions = await asyncio.to_thread(_functions, self._path)
            self._hash = file_hash
            self._tools = [self._tool(function, file_hash) for function in functions]

    async def _ensure_process(self) -> ToolProcess:
        async with self._start_lock:
            file_hash = await asyncio.to_thread(self._read_hash)
            if self._process is not None and self._process.alive and file_hash == self._hash:
                return self._process
            await self.close()
            self._check_hash(file_hash)
            process = ToolProcess(self._path, self._arguments())
            functions = await process.start()
            try:
                if await asyncio.to_thread(self._read_hash) != file_hash:
                    # Either version may have been imported.
                    text = f"{self.name} has changed while it was imported. Ask again."
                    raise ToolError(ErrorCode.TOOL_UNKNOWN, text)
            except BaseException:
                await asyncio.shield(process.end())
                raise
            self._process, self._hash = process, file_hash
            self._tools = [self._tool(function, file_hash) for function in functions]
            self._restart_idle_timer()
            return process

    def _check_hash(self, file_hash: str) -> None:
        if file_hash in PROBLEMS:
            text = PROBLEMS[file_hash].format(name=self.name, megabytes=MAX_FILE_BYTES // 1_000_000)
            raise ToolFailed(text)

    def _tool(self, function: "dict[str, object]", identity: str) -> Tool:
        schema = function.get("parameters")
        parameters = schema if isinstance(schema, dict) else {}
        problem = function.get("problem") or parameters_problem(parameters)
        return Tool(
            name=str(function["name"]),
            source=self.name,
            kind=self._kind,
            description=str(function.get("description", "")),
            parameters={} if problem else parameters,
            reads=function.get("reads") is not False,
            brings=function.get("brings") is not False,
            sends=function.get("sends") is not False,
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
            if self._kind == "python" and any(map(_is_exposed, (status, self._path.parent.stat()))):
                return "open"
            arguments = "\0".join(self._arguments()).encode("utf-8", "surrogateescape")
            return hashlib.sha256(self._path.read_bytes() + arguments).hexdigest()
        except OSError:
            return "none"

    def _restart_idle_timer(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.cancel()
        self._idle_timer = asyncio.get_running_loop().call_later(IDLE_S, self._end_idle)

    def _end_idle(self) -> None:
        self._idle_timer = None
        if not self._users and self._process is not None:
            process, self._process = self._process, None
            self._end_task = asyncio.ensure_future(process.end())


def _functions(path: Path) -> "list[dict[str, object]]":
    from shell.tools.python.functions import functions_of, load

    try:
        return [function.describe() for function in functions_of(load(path))]
    except Exception as error:
        raise ToolFailed(f"{type(error).__name__}: {error} ({path.name})") from error


def _is_same(current: Tool, decided: Tool) -> bool:
    """Whether a tool is the one of a decision, apart from flags that a person has added."""
    flagged = replace(
        current,
        reads=current.reads or decided.reads,
        brings=current.brings or decided.brings,
        sends=current.sends or decided.sends,
    )
    return flagged == decided


def _is_exposed(status: os.stat_result) -> bool:
    """Whether all users can change a file or a folder, or it belongs to another user than root.

    What its group may do does not count.
    """
    if sys.platform == "win32":
        return False
    return bool(status.st_mode & stat.S_IWOTH) or status.st_uid not in (0, os.geteuid())
