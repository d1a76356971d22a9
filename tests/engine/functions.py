"""A source of tools whose bodies are functions of a test."""

from collections.abc import Awaitable, Callable

from shell.tools.base import Arguments, Progress, Tool
from shell.tools.media import ToolOutput
from shell.tools.offer import Offer, OfferedTool
from shell.tools.permissions import Permissions

Body = Callable[[Arguments, Progress], Awaitable[str | ToolOutput]]


class Functions:
    """A source of tools whose bodies are functions of the test."""

    name = "test.py"

    def __init__(self) -> None:
        self.bodies: dict[str, Body] = {}
        self.tools: dict[str, Tool] = {}
        self.calls: list[tuple[str, Arguments]] = []

    def add(self, name: str, body: Body, **fields: object) -> None:
        values: dict[str, object] = {"brings": False, "sends": False, **fields}
        self.tools[name] = Tool(name, self.name, "python", **values)  # type: ignore[arg-type]
        self.bodies[name] = body

    async def call(self, tool: Tool, arguments: Arguments, progress: Progress) -> str | ToolOutput:
        self.calls.append((tool.name, arguments))
        return await self.bodies[tool.name](arguments, progress)

    def offer(self, *allowed: str) -> Offer:
        """Offer all tools. Those with the given names run without approval."""
        tools = [OfferedTool(tool, self) for tool in self.tools.values()]
        return Offer(tools, Permissions(allowed=allowed))
