"""Lists tools and what was decided about them: the `tools` namespace."""

from shell.bridge.caller import Caller
from shell.contract import GrantSummary, LookupId, ToolFlags, ToolSummary, ToolSwitch
from shell.tools.registry import Tools


class ToolsApi:
    """What pages show of the tools. A page cannot add a tool, only switch it on or off."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def enable(self, caller: Caller, params: ToolSwitch) -> "list[ToolSummary]":
        """Switch a tool on or off; returns all tools."""
        await self._tools.enable(params.name, params.enabled)
        return await self._tools.summaries()

    async def set_flags(self, caller: Caller, params: ToolFlags) -> "list[ToolSummary]":
        """Set flags of a tool besides its own; returns all tools."""
        await self._tools.set_flags(params.name, params.flags)
        return await self._tools.summaries()

    async def grants(self, caller: Caller) -> "list[GrantSummary]":
        """The verdicts that hold for every conversation, the newest first."""
        return await self._tools.grants()

    async def revoke(self, caller: Caller, grant_id: LookupId) -> bool:
        """Forget such a verdict. False when there is none with this id."""
        return self._tools.revoke(grant_id)

    async def list(self, caller: Caller) -> "list[ToolSummary]":
        """Every tool, also those that are off or cannot be called."""
        return await self._tools.summaries()
