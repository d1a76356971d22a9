"""The tools that one run offers to its model."""

from collections.abc import Iterable
from dataclasses import dataclass

from shell.errors import ErrorCode, ToolError
from shell.providers.base import ModelInfo, ToolSpec
from shell.tools.base import Arguments, Progress, Tool, ToolSource
from shell.tools.find_tools import FIND_TOOLS, SHARE, ToolSearch, definition_tokens, found_in
from shell.tools.media import ToolOutput
from shell.tools.permissions import Permissions, Ruling
from shell.tools.results import READ_RESULT, LongResults, was_cut

HOST_TOOLS = frozenset({FIND_TOOLS.wire_name, READ_RESULT.wire_name})
"""Tools that an offer adds by itself."""


@dataclass(frozen=True, slots=True)
class OfferedTool:
    """A tool with the source that carries out its calls."""

    tool: Tool
    source: ToolSource

    async def call(self, arguments: Arguments, progress: Progress) -> str | ToolOutput:
        """Carry out one call.

        Raises:
            ToolError: the call failed.
        """
        return await self.source.call(self.tool, arguments, progress)


class Offer:
    """The tools of one run, in an order that stays, so that a provider's cache of prompts holds.

    What the model is told of is only ever added to within a conversation, at the end.

    Args:
        tools: those that are offered.
        permissions: who decides about their calls.
        told: the names that the conversation has needed so far; those of this run are added.
        limit: most tokens of definitions, if those of all tools would take more. The model is then
            told of `find_tools` and of what it has found or called.
    """

    def __init__(
        self,
        tools: Iterable[OfferedTool],
        permissions: Permissions,
        told: dict[str, None] | None = None,
        limit: int | None = None,
    ) -> None:
        self._tools = {offered.tool.wire_name: offered for offered in tools}
        self._all = {name: offered.tool for name, offered in self._tools.items()}
        self._told = {} if told is None else told
        self._limit = limit
        self.permissions = permissions
        self.results = LongResults()
        self._search = None if limit is None else ToolSearch(self._all, self._told, limit)

    def under(self, permissions: Permissions, told: dict[str, None]) -> "Offer":
        """The same tools with the permissions of a conversation, and what it was told of."""
        return Offer(self._tools.values(), permissions, told, self._limit)

    def fit(self, model: ModelInfo) -> "Offer":
        """The same tools for a model, which searches them if they fill its window too much."""
        limit = int(SHARE * model.context_tokens)
        size = definition_tokens(self._all.values())
        is_large = model.known and size > limit
        return Offer(
            self._tools.values(), self.permissions, self._told, limit if is_large else None
        )

    def note_step(self, calls: Iterable[tuple[str, str]]) -> None:
        """Tell the model from now on of the tools that a step has called or found.

        Args:
            calls: the name and the result of each, in their order. A stored step gives the same.
        """
        made = list(calls)
        self._told |= dict.fromkeys(name for name, _ in made if name in self._tools)
        for name, result in made:
            if name == FIND_TOOLS.wire_name:
                self._told |= dict.fromkeys(found_in(result))
            elif was_cut(result):
                self._told[READ_RESULT.wire_name] = None

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model is told; `read_result` is there once a result was cut."""
        known = {**self._all, READ_RESULT.wire_name: READ_RESULT}
        told = [name for name in self._told if name in known]
        if self._search is None:
            told = [*self._tools, *(name for name in told if name not in self._tools)]
        tools = [*([] if self._search is None else [FIND_TOOLS]), *map(known.__getitem__, told)]
        return tuple(ToolSpec(t.wire_name, t.description, t.parameters) for t in tools)

    def rule(self, offered: OfferedTool, arguments: Arguments, *, repeated: bool) -> Ruling:
        """Decide about one call; see `Permissions.rule`."""
        if offered.source in (self.results, self._search) and not repeated:
            return Ruling("allow")
        return self.permissions.rule(offered.tool, arguments, repeated=repeated)

    def find(self, wire_name: str) -> OfferedTool:
        """The tool that a model calls.

        Raises:
            ToolError: TOOL_UNKNOWN with the names that exist.
        """
        found = self._tools.get(wire_name)
        if wire_name == READ_RESULT.wire_name and (self.results or wire_name in self._told):
            found = OfferedTool(READ_RESULT, self.results)
        elif wire_name == FIND_TOOLS.wire_name and self._search is not None:
            found = OfferedTool(FIND_TOOLS, self._search)
        if found is None:
            names = ", ".join(spec.name for spec in self.specs) or "none"
            text = f"There is no tool {wire_name[:100]!r}. The tools are: {names}."
            raise ToolError(ErrorCode.TOOL_UNKNOWN, text[:4_000])
        return found
