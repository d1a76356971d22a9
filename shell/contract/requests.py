"""Requests to run a model, sessions, and what a window knows about both."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, JsonValue
from pydantic_core import PydanticCustomError, to_json

from shell.contract.base import (
    ABSENT,
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
from shell.contract.messages import Messages, Part, Role, SystemPrompt

MAX_REQUEST_CHARACTERS = 1_000_000
"""All text of one request together, in code points; 100 full messages would be ten times that."""
MAX_METADATA_BYTES = 100_000
"""A session's metadata, written as JSON."""


def _check_size(metadata: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if len(to_json(metadata)) > MAX_METADATA_BYTES:
        raise PydanticCustomError("metadata_too_large", "must be at most 100 KB of JSON")
    return metadata


Metadata = Annotated[
    dict[Annotated[str, Field(max_length=100)], JsonValue], AfterValidator(_check_size)
]


class RunParameters(Value):
    """What single inferences and runs in a session have in common."""

    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    stream: bool = True
    timeout_ms: TimeoutMs | None = None
    """Overall deadline, from the start of the run (from leaving the queue, when it queued)."""
    first_timeout_ms: StallMs | None = None
    """Longest wait for the first content of an attempt."""
    between_timeout_ms: StallMs | None = None
    """Longest wait between one piece of content and the next."""
    inference_id: InferenceId | None = None
    share: bool = False
    """Lets every window of the host attach to the run and cancel it."""
    on_close: Literal["cancel", "finish"] | None = None
    """What closing its window does to the run; cancel by default, finish when it is shared."""


class InferenceRequest(RunParameters):
    """One run on messages that the caller holds."""

    messages: Messages
    provider_id: ProviderId
    model_id: ModelId | None = None
    system_prompt: SystemPrompt | None = None


class SessionConfig(Value):
    """A conversation that the host holds in memory."""

    session_id: SessionId
    provider_id: ProviderId
    model_id: ModelId | None = None
    system_prompt: SystemPrompt | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    metadata: Metadata | None = None
    share: bool = False


class SessionRunOptions(RunParameters):
    """One run in a session: only the new messages, the last of them from the user."""

    session_id: SessionId
    messages: Messages
    when_busy: Literal["reject", "queue"] = "reject"


class AttachRequest(Value):
    """Asks for everything of a run after `after_seq` (-1: from the beginning), and what follows."""

    inference_id: LookupId
    after_seq: Annotated[int, Field(ge=-1, le=2**53)] = -1


class SessionInfo(Value):
    """A session as its owner sees it. Times are milliseconds since the epoch."""

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
    """A message of a session's history; `partial` marks an answer that was cut short. The input
    limits do not hold here: an answer may be longer than a request's message.
    """

    role: Role
    content: str | list[Part]
    partial: bool = False


class SessionSnapshot(Value):
    """A session with its history, so that a reloaded page can draw it again."""

    info: SessionInfo
    messages: list[SessionMessage]


class InferenceSummary(Value):
    """A run that the caller may attach to."""

    inference_id: str
    session_id: str | None
    live: bool
    last_seq: int


class ServiceStatus(Value):
    """Counts of the caller's window; outcomes add up to `total_inferences` when none is active."""

    total_sessions: int
    active_sessions: int
    active_inferences: int
    total_inferences: int
    completed_inferences: int
    failed_inferences: int
    cancelled_inferences: int
    total_tokens: int
    """Output tokens, from the providers' own usage where they give it."""
    estimated_tokens: int
    """How many of `total_tokens` are the host's estimate."""


class Defaults(Value):
    """What new conversations use unless told otherwise."""

    provider_id: str
    model_id: str


class HelloRequest(Value):
    """The first call of every page load."""

    version: int
    last_push: Annotated[int, Field(ge=0, le=2**53)] = 0
    """The number of the last push that this load took; 0 for a new load."""


class HelloReply(Value):
    """What a page needs to know before it draws."""

    version: int
    app_version: str
    window_id: str
    platform: str
    defaults: Defaults
    resumed: bool
    """Whether the host still held this load, so that nothing has to be attached again."""
