"""Requests to run a model, sessions, and their state for a window."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError, to_json

from shell.contract.base import (
    ABSENT,
    Effort,
    InferenceId,
    LookupId,
    MaxTokens,
    ModelId,
    ProviderId,
    SessionId,
    StallMs,
    Temperature,
    TimeoutMs,
    Value,
)
from shell.contract.budgets import RunBudget
from shell.contract.messages import Messages, Part, Role, SystemPrompt
from shell.contract.tools import MaxSteps, ToolNames

MAX_REQUEST_CHARACTERS = 1_000_000
"""Limit on all text of one request together, in code points."""
MAX_METADATA_BYTES = 100_000
"""Limit on a session's metadata as JSON."""


def _check_size(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if len(to_json(metadata)) > MAX_METADATA_BYTES:
        raise PydanticCustomError("metadata_too_large", "must be at most 100 KB of JSON")
    return metadata


Metadata = Annotated[
    dict[Annotated[str, Field(max_length=100)], JsonValue], AfterValidator(_check_size)
]


class RunParameters(Value):
    """Parameters of single inferences and of runs in a session."""

    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    effort: Effort | None = None
    """How much the model reasons. By default the model or its provider decides."""
    stream: bool = True
    timeout_ms: TimeoutMs | None = None
    """Overall deadline. It counts from the start of the run, or from when it leaves the queue."""
    first_timeout_ms: StallMs | None = None
    """Longest wait for the first content of an attempt."""
    between_timeout_ms: StallMs | None = None
    """Longest wait between one piece of content and the next."""
    tools: ToolNames | None = None
    """The tools that the model may call, by name. `all` stands for every enabled one."""
    max_steps: MaxSteps | None = None
    """Most calls of the model in a run with tools."""
    budget: RunBudget | None = None
    """The most that all calls of the model may take."""
    inference_id: InferenceId | None = None
    share: bool = False
    """Whether every window of the host may attach to the run and cancel it."""
    on_close: Literal["cancel", "finish"] | None = None
    """What happens to the run when its window closes. By default a run is cancelled, and a shared
    run finishes."""


class InferenceRequest(RunParameters):
    """One run on messages that the caller passes."""

    messages: Messages
    provider_id: ProviderId
    model_id: ModelId | None = None
    system_prompt: SystemPrompt | None = None


class SessionConfig(Value):
    """Creates a session. Its history is only in memory, and in no list of conversations."""

    session_id: SessionId
    provider_id: ProviderId
    model_id: ModelId | None = None
    system_prompt: SystemPrompt | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    effort: Effort | None = None
    metadata: Metadata | None = None
    share: bool = False


class SessionRunOptions(RunParameters):
    """One run in a session, with only the new messages. The last one is from the user."""

    session_id: SessionId
    messages: Messages
    when_busy: Literal["reject", "queue"] = "reject"


class AttachRequest(Value):
    """Asks for the events of a run after `after_seq`, including future ones; -1 for all events."""

    inference_id: LookupId
    after_seq: Annotated[int, Field(ge=-1, le=2**53)] = -1


class SessionInfo(Value):
    """A session. Times are milliseconds since the epoch."""

    session_id: str
    provider_id: str
    model_id: str
    created_at: int
    last_activity: int
    is_active: bool
    message_count: int
    total_tokens: int
    metadata: Annotated[Metadata | None, ABSENT]


class SessionMessage(Value):
    """A message of a session's history. An answer may be longer than a request's message."""

    role: Role
    content: str | list[Part]
    partial: bool = False
    """Whether the answer was cut short."""


class SessionSnapshot(Value):
    """A session with its history, which a page draws after it was reloaded."""

    info: SessionInfo
    messages: list[SessionMessage]


class InferenceSummary(Value):
    """A run that the caller may attach to."""

    inference_id: str
    session_id: str | None
    live: bool
    last_seq: int


class ServiceStatus(Value):
    """Counts of the caller's window."""

    total_sessions: int
    active_sessions: int
    active_inferences: int
    total_inferences: int
    completed_inferences: int
    failed_inferences: int
    cancelled_inferences: int
    total_tokens: int
    """Output tokens, as the providers report them or else as the host estimates them."""
    estimated_tokens: int
    """How many of `total_tokens` are estimates."""


class Defaults(Value):
    """The provider and model of new conversations."""

    provider_id: str
    model_id: str


class HelloRequest(Value):
    """The first call of every page load."""

    version: int
    last_push: Annotated[int, Field(ge=0, le=2**53)] = 0
    """The number of the last push that this page load has received; 0 for a new load."""


class HelloReply(Value):
    """The information that a page needs before it draws."""

    version: int
    app_version: str
    window_id: str
    platform: str
    defaults: Defaults
    resumed: bool
    """Whether the host still knows this page load, so that its subscriptions still exist."""
