"""Every value that crosses the bridge, and nothing else.

These models are the only definition: the door validates with them, `python3 dev.py types` writes
`web/src/bridge/contract.ts` from them, and a test fails when that file is stale. On the wire names
are camelCase; times are milliseconds.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, TypedDict

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    SkipValidation,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError, to_json

from shell.errors import ErrorCode

MAX_CALLS = 1_000
"""Calls in one batch."""
CONTRACT_VERSION = 1
"""Counts up when a page and a host of different builds could no longer understand each other."""

MAX_MESSAGES = 100
MAX_MESSAGE_CHARACTERS = 100_000
MAX_REQUEST_CHARACTERS = 1_000_000
"""All text of one request together, in code points; 100 full messages would be ten times that."""
MAX_METADATA_BYTES = 100_000
"""A session's metadata, written as JSON."""


class Value(BaseModel):
    """A frozen value of the contract: strict, finite, camelCase outside, no unknown fields."""

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        json_schema_serialization_defaults_required=True,
        hide_input_in_errors=True,
    )


# --- what a page sends ----------------------------------------------------------------------

InferenceId = Annotated[str, Field(pattern=r"^inf-[A-Za-z0-9-]{1,64}$")]
LookupId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]
"""An inference that may or may not exist; a name that the host would not give is merely unknown."""
SessionId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]
ProviderId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
ModelId = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]
Temperature = Annotated[float, Field(ge=0, le=2)]
MaxTokens = Annotated[int, Field(ge=1, le=100_000)]
TimeoutMs = Annotated[int, Field(ge=1_000, le=600_000)]
StallMs = Annotated[int, Field(ge=100, le=600_000)]
Role = Literal["user", "assistant", "system"]


class TextPart(Value):
    """Words."""

    type: Literal["text"] = "text"
    text: Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)]


class ImagePart(Value):
    """A picture, held by the app: its media type and its bytes in base64."""

    type: Literal["image"] = "image"
    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    data: Annotated[str, Field(max_length=28_000_000, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


class FilePart(Value):
    """A file for models that take files: its name (never a path), media type and base64 bytes."""

    type: Literal["file"] = "file"
    name: Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f/\\]+$")]
    media_type: Annotated[str, Field(max_length=127, pattern=r"^[\w.+-]+/[\w.+-]+$")]
    data: Annotated[str, Field(max_length=28_000_000, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


Part = Annotated[TextPart | ImagePart | FilePart, Field(discriminator="type")]


def _check_length(parts: list[Part]) -> list[Part]:
    """A message is as long as all of its parts."""
    if sum(len(part.text) for part in parts if isinstance(part, TextPart)) > MAX_MESSAGE_CHARACTERS:
        raise PydanticCustomError("string_too_long", "The parts are too long together")
    return parts


Content = (
    Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)]
    | Annotated[
        list[Part],
        Field(min_length=1, max_length=64, fail_fast=True),
        AfterValidator(_check_length),
    ]
)


class Message(Value):
    """One turn of a conversation: a role and a text, or a list of parts."""

    role: Role
    content: Content

    @property
    def text(self) -> str:
        """The words of the message; text parts are joined."""
        if isinstance(self.content, str):
            return self.content
        return "".join(part.text for part in self.content if isinstance(part, TextPart))


Messages = Annotated[list[Message], Field(min_length=1, max_length=MAX_MESSAGES)]


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
    system_prompt: Annotated[str, Field(max_length=MAX_MESSAGE_CHARACTERS)] | None = None


class SessionConfig(Value):
    """A conversation that the host holds in memory."""

    session_id: SessionId
    provider_id: ProviderId
    model_id: ModelId | None = None
    system_prompt: Annotated[str, Field(max_length=MAX_MESSAGE_CHARACTERS)] | None = None
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


# --- what a page is told --------------------------------------------------------------------


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
    metadata: Metadata | None


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


# --- events ---------------------------------------------------------------------------------

FinishReason = Literal["stop", "length", "content_filter", "tool_calls", "other"]


class Stamp(TypedDict):
    """The fields that every event begins with."""

    inference_id: str
    session_id: str | None
    seq: int
    ms: int


class Event(Value):
    """One entry of an inference's log. `seq` is dense from 0; `ms` counts from its beginning."""

    inference_id: str
    session_id: str | None
    seq: int
    ms: int


class ThinkingEvent(Event):
    """What the host is doing while there is nothing to read yet."""

    channel: Literal["llm:thinking"] = "llm:thinking"
    status: str
    progress: float | None = None
    """From 0 to 1, where it is known."""


class ReasoningEvent(Event):
    """Text that the model thinks before it answers. `count` parts were joined."""

    channel: Literal["llm:reasoning"] = "llm:reasoning"
    text: str
    count: int = 1


class TokenEvent(Event):
    """Text of the answer. `count` parts were joined; `seq` and `index` are those of the first."""

    channel: Literal["llm:token"] = "llm:token"
    token: str
    index: int
    count: int = 1


class ToolEvent(Event):
    """A piece of a tool call."""

    channel: Literal["llm:tool"] = "llm:tool"
    id: str
    name: str
    arguments_delta: str


class RetryingEvent(Event):
    """The request failed before any content and is made again after `delay_ms`."""

    channel: Literal["llm:retrying"] = "llm:retrying"
    attempt: int
    delay_ms: int
    code: ErrorCode


class NoticeEvent(Event):
    """Something that the host did differently from what was asked, and says so."""

    channel: Literal["llm:notice"] = "llm:notice"
    code: str
    text: str


TokenCount = Annotated[int, Field(ge=0, le=2**53)]


class Usage(Value):
    """Tokens of one run. `estimated` when the provider reported none."""

    input_tokens: TokenCount
    output_tokens: TokenCount
    """Everything that the model wrote, reasoning included."""
    reasoning_tokens: TokenCount
    cached_tokens: TokenCount
    """The part of the input that the provider read from its cache."""
    estimated: bool


class Timing(Value):
    """Milliseconds from the beginning of the run; `first_token_ms` is null without content."""

    first_token_ms: int | None
    total_ms: int


class DoneEvent(Event):
    """The run ended, by itself or because somebody cancelled it. Nothing follows."""

    channel: Literal["llm:done"] = "llm:done"
    total_tokens: int
    usage: Usage
    finish_reason: FinishReason | None
    cancelled: bool
    timing: Timing


class ErrorEvent(Event):
    """The run failed. What arrived before stays. Nothing follows."""

    channel: Literal["llm:error"] = "llm:error"
    error: str
    code: ErrorCode
    retryable: bool
    retry_after_ms: int | None


TerminalEvent = DoneEvent | ErrorEvent
AnyEvent = Annotated[
    ThinkingEvent
    | ReasoningEvent
    | TokenEvent
    | ToolEvent
    | RetryingEvent
    | NoticeEvent
    | DoneEvent
    | ErrorEvent,
    Field(discriminator="channel"),
]


class AttachReply(Value):
    """Events of a run after the asked `seq`; ask again after the last of them while `more`."""

    events: list[AnyEvent]
    live: bool
    more: bool
    """Whether a long log was cut here. Only the last piece begins the live events."""


# --- the envelopes --------------------------------------------------------------------------


class Issue(Value):
    """One wrong field of a request."""

    path: str
    message: str


class Failure(Value):
    """Why a call was refused."""

    code: ErrorCode
    message: str
    retryable: bool
    retry_after_ms: int | None
    issues: list[Issue] | None = None
    details: Mapping[str, str | int] | None = None


class Call(Value):
    """One call of a page; `id` is the page's own number for it."""

    id: Annotated[int, Field(ge=0, le=2**53)]
    method: Annotated[str, Field(max_length=100)]
    # Checked by the method's own model, so that one wrong call harms none of its neighbours.
    params: SkipValidation[JsonValue] = None


class Batch(Value):
    """All calls of one turn of the page's event loop. `load` names the page load that sent it."""

    version: int
    load: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{8,64}$")]
    calls: Annotated[list[Call], Field(min_length=1, max_length=MAX_CALLS)]


class OkReply(Value):
    """The answer to the call with this `id`."""

    channel: Literal["reply"] = "reply"
    id: int
    ok: Literal[True] = True
    value: JsonValue


class ErrorReply(Value):
    """The refusal of the call with this `id`."""

    channel: Literal["reply"] = "reply"
    id: int
    ok: Literal[False] = False
    error: Failure
