"""The tools that one run offers to its model."""

from collections.abc import Iterable
from dataclasses import dataclass

from shell.errors import ErrorCode, ToolError
from shell.providers.base import ToolSpec
from shell.tools.base import Arguments, Progress, Tool, ToolSource
from shell.tools.permissions import Permissions, Ruling
from shell.tools.results import READ_RESULT, LongResults


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
        self.results = LongResults()

    def under(self, permissions: Permissions) -> "Offer":
        """The same tools with the permissions of a conversation."""
        return Offer(self._tools.values(), permissions)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is told; `read_result` comes last, once a result was cut."""
        tools = [offered.tool for offered in self._tools.values()]
        if self.results:
            tools.append(READ_RESULT)
        return tuple(ToolSpec(t.wire_name, t.description, t.parameters) for t in tools)

    def rule(self, offered: OfferedTool, arguments: Arguments, *, repeated: bool) -> Ruling:
        """Decide about one call; see `Permissions.rule`."""
        if offered.source is self.results and not repeated:
            return Ruling("allow")
        return self.permissions.rule(offered.tool, arguments, repeated=repeated)

    def find(self, wire_name: str) -> OfferedTool:
        """The tool that a model calls.

        Raises:
            ToolError: TOOL_UNKNOWN with the names that exist.
        """
        found = self._tools.get(wire_name)
        if wire_name == READ_RESULT.wire_name and self.results:
            found = OfferedTool(READ_RESULT, self.results)
        if found is None:
            names = ", ".join(self._tools) or "none"
            text = f"There is no tool {wire_name[:100]!r}. The tools are: {names}."
            raise ToolError(ErrorCode.TOOL_UNKNOWN, text[:4_000])
        return found
