"""The tools that one run offers to its model."""

from collections.abc import Iterable
from dataclasses import dataclass

from shell.errors import ErrorCode, ToolError
from shell.providers.base import ToolSpec
from shell.tools.base import Arguments, Progress, Tool, ToolSource
from shell.tools.permissions import Permissions


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool with the source that carries out its calls."""

    tool: Tool
    source: ToolSource

    async def call(self, arguments: Arguments, progress: Progress) -> str:
        """Carry out one call.

        Raises:
            ToolError: the call failed.
        """
        return await self.source.call(self.tool, arguments, progress)


class Offer:
    """The tools of one run, in an order that stays, so that a provider's cache of prompts holds.

    Args:
        tools: those that are offered.
        permissions: who decides about their calls.
    """

    def __init__(self, tools: Iterable[OfferedTool], permissions: Permissions) -> None:
        self._tools = {offered.tool.wire_name: offered for offered in tools}
        self.permissions = permissions

    def under(self, permissions: Permissions) -> "Offer":
        """The same tools with the permissions of a conversation."""
        return Offer(self._tools.values(), permissions)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is told."""
        return tuple(
            ToolSpec(name, offered.tool.description, offered.tool.parameters)
            for name, offered in self._tools.items()
        )

    def find(self, wire_name: str) -> OfferedTool:
        """The tool that a model calls.

        Raises:
            ToolError: TOOL_UNKNOWN with the names that exist.
        """
        found = self._tools.get(wire_name)
        if found is None:
            names = ", ".join(self._tools) or "none"
            text = f"There is no tool {wire_name[:100]!r}. The tools are: {names}."
            raise ToolError(ErrorCode.TOOL_UNKNOWN, text[:4_000])
        return found
