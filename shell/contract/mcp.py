"""MCP servers, as pages and the command line show them."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import ABSENT, Value
from shell.contract.forms import FormField

McpState = Literal[
    "off",
    "consent",
    "idle",
    "starting",
    "ready",
    "restarting",
    "sign_in",
    "failed",
    "stopping",
]
"""`consent` waits until a person agrees to the command or address; `idle` starts at the first use;
`sign_in` waits until a person signs in."""
McpText = Annotated[str, Field(max_length=10_000, pattern=r"^[^\x00]*$")]
ValueName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
"""The name of a variable or header."""
McpName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]


class McpServerSummary(Value):
    """A server as lists show it. It has no value of a variable or header."""

    name: str
    command: list[str] | None
    """The command with its arguments; null for an address."""
    url: str | None
    folder: str | None
    """The working directory, if one was chosen."""
    values: list[str]
    """The names of the server's variables or headers."""
    enabled: bool
    state: McpState
    tools: int
    """The known number of its tools."""
    error: Annotated[str | None, ABSENT]
    """Why it does not run, in one sentence."""
    output: str
    """The end of its standard error."""


class NewMcpServer(Value):
    """A server to add: a command on this machine, or an address."""

    name: McpName
    command: Annotated[list[McpText] | None, Field(min_length=1, max_length=200)] = None
    """The command with its arguments. No shell reads it."""
    url: Annotated[str | None, Field(min_length=1, max_length=2_000)] = None
    values: Annotated[dict[ValueName, McpText], Field(max_length=50)] = Field(default_factory=dict)
    """Variables of a command, or headers of an address. They go to the keychain."""


class McpResource(Value):
    """A resource of a server, or a template for its address."""

    server: str
    name: str
    uri: str
    description: str
    media_type: str | None
    """The type that the server states. The content decides."""
    fields: list[FormField]
    """The variables of a template."""


class McpResources(Value):
    """The resources of servers."""

    items: list[McpResource]
    problems: dict[str, str]
    """Why a server could not be asked, by its name."""


class McpPrompt(Value):
    """A prompt that a server has prepared."""

    server: str
    name: str
    description: str
    fields: list[FormField]


class McpPromptQuery(Value):
    """Asks for the prompts of servers. With `start`, also of those that do not run yet."""

    start: bool = False


class McpPrompts(Value):
    """The prompts of servers."""

    items: list[McpPrompt]
    waiting: list[str]
    """The servers that do not run yet, so their prompts are unknown."""
    problems: dict[str, str]
    """Why a server could not be asked, by its name."""


class McpChoice(Value):
    """A resource or a prompt that a person has chosen."""

    server: McpName
    name: Annotated[str, Field(max_length=10_000)]
    """The URI of a resource, or the name of a prompt."""
    values: Annotated[
        dict[Annotated[str, Field(max_length=200)], Annotated[str, Field(max_length=10_000)]],
        Field(max_length=100),
    ] = Field(default_factory=dict)
    """The values that the person entered into the fields."""


class McpFile(Value):
    """A file of a resource or prompt. Its bytes are not checked yet."""

    name: str
    media_type: str
    data: str
    """Its bytes in base64."""


class McpContents(Value):
    """The text and files that a resource or a prompt adds to a message."""

    text: str
    files: list[McpFile]


class McpSwitch(Value):
    """Switches a server on or off."""

    name: McpName
    enabled: bool


class McpImported(Value):
    """The servers that an import has added. All of them are off."""

    added: list[str]
    problems: dict[str, str]
    """The reason for each entry that could not be added. Also a note for each added server whose
    secret values last for this session only.
    """
