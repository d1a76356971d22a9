"""Lists all tools: those of a person's files, of servers, and those that ship with the program."""

import asyncio
import contextlib
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from shell.contract import Flag, GrantSummary, ToolSummary
from shell.errors import ErrorCode, NotFound, ToolError, ValidationFailed
from shell.providers.keys import Keys
from shell.tools.base import Arguments, Progress
from shell.tools.choices import ToolChoices
from shell.tools.mcp.servers import McpServers
from shell.tools.mcp.source import McpServer
from shell.tools.offer import HOST_TOOLS, Offer, OfferedTool
from shell.tools.permissions import Permissions
from shell.tools.python.source import PythonFile
from shell.tools.template import MAX_FILES

FOLDER = "tools"
SHIPPED = Path(__file__).with_name("shipped")
READ_FILE = SHIPPED / "read_file.py"
"""The tool that gets the folders that a person has chosen."""


class Tools:
    """One per host. Loop thread only.

    Methods with the name of a tool raise NotFound if there is none. Those that change something
    raise StorageFailed if it cannot be stored.

    Args:
        data: the data directory. Its `tools` folder has a person's own files.
        environ: the environment. Servers get a part of it.
        keys: store the secret values of servers.
    """

    def __init__(
        self, data: Path, environ: Mapping[str, str] | None = None, keys: Keys | None = None
    ) -> None:
        self.folder = data / FOLDER
        self.choices = ToolChoices(data)
        self.servers = McpServers(
            data, self.choices, os.environ if environ is None else environ, keys or Keys()
        )
        self._files: dict[Path, PythonFile] = {}
        self._files_lock = asyncio.Lock()
        self._end_tasks: set[asyncio.Task[None]] = set()

    async def all(self) -> list[OfferedTool]:
        """List every tool, also those that are off or have a problem. Imports changed files."""
        files = await self._sources()
        # Files come first: a server cannot take the name of a tool that a file has.
        sources: list[PythonFile | McpServer] = [*files, *self.servers.sources()]
        listed = await asyncio.gather(*(source.list() for source in sources))
        found: list[OfferedTool] = []
        names = set(HOST_TOOLS)
        for source, tools in zip(sources, listed, strict=True):
            for tool in tools:
                name = tool.wire_name
                if tool.problem is None and tool.kind == "mcp" and name in names:
                    text = f"Another tool has the name {name}. Give the server another one."
                    tool = replace(tool, problem=text)
                names.add(name)
                found.append(OfferedTool(self.choices.with_added_flags(tool), source))
        return found

    async def summaries(self) -> list[ToolSummary]:
        """Summarize every tool for a list."""
        return [
            ToolSummary(
                name=tool.name,
                source=tool.source,
                kind=tool.kind,
                description=tool.description,
                enabled=tool.problem is None and self.choices.is_enabled(tool),
                reads=tool.reads,
                brings=tool.brings,
                sends=tool.sends,
                raised=self.choices.added_flags(tool),
                problem=tool.problem,
            )
            for tool in (offered.tool for offered in await self.all())
        ]

    async def find(self, name: str) -> OfferedTool:
        """Find a tool by its name, or by `SOURCE__NAME` if several have the name. Waits for servers
        that take longer to start than a list waits.

        Raises:
            NotFound: there is no such tool.
            ValidationFailed: several have the name.
        """
        known = await self.all()
        with contextlib.suppress(NotFound):
            return _by_name(name, known)
        await self.servers.wait_for_starts()
        return _by_name(name, await self.all())

    async def offer(
        self,
        wanted: Sequence[str] | Literal["all"],
        permissions: Permissions | None = None,
        called: Collection[str] = (),
    ) -> Offer:
        """Select the tools for a run.

        Args:
            wanted: their names, or `all` for those that are on.
            permissions: decide about calls. By default these are the permanent verdicts.
            called: the wire names of tools with open calls. They come after the others, except
                those that do not exist any more, are off, or have a problem.

        Raises:
            ValidationFailed: one of them does not exist, is off, or has a problem. Or the
                permissions allow a name that several tools have.
        """
        known = await self.all()
        usable = [
            offered
            for offered in known
            if offered.tool.problem is None and self.choices.is_enabled(offered.tool)
        ]
        if wanted != "all":
            names = (name for name in dict.fromkeys(wanted) if name not in HOST_TOOLS)
            chosen = [self._usable(name, known) for name in names]
            needed = [offered for offered in usable if offered.tool.wire_name in called]
            usable = [*chosen, *(offered for offered in needed if offered not in chosen)]
        permissions = permissions or self.permissions()
        for name in permissions.allowed:
            if any(name == offered.tool.name for offered in usable):
                _by_name(name, usable)
        return Offer(usable, permissions)

    def permissions(self, allowed: Iterable[str] = ()) -> Permissions:
        """Make permissions with the permanent verdicts.

        Args:
            allowed: names of tools that run without approval, with `*` for any characters.
        """
        return Permissions(self.choices, allowed)

    async def enable(self, name: str, enabled: bool) -> None:
        """Switch a tool on or off."""
        found = await self.find(name)
        await asyncio.to_thread(self.choices.enable, found.tool, enabled)

    async def set_flags(self, name: str, flags: list[Flag]) -> None:
        """Set flags of a tool in addition to its own. This suspends its grants, like any change."""
        found = await self.find(name)
        await asyncio.to_thread(self.choices.set_flags, found.tool, flags)

    async def call(self, name: str, arguments: Arguments, progress: Progress) -> str:
        """Carry out one call that a person makes.

        Raises:
            ToolError: the call failed.
        """
        found = await self.find(name)
        if found.tool.problem is not None:
            raise ToolError(ErrorCode.TOOL_INVALID, f"{name}: {found.tool.problem}")
        output = await found.call(arguments, progress)
        return output if isinstance(output, str) else output.text

    async def grants(self) -> list[GrantSummary]:
        """List the permanent verdicts, the newest first."""
        return self.choices.grants([offered.tool for offered in await self.all()])

    async def revoke(self, grant_id: str) -> bool:
        """Delete a verdict. Returns False if there is none with this id."""
        return await asyncio.to_thread(self.choices.revoke, grant_id)

    async def close(self) -> None:
        """End the processes of all files and servers."""
        files, self._files = self._files, {}
        file_ends = (file.close() for file in files.values())
        await asyncio.gather(self.servers.close(), *file_ends, *self._end_tasks)

    def _usable(self, name: str, known: list[OfferedTool]) -> OfferedTool:
        try:
            offered = _by_name(name, known)
        except NotFound as error:
            raise ValidationFailed([("tools", error.message)]) from None
        if offered.tool.problem is not None:
            raise ValidationFailed([("tools", f"{name}: {offered.tool.problem}")])
        if not self.choices.is_enabled(offered.tool):
            text = f"The tool {name} is off. 'tidewire tools enable {name}' switches it on"
            raise ValidationFailed([("tools", text)])
        return offered

    async def _sources(self) -> Sequence[PythonFile]:
        """List a source for each file. Ends the processes of deleted files."""
        async with self._files_lock:  # an older listing of the folder must not replace a newer one
            own, shipped = await asyncio.to_thread(self._paths)
            known, self._files = self._files, {}
            for path in own:
                self._files[path] = known.get(path) or PythonFile(path)
            for path in shipped:
                arguments = self.choices.folders if path == READ_FILE else tuple
                self._files[path] = known.get(path) or PythonFile(path, "builtin", arguments)
            for path in known.keys() - self._files.keys():
                task = asyncio.ensure_future(known[path].close())
                self._end_tasks.add(task)
                task.add_done_callback(self._end_tasks.discard)
            return list(self._files.values())

    def _paths(self) -> tuple[list[Path], list[Path]]:
        """List a person's own files and the shipped ones. Called in a thread."""
        own = sorted(self.folder.glob("*.py"))[:MAX_FILES] if self.folder.is_dir() else []
        return own, sorted(SHIPPED.glob("[a-z]*.py"))


def _by_name(name: str, known: Iterable[OfferedTool]) -> OfferedTool:
    named = [each for each in known if name in (each.tool.name, each.tool.wire_name)]
    exact = [each for each in named if each.tool.wire_name == name]
    found = exact or named
    found = [each for each in found if each.tool.problem is None] or found
    if not found:
        raise NotFound(f"There is no tool {name[:100]!r}. 'tidewire tools list' shows them.")
    if len(found) > 1:
        names = " or ".join(each.tool.wire_name for each in found)
        raise ValidationFailed([("tools", f"Several tools are called {name}: say {names}")])
    return found[0]
