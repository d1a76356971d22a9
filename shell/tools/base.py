"""What a tool is, and the interface of a source of tools."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from shell.contract import ToolKind
from shell.tools.media import ToolOutput

Arguments = dict[str, JsonValue]
MAX_NAME = 64
"""Longest name that all providers take."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool of one source."""

    name: str
    """The name within its source."""
    source: str
    """The name of its file or server, as people know it."""
    kind: ToolKind
    description: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    """The JSON schema of the arguments."""
    reads: bool = True
    brings: bool = True
    sends: bool = True
    identity: str = ""
    """Changes whenever the source could behave differently: a file's hash, a hash of a command."""
    problem: str | None = None
    """Why the tool cannot be called. None if it can."""

    @property
    def key(self) -> str:
        """The unique name of the tool among those of all sources."""
        return f"{self.source}\0{self.name}"

    @property
    def definition(self) -> str:
        """A hash of everything that a permission is given for."""
        parts = (self.source, self.identity, self.name, self.description, self.parameters)
        flags = (self.reads, self.brings, self.sends)
        text = json.dumps([*parts, *flags], sort_keys=True, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def summary(self) -> str:
        """The definition as lines of text, which a person can compare with another one."""
        flags = {"reads": self.reads, "brings": self.brings, "sends": self.sends}
        fields = {"description": self.description.splitlines(), "arguments": dict(self.parameters)}
        return json.dumps({**fields, **flags}, indent=1, ensure_ascii=False)

    @property
    def wire_name(self) -> str:
        """The name that models use. Providers take letters, digits, `_` and `-`, 64 at most."""
        source = self.source.removesuffix(".py")
        name = f"{_plain(source)}__{_plain(self.name)}"
        # The checksum also marks a name that could be read as another source and another tool.
        if len(name) <= MAX_NAME and name.partition("__")[::2] == (source, self.name):
            return name
        checksum = hashlib.sha256(self.key.encode()).hexdigest()[:8]
        return f"{name[: MAX_NAME - 9]}_{checksum}"


def parameters_problem(parameters: Mapping[str, object]) -> str | None:
    """Why a schema cannot be sent to a provider. None if it can."""
    try:
        json.dumps(parameters, allow_nan=False)
    except ValueError:
        return "The description of its arguments has a number that JSON does not have, such as NaN."
    return None


def host_tool(
    name: str, description: str, properties: Mapping[str, object], required: Sequence[str]
) -> Tool:
    """Make a tool of the host itself. It has no flags, as it gives only what a run has anyway."""
    parameters = {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
    return Tool(
        name, "tidewire", "builtin", description, parameters, reads=False, brings=False, sends=False
    )


def _plain(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "_", name)


Progress = Callable[[str], None]
"""Reports the progress of a call, as one line of text."""


class ToolSource(Protocol):
    """Carries out the calls of its tools."""

    async def call(self, tool: Tool, arguments: Arguments, progress: Progress) -> str | ToolOutput:
        """Carry out one call. Cancelling it ends everything that the call has started.

        Raises:
            ToolError: TOOL_FAILED with the reason, TOOL_TIMEOUT, TOOL_UNKNOWN.
        """
