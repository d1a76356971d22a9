"""The tools that one run offers to its model."""

from collections.abc import Iterable
from dataclasses import dataclass

from shell.errors import ErrorCode, ToolError
from shell.providers.base import ModelInfo, ToolSpec
from shell.tools.base import Arguments, Progress, Tool, ToolSource
from shell.tools.find_tools import FIND_TOOLS, SHARE, ToolSearch, definition_tokens, found_in
from shell.tools.media import ToolOutput
from shell.tools.permissions import Permissions, Ruling
from shell.tools.results import READ_RESULT, LongResults, is_cut

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
    """The tools of one run, in a stable order, so that a provider's cache of prompts stays valid.

    Within a conversation a request's list of tools only grows, at its end.

    Args:
        tools: the tools of the run.
        permissions: decide about their calls.
        listed_names: the tools that the conversation has needed. This run adds its own.
        limit: most tokens of definitions, if those of all tools would take more. Requests then
            list `find_tools` and the tools that the model has found or called.
    """

    def __init__(
        self,
        tools: Iterable[OfferedTool],
        permissions: Permissions,
        listed_names: dict[str, None] | None = None,
        limit: int | None = None,
    ) -> None:
        self._tools = {offered.tool.wire_name: offered for offered in tools}
        self._all = {name: offered.tool for name, offered in self._tools.items()}
        self._listed_names = {} if listed_names is None else listed_names
        self._limit = limit
        self.permissions = permissions
        self.results = LongResults()
        self._search = None if limit is None else ToolSearch(self._all, self._listed_names, limit)

    def for_conversation(self, permissions: Permissions, listed_names: dict[str, None]) -> "Offer":
        """The same tools with the permissions and the listed tools of a conversation."""
        return Offer(self._tools.values(), permissions, listed_names, self._limit)

    def for_model(self, model: ModelInfo) -> "Offer":
        """The same tools for a model. If their definitions take more than `SHARE` of its window, it
        must search them.
        """
        share = int(SHARE * model.context_tokens)
        is_large = model.known and definition_tokens(self._all.values()) > share
        limit = share if is_large else None
        return Offer(self._tools.values(), self.permissions, self._listed_names, limit)

    def note_step(self, calls: Iterable[tuple[str, str]]) -> None:
        """Add the tools that a step has called or found to those that later requests list.

        Args:
            calls: the name and the result of each call, in order. A stored step gives the same.
        """
        step_calls = list(calls)
        self._listed_names |= dict.fromkeys(name for name, _ in step_calls if name in self._tools)
        for name, result in step_calls:
            if name == FIND_TOOLS.wire_name:
                self._listed_names |= dict.fromkeys(found_in(result))
            elif is_cut(result):
                self._listed_names[READ_RESULT.wire_name] = None

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """The tools that a request lists, with `read_result` once a result was cut."""
        known = {**self._all, READ_RESULT.wire_name: READ_RESULT}
        names = [name for name in self._listed_names if name in known]
        if self._search is None:
            names = [*self._tools, *(name for name in names if name not in self._tools)]
        tools = [*([] if self._search is None else [FIND_TOOLS]), *map(known.__getitem__, names)]
        return tuple(ToolSpec(t.wire_name, t.description, t.parameters) for t in tools)

    def rule(self, offered: OfferedTool, arguments: Arguments, *, repeated: bool) -> Ruling:
        """Decide about one call; see `Permissions.rule`."""
        if offered.source in (self.results, self._search) and not repeated:
            return Ruling("allow")
        return self.permissions.rule(offered.tool, arguments, repeated=repeated)

    def find(self, wire_name: str) -> OfferedTool:
        """Find the tool that a model calls.

        Raises:
            ToolError: TOOL_UNKNOWN with the names that exist.
        """
        found = self._tools.get(wire_name)
        if wire_name == READ_RESULT.wire_name and (self.results or wire_name in self._listed_names):
            found = OfferedTool(READ_RESULT, self.results)
        elif wire_name == FIND_TOOLS.wire_name and self._search is not None:
            found = OfferedTool(FIND_TOOLS, self._search)
        if found is None:
            names = ", ".join(spec.name for spec in self.specs) or "none"
            text = f"There is no tool {wire_name[:100]!r}. The tools are: {names}."
            raise ToolError(ErrorCode.TOOL_UNKNOWN, text[:4_000])
        return found
