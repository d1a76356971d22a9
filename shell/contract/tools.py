"""The tools that models may call, and people's decisions about calls."""

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
    """The values of one argument that a permission allows or denies."""

    match: Literal["exact", "prefix", "host", "inside", "any"]
    """`host` is for addresses, `inside` for paths below a folder."""
    value: Annotated[str, Field(max_length=10_000)]
    """Empty with `any`."""


Pattern = Annotated[dict[Annotated[str, Field(max_length=128)], ArgumentRule], Field(max_length=64)]
"""Rules by the name of the argument."""


class Decision(Value):
    """A person's decision about a waiting call."""

    inference_id: InferenceId
    call_id: LookupId
    nonce: Annotated[str, Field(max_length=100)]
    """The nonce of the call's `llm:approval` event."""
    verdict: Verdict
    scope: Scope = "once"
    """For how long the verdict holds. `always` with `deny` means never."""
    pattern: Pattern | None = None
    """With `always`, rules for the arguments. Without a pattern, all arguments match. With one, an
    argument of the call without a rule may have any value, and a call with any other argument does
    not match."""
    arguments: dict[str, JsonValue] | None = None
    """With `allow`, the arguments that replace the model's."""
    reason: Annotated[str, Field(max_length=2_000)] | None = None
    """With `deny`, the reason that the model gets."""


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
    """The tool's name, or `SOURCE__NAME` if several tools have the same name."""
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
    """Whether the tool has changed since, so that a person must decide again."""
    difference: Annotated[str | None, ABSENT] = None
    """The changes of a suspended grant's tool, as the lines of a diff. They begin with -, with +,
    or with a space for one line of context around each change.
    """
    created_at: int
    used_at: int | None
