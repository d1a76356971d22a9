"""The events of an inference."""

from enum import StrEnum
from typing import Annotated, Literal, TypedDict

from pydantic import Field

from shell.contract.base import ABSENT, OMIT_EMPTY, Value
from shell.errors import ErrorCode, Reason

FinishReason = Literal["stop", "length", "content_filter", "tool_calls", "other"]


class Stamp(TypedDict):
    """The fields that every event begins with."""

    inference_id: str
    session_id: str | None
    seq: int
    ms: int


class Event(Value):
    """One entry of an inference's log. `seq` counts up from 0; `ms` is the time since the start."""

    inference_id: str
    session_id: Annotated[str | None, ABSENT]
    seq: int
    ms: int


Activity = Literal["starting", "asking", "loading", "reading"]
"""What happens before the first word. The run starts, the request is sent, the model is loaded, or
the model reads the prompt."""


class ThinkingEvent(Event):
    """Progress before the first content."""

    channel: Literal["llm:thinking"] = "llm:thinking"
    status: str
    progress: Annotated[float | None, ABSENT] = None
    """From 0 to 1, if known."""
    activity: Annotated[Activity | None, OMIT_EMPTY] = None
    """The status as a constant that a page can translate."""


class ReasoningEvent(Event):
    """Reasoning of the model, joined from `count` pieces."""

    channel: Literal["llm:reasoning"] = "llm:reasoning"
    text: str
    count: int = 1


class TokenEvent(Event):
    """Text of the answer, joined from `count` pieces. `seq` and `index` are those of the first."""

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
    """The request failed before any content came, and is sent again after `delay_ms`."""

    channel: Literal["llm:retrying"] = "llm:retrying"
    attempt: int
    delay_ms: int
    code: ErrorCode


class NoticeCode(StrEnum):
    """Changes that the host makes to a request or an answer."""

    TEMPERATURE_DROPPED = "TEMPERATURE_DROPPED"
    MAX_TOKENS_LOWERED = "MAX_TOKENS_LOWERED"
    SYSTEM_PROMPT_DROPPED = "SYSTEM_PROMPT_DROPPED"
    HISTORY_TRIMMED = "HISTORY_TRIMMED"
    PARTS_LEFT_OUT = "PARTS_LEFT_OUT"
    REPETITION_STOPPED = "REPETITION_STOPPED"


class Notice(Value):
    """A change that the host made to a request or an answer."""

    code: NoticeCode | str
    text: str
    model: Annotated[str | None, OMIT_EMPTY] = None
    limit: Annotated[float | None, OMIT_EMPTY] = None
    """The highest temperature, or the most tokens, that the model takes."""
    left_out: Annotated[int | None, OMIT_EMPTY] = None
    """The number of messages that were left out."""


class NoticeEvent(Event):
    """A change that the host made to a request or an answer."""

    channel: Literal["llm:notice"] = "llm:notice"
    code: NoticeCode | str
    text: str
    model: Annotated[str | None, OMIT_EMPTY] = None
    limit: Annotated[float | None, OMIT_EMPTY] = None
    """The highest temperature, or the most tokens, that the model takes."""
    left_out: Annotated[int | None, OMIT_EMPTY] = None
    """The number of messages that were left out."""


TokenCount = Annotated[int, Field(ge=0, le=2**53)]


class Usage(Value):
    """Tokens of one run. They are estimates if the provider reported none."""

    input_tokens: TokenCount
    output_tokens: TokenCount
    """All tokens that the model wrote, including its reasoning."""
    reasoning_tokens: TokenCount
    cached_tokens: TokenCount
    """The part of the input that the provider read from its cache."""
    estimated: bool
    cost: float | None = None
    """US dollars at the list price, with cached input at the full price. Null if unknown."""


class Timing(Value):
    """Milliseconds since the start of the run. `first_token_ms` is null without content."""

    first_token_ms: int | None
    total_ms: int


class DoneEvent(Event):
    """The run is complete or was cancelled. No event follows."""

    channel: Literal["llm:done"] = "llm:done"
    total_tokens: int
    usage: Usage
    finish_reason: Annotated[FinishReason | None, ABSENT]
    """Absent when the run was cancelled."""
    cancelled: bool
    timing: Timing


class ErrorEvent(Event):
    """The run failed. The content that came before remains. No event follows."""

    channel: Literal["llm:error"] = "llm:error"
    error: str
    code: ErrorCode
    retryable: bool
    retry_after_ms: int | None
    reason: Annotated[Reason | None, OMIT_EMPTY] = None
    """More precise than the code, if known."""
    words: Annotated[str | None, OMIT_EMPTY] = None
    """The provider's own error text, which `error` contains as well."""


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
    """Events of a run after the given `seq`. If `more` is true, ask again after the last one."""

    events: list[AnyEvent]
    live: bool
    more: bool
    """Whether a long log was cut here. Live events begin after the last piece."""
