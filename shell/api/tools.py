"""Lists, switches and creates tools, and lists the grants: the `tools` namespace."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from shell.bridge.caller import Caller
from shell.contract import (
    GrantSummary,
    LookupId,
    NewToolFile,
    ToolFlags,
    ToolFolder,
    ToolSummary,
    ToolSwitch,
)
from shell.support.files import file_errors
from shell.tools.registry import Tools
from shell.tools.template import write_free_template


class ToolsApi:
    """The `tools` namespace. A page can switch tools on and off and create a file from the
    template, but not write the code of a tool: the person does that in an editor.

    Args:
        tools: the host's tools.
        open_path: shows a file or a folder in the system's program, for the window with this
            caller's id; False where there is no window.
    """

    def __init__(self, tools: Tools, open_path: Callable[[str, Path], bool]) -> None:
        self._tools = tools
        self._open_path = open_path

    def folder(self, caller: Caller) -> ToolFolder:
        """Get the folder of the person's own tool files."""
        trusts_edits = self._tools.choices.trusts_edits
        return ToolFolder(path=str(self._tools.folder), trusts_edits=trusts_edits)

    async def open_folder(self, caller: Caller) -> bool:
        """Show the folder in the system's file manager. False in a browser."""
        folder = self._tools.folder
        with file_errors(f"{folder} cannot be made"):
            await asyncio.to_thread(folder.mkdir, mode=0o700, exist_ok=True)
        return await asyncio.to_thread(self._open_path, caller.id, folder)

    async def create(self, caller: Caller) -> NewToolFile:
        """Create a file with a working tool, and open it in the person's editor. In a browser the
        page shows its path instead.
        """
        path = await asyncio.to_thread(write_free_template, self._tools.folder)
        opened = await asyncio.to_thread(self._open_path, caller.id, path)
        return NewToolFile(path=str(path), opened=opened)

    def trust_edits(self, caller: Caller, trusted: bool) -> ToolFolder:
        """Set whether grants stay valid for edited files, until the program ends."""
        self._tools.choices.trusts_edits = trusted
        return self.folder(caller)

    async def enable(self, caller: Caller, params: ToolSwitch) -> "list[ToolSummary]":
        """Switch a tool on or off; returns all tools."""
        await self._tools.enable(params.name, params.enabled)
        return await self._tools.summaries()

    async def set_flags(self, caller: Caller, params: ToolFlags) -> "list[ToolSummary]":
        """Set flags of a tool in addition to its own; returns all tools."""
        await self._tools.set_flags(params.name, params.flags)
        return await self._tools.summaries()

    async def grants(self, caller: Caller) -> "list[GrantSummary]":
        """List the grants: verdicts for all conversations, the newest first."""
        return await self._tools.grants()

    async def revoke(self, caller: Caller, grant_id: LookupId) -> bool:
        """Remove a grant. False when there is none with this id."""
        return await self._tools.revoke(grant_id)

    async def list(self, caller: Caller) -> "list[ToolSummary]":
        """List every tool, also those that are off or cannot be called."""
        return await self._tools.summaries()
