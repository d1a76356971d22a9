"""Describes the tools that models may call, and what people decide about a call."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from shell.contract.base import ABSENT, InferenceId, LookupId, Value

MAX_STEPS = 25
"""Most calls of the model in one run with tools, unless the request says otherwise."""

ToolName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,128}$")]
ToolNames = Literal["all"] | Annotated[list[ToolName], Field(max_length=200)]
MaxSteps = Annotated[int, Field(ge=1, le=100)]
ToolKind = Literal["python", "mcp", "builtin"]
Flag = Literal["reads", "brings", "sends"]
Verdict = Literal["allow", "deny"]
Scope = Literal["once", "conversation", "always"]


class ArgumentRule(Value):
    """Which values of one argument a permission is for."""

    match: Literal["exact", "prefix", "host", "inside", "any"]
    """`host` is for addresses, `inside` for paths below a folder."""
    value: Annotated[str, Field(max_length=10_000)]
    """Empty with `any`."""


Pattern = Annotated[dict[Annotated[str, Field(max_length=128)], ArgumentRule], Field(max_length=64)]
"""Rules by the name of the argument."""


class Decision(Value):
    """What a person decides about one call that waits."""

    inference_id: InferenceId
    call_id: LookupId
    nonce: Annotated[str, Field(max_length=100)]
    """The one of the `llm:approval` event that asked."""
    verdict: Verdict
    scope: Scope = "once"
    """For how long the verdict holds. `always` with `deny` means never."""
    pattern: Pattern | None = None
    """With `always`: which arguments are allowed. Without one, all are. With one, an argument of
    the call without a rule may have any value, and no other argument may be given."""
    arguments: dict[str, JsonValue] | None = None
    """With `allow`: what the tool gets in place of the model's arguments."""
    reason: Annotated[str, Field(max_length=2_000)] | None = None
    """With `deny`: what the model is told."""


class ToolSummary(Value):
    """A tool as lists show it."""

    name: str
    source: str
    kind: ToolKind
    description: str
    enabled: bool
    reads: bool
    """It reads private data."""
    brings: bool
    """Its results come from strangers, such as a web page."""
    sends: bool
    """It changes something, or sends data out."""
    raised: list[Flag]
    """The flags that a person has set besides its own."""
    problem: Annotated[str | None, ABSENT]
    """Why it cannot be called."""


class ToolSwitch(Value):
    """Switches a tool on or off."""

    name: ToolName
    """Its name, or `SOURCE__NAME` if several tools have the name."""
    enabled: bool


class WaitingConversation(Value):
    """A conversation in which calls wait for a decision."""

    conversation_id: str
    tool: str
    """The tool of the first of them."""
    calls: int


class ToolFolder(Value):
    """The folder of a person's own tool files."""

    path: str
    trusts_edits: bool
    """Whether grants hold for a file that is edited, until the program ends."""


class NewToolFile(Value):
    """A tool file that was written from the template."""

    path: str
    opened: bool
    """Whether it is shown in the person's editor."""


class ToolFlags(Value):
    """Sets flags of a tool besides those that it has by itself."""

    name: ToolName
    flags: Annotated[list[Flag], Field(max_length=3)]


class GrantSummary(Value):
    """A verdict that holds for every conversation."""

    id: str
    tool: str
    source: str
    scope: Literal["always"]
    pattern: Pattern
    verdict: Verdict
    suspended: bool
    """Whether the tool has changed since; then its calls are asked again."""
    difference: Annotated[str | None, ABSENT] = None
    """What of a suspended one has changed, as lines that begin with - or +."""
    created_at: int
    used_at: int | None
