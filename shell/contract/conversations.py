"""Stored conversations: the tree of messages, answers, search and export."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import (
    SAID,
    InferenceId,
    KeptId,
    MaxTokens,
    ModelId,
    ProviderId,
    Temperature,
    Value,
)
from shell.contract.events import FinishReason, Notice, Timing, Usage
from shell.contract.messages import Content, FileName, Role, SystemPrompt, TextPart
from shell.errors import ErrorCode, Reason

Title = Annotated[str, Field(max_length=200)]
Folder = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]+$")]
MessageStatus = Literal["complete", "streaming", "interrupted", "cancelled", "failed"]


class NewConversation(Value):
    """A conversation to begin. A temporary one is in memory only, and gone with the host."""

    title: Title | None = None
    """Without one, the first words of the first message."""
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
    """On all branches together."""
    pinned: bool
    folder: str | None
    temporary: bool
    inference_id: str | None
    """The run that is answering in it now."""


class Attachment(Value):
    """A picture or a file of a message; `attachment` fetches its bytes by `hash`."""

    type: Literal["attachment"] = "attachment"
    kind: Literal["image", "file"]
    name: str | None
    media_type: str
    size: int
    """Of its data in base64, in characters."""
    hash: str


class AttachmentData(Value):
    """The bytes of an attachment, in base64."""

    data: str


class AttachmentCopy(Value):
    """Asks for an attachment as a file in the data directory's `exports`."""

    hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    name: FileName


class ToolCall(Value):
    """A call that the model made, whole; `arguments` is what it wrote, mostly JSON."""

    id: str
    name: str
    arguments: str


class AnswerFailure(Value):
    """Why an answer failed."""

    code: ErrorCode
    message: str
    retryable: bool
    retry_at: int | None = None
    """When the provider wants to be asked again, in milliseconds since the epoch."""
    reason: Annotated[Reason | None, SAID] = None
    """Finer than the code, where there is more to know."""
    words: Annotated[str | None, SAID] = None
    """The provider's own, as it wrote them; they are in the sentence, too."""


class AnswerDetail(Value):
    """What is known of an answer beside its words. How it ended is that of its last run."""

    tools: list[ToolCall] = []
    notices: list[Notice] = []
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    timing: Timing | None = None
    reasoning_ms: int | None = None
    """How long it thought before its first word."""
    failure: AnswerFailure | None = None
    earlier: list[Usage] = []
    """Of a continued answer: what the runs before its last one took."""


class StoredMessage(Value):
    """A message of a conversation's tree."""

    id: str
    parent_id: str | None
    role: Role
    content: str | list[TextPart | Attachment]
    """While `status` is streaming: what the message held before `inferenceId` began; attach to
    that run from its beginning for the rest."""
    reasoning: str
    status: MessageStatus
    provider_id: str | None
    model_id: str | None
    inference_id: str | None
    created_at: int
    siblings: list[str]
    """Everything that was said at this place, oldest first; this message is among them."""
    detail: AnswerDetail | None


class ConversationView(Value):
    """A conversation along the path that was chosen, from the root down."""

    conversation: ConversationSummary
    system_prompt: str | None
    messages: list[StoredMessage]
    earlier: int
    """How many messages of the path come before these."""


class Spent(Value):
    """What a conversation has taken so far, on all of its branches."""

    answers: int
    """Those of which it is known what they took."""
    input_tokens: int
    output_tokens: int
    cost: float
    """US dollars, of the answers that have a price."""
    unpriced: int
    """Answers that have none: local ones, and those of models whose price nobody gives."""


NoteName = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,200}$")]


class Note(Value):
    """A text that a page wants to find again, such as a draft; null lets go of it."""

    name: NoteName
    text: Annotated[str, Field(max_length=2_000_000)] | None


class ViewRequest(Value):
    """Asks for the newest messages of the chosen path, or for those before one of them."""

    conversation_id: KeptId
    limit: Annotated[int, Field(ge=1, le=20_000)] = 200
    before: KeptId | None = None


class AnswerOptions(Value):
    """Who shall answer, and how. What is left out is as in the answer before."""

    provider_id: ProviderId | None = None
    model_id: ModelId | None = None
    temperature: Temperature | None = None
    max_tokens: MaxTokens | None = None
    inference_id: InferenceId | None = None


class SendRequest(AnswerOptions):
    """A message of the user's at the end of the chosen path, to be answered."""

    conversation_id: KeptId
    content: Content
    after: KeptId | None = None
    """The message that the asker sees at the end: the path is to lead through it, whatever another
    window has chosen meanwhile."""


class EditRequest(AnswerOptions):
    """Another version of a message of the user's, beside the old one, to be answered."""

    message_id: KeptId
    content: Content


class AnswerRequest(AnswerOptions):
    """Names the answer that is to be made anew, or continued."""

    message_id: KeptId


class SendReply(Value):
    """What was begun: everything named here is on the disk, and the run's events follow."""

    conversation_id: str
    message_id: str
    """The user's message."""
    answer_id: str
    inference_id: str


class TitleChange(Value):
    """A person names a conversation."""

    conversation_id: KeptId
    title: Title


class PinChange(Value):
    """Pins a conversation to the top of the list, or lets it go."""

    conversation_id: KeptId
    pinned: bool


class FolderChange(Value):
    """Puts a conversation into a folder; null takes it out."""

    conversation_id: KeptId
    folder: Folder | None


class SearchRest(Value):
    """Where a search stopped when its time was over. Null: that part is complete."""

    kept: Annotated[int, Field(ge=-(2**53), le=2**53)] | None
    temporary: Annotated[int, Field(ge=-(2**53), le=2**53)] | None


class SearchRequest(Value):
    """What is looked for: words, parts of words, or "a phrase" in quotes; all must be there."""

    query: Annotated[str, Field(min_length=1, max_length=500)]
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    more: SearchRest | None = None
    """Of the reply that the search goes on from; it then has more time."""


class Mark(Value):
    """Where a hit stands in a snippet, in UTF-16 units as JavaScript counts them."""

    start: int
    end: int


class SearchHit(Value):
    """A message, or a title (`messageId` is null), that has what was looked for."""

    conversation_id: str
    message_id: str | None
    title: str
    role: Role | None
    snippet: str
    marks: list[Mark]
    created_at: int


class SearchReply(Value):
    """The hits that were found in time, best first."""

    hits: list[SearchHit]
    more: SearchRest | None
    """Not null: not everything was searched. A request with it goes on, and may bring a hit again.
    """


class ExportRequest(Value):
    """Conversations as one text; without ids, all of them."""

    conversation_ids: Annotated[list[KeptId], Field(min_length=1, max_length=10_000)] | None = None
    format: Literal["json", "md", "html"]


class ExportReply(Value):
    """A file's content, and what to call it."""

    name: str
    media_type: str
    text: str
