"""The events of an inference."""

from enum import StrEnum
from typing import Annotated, Literal, TypedDict

from pydantic import Field, JsonValue

from shell.contract.base import ABSENT, OMIT_EMPTY, Value
from shell.contract.budgets import BudgetMeter, BudgetPause
from shell.contract.elicitation import Elicitation, ElicitationAction
from shell.contract.messages import Attachment
from shell.contract.tools import Scope, Verdict
from shell.errors import ErrorCode, Reason

FinishReason = Literal["stop", "length", "content_filter", "tool_calls", "other"]
"""Why a model stopped."""
EndReason = Literal[FinishReason, "waiting", "budget", "steps"]
"""Why a run is done: its model stopped, it waits for a decision, or it has reached a limit."""


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

    @property
    def last_seq(self) -> int:
        """The `seq` of the last piece that was joined into this event."""
        return self.seq


Activity = Literal["starting", "asking", "loading", "reading"]
"""The activity before the first content. The run starts, the host sends the request, the model
loads, or the model reads the prompt."""


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

    @property
    def last_seq(self) -> int:
        """The `seq` of the last piece."""
        return self.seq + self.count - 1


class TokenEvent(Event):
    """Text of the answer, joined from `count` pieces. `seq` and `index` are those of the first."""

    channel: Literal["llm:token"] = "llm:token"
    token: str
    index: int
    count: int = 1

    @property
    def last_seq(self) -> int:
        """The `seq` of the last piece."""
        return self.seq + self.count - 1


class ToolEvent(Event):
    """A piece of a tool call's arguments, while the model writes them."""

    channel: Literal["llm:tool"] = "llm:tool"
    id: str
    name: str
    arguments_delta: str


class StepEvent(Event):
    """A step of a run with tools has begun: one call of the model, then the tools that it calls."""

    channel: Literal["llm:step"] = "llm:step"
    step: int
    """From 1."""
    max_steps: int
    cost: Annotated[float | None, ABSENT] = None
    """US dollars for the steps of this run so far, if the price is known."""
    budget: Annotated[BudgetMeter | None, ABSENT] = None
    """The budget with the smallest remaining share."""


CallState = Literal[
    "proposed",
    "invalid",
    "waiting",
    "allowed",
    "approved",
    "edited",
    "denied",
    "running",
    "done",
    "failed",
    "timed_out",
    "cancelled",
    "lost",
]
"""The state of a tool call. `waiting` calls need a decision. `lost` means that the program ended
while the tool ran, so it is unknown whether the call took effect."""


class CallEvent(Event):
    """A tool call is complete, or its state has changed before its result."""

    channel: Literal["llm:call"] = "llm:call"
    call_id: str
    """The host's own, unique in its run. The pieces in `llm:tool` have it as their `id`."""
    step: int
    ordinal: int
    """The place among the calls of the step, from 0."""
    tool: str
    source: str
    """The source of the tool, such as a file. Empty if there is no such tool."""
    arguments: JsonValue
    """The arguments as the model wrote them: an object, or the text if it is not an object."""
    state: CallState
    reads: bool
    """The tool reads private data."""
    brings: bool
    """Its result comes from strangers."""
    sends: bool
    """It changes something, or sends data out."""
    definition: str
    """A hash of the tool's definition, for which a decision holds. Empty if there is no tool."""


class ApprovalEvent(Event):
    """A tool call waits for a decision, or a person has decided."""

    channel: Literal["llm:approval"] = "llm:approval"
    call_id: str
    state: Literal["asked", "decided"]
    nonce: Annotated[str | None, ABSENT] = None
    """A decision must repeat it. Present only with `asked`."""
    verdict: Annotated[Verdict | None, ABSENT] = None
    scope: Annotated[Scope | None, ABSENT] = None
    edited: Annotated[JsonValue | None, ABSENT] = None
    """The arguments that replace the model's, after a person edited them."""
    why: Annotated[str | None, ABSENT] = None
    """Why a person must decide although a permission exists, or the reason of a denial."""


class ElicitationEvent(Event):
    """A server asks the person a question during a call, or the question has ended."""

    channel: Literal["llm:elicitation"] = "llm:elicitation"
    call_id: str
    elicitation: Annotated[Elicitation | None, ABSENT] = None
    """The question. Absent once it has ended."""
    action: Annotated[ElicitationAction | None, ABSENT] = None
    """The person's response."""


class ResultEvent(Event):
    """A tool call has ended."""

    channel: Literal["llm:result"] = "llm:result"
    call_id: str
    state: CallState
    text: str
    """The result as the model gets it, cut to its limit."""
    bytes: int
    """Size of the whole result as UTF-8."""
    shown_bytes: int
    """Size of the part of the result that `text` contains."""
    code: Annotated[ErrorCode | None, ABSENT] = None
    """Why the call failed."""
    ran_ms: Annotated[int | None, ABSENT] = None
    """How long the tool ran. Absent if it did not run."""
    parts: Annotated[list[Attachment] | None, ABSENT] = None
    """The pictures and sounds of the result, which `text` names."""


class RetryingEvent(Event):
    """The request failed before any content. The host sends it again after `delay_ms`."""

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
    RESULTS_LEFT_OUT = "RESULTS_LEFT_OUT"
    TOOLS_DROPPED = "TOOLS_DROPPED"
    EFFORT_DROPPED = "EFFORT_DROPPED"
    REPETITION_STOPPED = "REPETITION_STOPPED"
    ELICITATION_REFUSED = "ELICITATION_REFUSED"


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
    finish_reason: Annotated[EndReason | None, ABSENT]
    """Absent when the run was cancelled."""
    cancelled: bool
    timing: Timing
    budget: Annotated[BudgetPause | None, ABSENT] = None
    """The budget that the run has reached."""


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
    | StepEvent
    | CallEvent
    | ApprovalEvent
    | ElicitationEvent
    | ResultEvent
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
