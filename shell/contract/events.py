"""The events of an inference."""

from enum import StrEnum
from typing import Annotated, Literal, TypedDict

from pydantic import Field

from shell.contract.base import ABSENT, SAID, Value
from shell.errors import ErrorCode, Reason

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
    session_id: Annotated[str | None, ABSENT]
    seq: int
    ms: int


Activity = Literal["starting", "asking", "loading", "reading"]
"""What goes on before the first word: the run begins, the model is asked, it is loaded, it reads
what was said so far."""


class ThinkingEvent(Event):
    """What the host is doing while there is nothing to read yet."""

    channel: Literal["llm:thinking"] = "llm:thinking"
    status: str
    progress: Annotated[float | None, ABSENT] = None
    """From 0 to 1, where it is known."""
    activity: Annotated[Activity | None, SAID] = None
    """The same as `status`, for a page in another language."""


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


class NoticeCode(StrEnum):
    """What the host does differently from what was asked."""

    TEMPERATURE_DROPPED = "TEMPERATURE_DROPPED"
    MAX_TOKENS_LOWERED = "MAX_TOKENS_LOWERED"
    SYSTEM_PROMPT_DROPPED = "SYSTEM_PROMPT_DROPPED"
    HISTORY_TRIMMED = "HISTORY_TRIMMED"
    PARTS_LEFT_OUT = "PARTS_LEFT_OUT"
    REPETITION_STOPPED = "REPETITION_STOPPED"


class Notice(Value):
    """Something that the host did differently from what was asked."""

    code: NoticeCode | str
    text: str
    model: Annotated[str | None, SAID] = None
    limit: Annotated[float | None, SAID] = None
    """The highest temperature, or the most tokens, that the model takes."""
    left_out: Annotated[int | None, SAID] = None
    """How many messages."""


class NoticeEvent(Event):
    """Something that the host did differently from what was asked, and says so."""

    channel: Literal["llm:notice"] = "llm:notice"
    code: NoticeCode | str
    text: str
    model: Annotated[str | None, SAID] = None
    limit: Annotated[float | None, SAID] = None
    """The highest temperature, or the most tokens, that the model takes."""
    left_out: Annotated[int | None, SAID] = None
    """How many messages."""


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
    cost: float | None = None
    """US dollars at the list price, cached input counted like any other; null where nobody gives
    a price."""


class Timing(Value):
    """Milliseconds from the beginning of the run; `first_token_ms` is null without content."""

    first_token_ms: int | None
    total_ms: int


class DoneEvent(Event):
    """The run ended, by itself or because somebody cancelled it. Nothing follows."""

    channel: Literal["llm:done"] = "llm:done"
    total_tokens: int
    usage: Usage
    finish_reason: Annotated[FinishReason | None, ABSENT]
    """Absent when the run was cancelled."""
    cancelled: bool
    timing: Timing


class ErrorEvent(Event):
    """The run failed. What arrived before stays. Nothing follows."""

    channel: Literal["llm:error"] = "llm:error"
    error: str
    code: ErrorCode
    retryable: bool
    retry_after_ms: int | None
    reason: Annotated[Reason | None, SAID] = None
    """Finer than the code, where there is more to know."""
    words: Annotated[str | None, SAID] = None
    """The provider's own, as it wrote them; they are in the sentence, too."""


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
