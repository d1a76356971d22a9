"""Stored conversations, with their messages, answers, search and export."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from shell.contract.base import (
    ABSENT,
    OMIT_EMPTY,
    Effort,
    InferenceId,
    MaxTokens,
    ModelId,
    ProviderId,
    StoredId,
    Temperature,
    Value,
)
from shell.contract.budgets import BudgetPause, BudgetRaise, RunBudget
from shell.contract.compactions import Compaction
from shell.contract.envelopes import Problem
from shell.contract.events import CallState, EndReason, Notice, Timing, Usage
from shell.contract.messages import (
    Attachment,
    Content,
    MessageTemplate,
    Role,
    SystemPrompt,
    TextPart,
)
from shell.contract.tools import Decision, MaxSteps, Pattern, Scope, ToolNames, Verdict
from shell.errors import ErrorCode

Title = Annotated[str, Field(max_length=200)]
Folder = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
MessageStatus = Literal["complete", "streaming", "interrupted", "cancelled", "failed"]


class NewConversation(Value):
    """A conversation to create. A temporary one exists only in memory, until the host ends."""

    title: Title | None = None
    """By default, the first words of the first message."""
    folder: Folder | None = None
    system_prompt: SystemPrompt | None = None
    temporary: bool = False


class ConversationSummary(Value):
    """A conversation in a list. Times are milliseconds since the epoch."""

    id: str
    title: str
    created_at: int
    updated_at: int
    message_count: int
    """The number of messages on all branches."""
    pinned: bool
    folder: str | None
    temporary: bool
    inference_id: str | None
    """The run that writes an answer in this conversation now."""


class ToolCall(Value):
    """A complete tool call. `arguments` is the model's own text, mostly JSON."""

    id: str
    name: str
    arguments: str


class AnswerFailure(Problem):
    """Why an answer failed."""

    retryable: bool
    retry_at: int | None = None
    """When the provider allows another request, in milliseconds since the epoch."""


class AnswerDetail(Value):
    """Details of an answer. Finish reason, usage, timing and failure are those of its last run."""

    tools: list[ToolCall] = []
    notices: list[Notice] = []
    finish_reason: EndReason | None = None
    usage: Usage | None = None
    timing: Timing | None = None
    reasoning_ms: int | None = None
    """How long the model reasoned before the first word of its answer."""
    failure: AnswerFailure | None = None
    earlier: list[Usage] = []
    """The usage of the runs before the last one, for a continued answer."""
    runs: Annotated[list[str], OMIT_EMPTY] = []
    """The ids of these runs, in order."""
    budget: Annotated[BudgetPause | None, ABSENT] = None
    """The budget that the answer has reached."""


class AnswerText(Value):
    """A piece of an answer's text."""

    type: Literal["text"] = "text"
    text: str


class AnswerThought(Value):
    """A piece of an answer's reasoning."""

    type: Literal["reasoning"] = "reasoning"
    text: str


class AnswerCall(Value):
    """A tool call of an answer, with its decision and its result."""

    type: Literal["call"] = "call"
    call_id: str
    step: int
    ordinal: int
    tool: str
    source: str
    arguments: JsonValue
    reads: bool
    brings: bool
    sends: bool
    state: CallState
    nonce: Annotated[str | None, ABSENT] = None
    """A decision must repeat it. Present only while the call waits."""
    why: Annotated[str | None, ABSENT] = None
    verdict: Annotated[Verdict | None, ABSENT] = None
    scope: Annotated[Scope | None, ABSENT] = None
    edited: Annotated[JsonValue | None, ABSENT] = None
    result: Annotated[str | None, ABSENT] = None
    """The result as the model got it. Absent while there is no result."""
    bytes: Annotated[int | None, ABSENT] = None
    shown_bytes: Annotated[int | None, ABSENT] = None
    code: Annotated[ErrorCode | None, ABSENT] = None
    ran_ms: Annotated[int | None, ABSENT] = None
    parts: Annotated[list[Attachment] | None, ABSENT] = None
    """The pictures and sounds of the result."""


AnswerPart = Annotated[AnswerText | AnswerThought | AnswerCall, Field(discriminator="type")]


class StoredMessage(Value):
    """A message of a conversation's tree."""

    id: str
    parent_id: str | None
    role: Role
    content: str | list[TextPart | Attachment]
    """While `status` is streaming, this is the content from before the run `inferenceId`. Attach to
    that run from its beginning for the rest."""
    reasoning: str
    status: MessageStatus
    provider_id: str | None
    model_id: str | None
    inference_id: str | None
    created_at: int
    siblings: list[str]
    """The ids of all messages with the same parent, oldest first, including this one."""
    detail: AnswerDetail | None
    parts: list[AnswerPart]
    """The parts of an answer, in the order that the model wrote them. Empty without tool calls."""
    template: Annotated[MessageTemplate | None, ABSENT] = None
    """The template that made a question."""
    compaction: Annotated[Compaction | None, ABSENT] = None
    """The summary of this message and all before it."""


class ConversationView(Value):
    """A conversation along the chosen path, from its root."""

    conversation: ConversationSummary
    system_prompt: str | None
    messages: list[StoredMessage]
    earlier: int
    """The number of messages on the path before these."""


class Spent(Value):
    """The tokens and costs of a conversation so far, on all of its branches."""

    answers: int
    """The number of answers with a known usage."""
    input_tokens: int
    output_tokens: int
    cost: float
    """US dollars, for the answers with a known price."""
    unpriced: int
    """The number of answers without a known price, such as those of local models."""


NoteName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,200}$")]


class Note(Value):
    """A text that the host stores for a page, such as a draft. Null deletes it."""

    name: NoteName
    text: Annotated[str, Field(max_length=2_000_000)] | None


class ViewRequest(Value):
    """Asks for the newest messages of the chosen path, or for those before a message."""

    conversation_id: StoredId
    limit: Annotated[int, Field(ge=1, le=20_000)] = 200
    before: StoredId | None = None


class AnswerOptions(Value):
    """The model and parameters of an answer. By default, the model of the previous answer, with the
    parameters of the settings.
    """

    provider_id: ProviderId | None = None
    model_id: ModelId | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    effort: Effort | None = None
    tools: ToolNames | None = None
    """The tools that the model may call. `all` stands for every enabled one."""
    max_steps: MaxSteps | None = None
    budget: RunBudget | None = None
    """The most that the answer may take, with everything that it took before."""
    inference_id: InferenceId | None = None


class SendRequest(AnswerOptions):
    """Adds a message of the user at the end of the chosen path, and asks for an answer."""

    conversation_id: StoredId
    content: Content
    after: StoredId | None = None
    """The last message that the page shows. The new message follows it, even if another window has
    chosen another path meanwhile."""
    template: MessageTemplate | None = None


class EstimateRequest(AnswerOptions):
    """Asks for the estimated tokens and cost of a message. Attachments count by their sizes."""

    conversation_id: StoredId | None
    """Null for a conversation that does not exist yet."""
    after: StoredId | None = None
    text: Annotated[str, Field(max_length=1_000_000)]
    images: Annotated[int, Field(ge=0, le=1_000)] = 0
    file_bytes: Annotated[int, Field(ge=0, le=2**40)] = 0
    """Size of the files that are not text."""


class Estimate(Value):
    """The estimated tokens and cost of a message."""

    input_tokens: int
    """The tokens of the whole request, including the earlier messages."""
    exact: bool
    """Whether the model's own tokenizer counted them."""
    input_cost: float | None
    """US dollars for these tokens. Null if the price is unknown."""
    most_cost: float | None
    """US dollars including the longest answer."""
    context_tokens: int | None
    left_out: int
    """How many of the oldest messages do not fit and would be left out."""


class EditRequest(AnswerOptions):
    """Adds another version of a message of the user, and asks for an answer to it."""

    message_id: StoredId
    content: Content
    template: MessageTemplate | None = None


class AnswerRequest(AnswerOptions):
    """Names the answer to regenerate or continue."""

    message_id: StoredId


class ContinueRequest(AnswerRequest):
    """Names the answer to continue."""

    more: BudgetRaise | None = None
    """For an answer that has stopped at a budget, the raise of that budget."""


class SendReply(Value):
    """The messages and the run of an answer that has begun. The messages are stored already."""

    conversation_id: str
    message_id: str
    """The user's message."""
    answer_id: str
    inference_id: str


class EarlierCallsRequest(Value):
    """Asks how many of the latest calls of a tool a permission would have matched."""

    tool: Annotated[str, Field(max_length=1_000)]
    source: Annotated[str, Field(max_length=1_000)]
    pattern: Pattern


class EarlierCalls(Value):
    """The number of recent completed calls of a tool."""

    calls: int
    matching: int
    """The calls that the permission would have matched."""


class CallDecision(AnswerOptions):
    """A person's decision about a tool call of an answer. If its run has ended, the options are for
    the run that continues the answer.
    """

    message_id: StoredId
    call_id: Annotated[str, Field(max_length=100)]
    nonce: Annotated[str, Field(max_length=100)]
    verdict: Verdict
    scope: Scope = "once"
    pattern: Pattern | None = None
    arguments: dict[str, JsonValue] | None = None
    reason: Annotated[str, Field(max_length=2_000)] | None = None

    def for_run(self, inference_id: str) -> Decision:
        """The same decision for a live run."""
        fields = {**dict(self), "inference_id": inference_id}
        return Decision(**{name: fields[name] for name in Decision.model_fields})


class DecisionReply(Value):
    """The result of a decision."""

    taken: bool
    """False if another decision came first."""
    answer: SendReply | None
    """The run that continues the answer, once every call of the step is decided."""


class TitleChange(Value):
    """Renames a conversation."""

    conversation_id: StoredId
    title: Title


class PinChange(Value):
    """Pins a conversation to the top of the list, or unpins it."""

    conversation_id: StoredId
    pinned: bool


class FolderChange(Value):
    """Moves a conversation into a folder. Null moves it out."""

    conversation_id: StoredId
    folder: Folder | None


class SystemPromptChange(Value):
    """Sets the system prompt of a conversation. Null removes it."""

    conversation_id: StoredId
    system_prompt: SystemPrompt | None


class ExportRequest(Value):
    """Exports conversations as one text. Without ids it exports all of them."""

    conversation_ids: Annotated[list[StoredId], Field(min_length=1, max_length=10_000)] | None = (
        None
    )
    format: Literal["json", "md", "html"]


class ExportReply(Value):
    """The name, media type and content of an exported file."""

    name: str
    media_type: str
    text: str
