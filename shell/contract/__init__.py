"""Every value that crosses the bridge, and nothing else.

These models are the only definition: the door validates with them, `python3 dev.py types` writes
`web/src/bridge/contract.ts` from them, and a test fails when that file is stale. On the wire names
are camelCase; times are milliseconds.
"""

from collections.abc import Mapping
from enum import StrEnum
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

from shell.errors import ErrorCode, Reason

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
        defer_build=True,
    )


SAID = Field(exclude_if=lambda value: not value)
"""Of a field that came later: where it has nothing to say, it is not sent."""
ABSENT = Field(
    default=None, exclude_if=lambda value: value is None, json_schema_extra={"absent": True}
)
"""Marks a field that is left out where it would be null, as in the reference design's types."""


# --- what a page sends ----------------------------------------------------------------------

InferenceId = Annotated[str, Field(pattern=r"^inf-[A-Za-z0-9-]{1,64}$")]
LookupId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._:-]{1,100}$")]
"""An inference that may or may not exist; a name that the host would not give is merely unknown."""
SessionId = Annotated[str, Field(min_length=1, max_length=100)]
"""Any characters: a session id is a key of a dictionary in memory, never a path, a query or a line
of the log."""
ProviderId = Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
ModelId = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]
Temperature = Annotated[float, Field(ge=0, le=2)]
MaxTokens = Annotated[int, Field(ge=1, le=100_000)]
TimeoutMs = Annotated[int, Field(ge=1_000, le=600_000)]
StallMs = Annotated[int, Field(ge=100, le=600_000)]
Role = Literal["user", "assistant", "system"]
SystemPrompt = Annotated[str, Field(max_length=MAX_MESSAGE_CHARACTERS)]


class TextPart(Value):
    """Words."""

    type: Literal["text"] = "text"
    text: Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)]


FileName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00-\x1f\x7f/\\]+$")]
"""Never a path."""


class ImagePart(Value):
    """A picture, held by the app: its media type, its bytes in base64, the name of its file."""

    # Sent and told in one shape: the name may be left out both ways.
    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    type: Literal["image"] = "image"
    name: FileName | None = None
    """For people; no model is told of it."""
    media_type: Literal["image/png", "image/jpeg", "image/gif", "image/webp"]
    data: Annotated[str, Field(max_length=28_000_000, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


class FilePart(Value):
    """A file for models that take files: its name, media type and base64 bytes."""

    type: Literal["file"] = "file"
    name: FileName
    media_type: Annotated[str, Field(max_length=127, pattern=r"^[\w.+-]+/[\w.+-]+$")]
    data: Annotated[str, Field(max_length=28_000_000, pattern=r"^[A-Za-z0-9+/]+={0,2}$")]


Part = Annotated[TextPart | ImagePart | FilePart, Field(discriminator="type")]


def _check_length(parts: list[Part]) -> list[Part]:
    """A message is as long as all of its parts."""
    if sum(len(part.text) for part in parts if isinstance(part, TextPart)) > MAX_MESSAGE_CHARACTERS:
        raise PydanticCustomError("string_too_long", "The parts are too long together")
    return parts


Parts = Annotated[
    list[Part],
    Field(min_length=1, max_length=64, fail_fast=True),
    AfterValidator(_check_length),
]
Content = Annotated[str, Field(min_length=1, max_length=MAX_MESSAGE_CHARACTERS)] | Parts
"""What a person sends in a conversation of the app; never empty."""


class Message(Value):
    """One turn of a conversation: a role and a text, which may be empty, or a list of parts.

    Unknown fields are ignored: a page sends the messages that it keeps, with fields of its own.
    """

    model_config = ConfigDict(extra="ignore")

    role: Role
    content: Annotated[str, Field(max_length=MAX_MESSAGE_CHARACTERS)] | Parts

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
    reason: Annotated[Reason | None, SAID] = None
    """Finer than the code, where there is more to know."""
    words: Annotated[str | None, SAID] = None
    """The provider's own, as it wrote them; they are in the sentence, too."""


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


# --- conversations --------------------------------------------------------------------------

KeptId = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
"""Of a conversation, a message, an import."""
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


class RemarkCode(StrEnum):
    """What is to be known beside what was asked for, and the facts that belong to it."""

    STORE_REPAIRED = "STORE_REPAIRED"
    """`folder`, `complete` (1 or 0), `backup_at` if a backup was restored."""
    SETTING_IGNORED = "SETTING_IGNORED"
    """`file`, `name`."""
    SETTINGS_UNREADABLE = "SETTINGS_UNREADABLE"
    """`file`, in which they are kept."""
    SETTINGS_NOT_READ = "SETTINGS_NOT_READ"
    """`file`, which is left as it is."""
    NO_KEYCHAIN = "NO_KEYCHAIN"
    KEYCHAIN_SILENT = "KEYCHAIN_SILENT"
    KEY_NOT_KEPT = "KEY_NOT_KEPT"
    KEY_NOT_DELETED = "KEY_NOT_DELETED"
    KEY_OF_OTHER_HOST = "KEY_OF_OTHER_HOST"
    """`host`, `wanted`."""
    CONVERSATION_LEFT_OUT = "CONVERSATION_LEFT_OUT"
    ATTACHMENT_LEFT_OUT = "ATTACHMENT_LEFT_OUT"
    """`title`, `kind`, `name`."""
    MORE_LEFT_OUT = "MORE_LEFT_OUT"


class Remark(Value):
    """A sentence of the host's, and what it is made of."""

    code: RemarkCode
    text: str
    facts: Mapping[str, str | int]


class ImportBegin(Value):
    """A file that the page is going to hand over in pieces."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    size: Annotated[int, Field(ge=1, le=8 * 1024**3)]
    """In bytes."""


class ImportPiece(Value):
    """The next piece of the file, in base64; with the last one the import begins."""

    import_id: KeptId
    data: Annotated[str, Field(min_length=1, max_length=8_000_000, pattern=r"^[A-Za-z0-9+/]+=*$")]


class ImportState(Value):
    """How far an import is, and in the end what came of it."""

    import_id: str
    state: Literal["receiving", "running", "done", "cancelled", "failed"]
    read_bytes: int
    total_bytes: int
    conversations: int
    messages: int
    skipped: int
    """Conversations that were there already, whole, and what could not be read."""
    warnings: list[str]
    failure: str | None
    code: Annotated[ErrorCode | None, SAID] = None
    """Of what failed; the reason is finer, where there is one."""
    reason: Annotated[Reason | None, SAID] = None
    remarks: Annotated[list[Remark], SAID] = []
    """The warnings again, for a page in another language."""


class BackupInfo(Value):
    """A backup in the data directory."""

    name: str
    created_at: int
    size: int
    """In bytes."""


class StoreState(Value):
    """Whether conversations can be saved, and what happened to them."""

    version: int
    """Counts the changes of the conversations since the host began."""
    problem: str | None
    """Why nothing can be saved now; null while everything is."""
    notices: list[str]
    """What happened when the store was opened, such as a repair."""
    code: Annotated[ErrorCode | None, SAID] = None
    """Of the problem; the reason is finer, where there is one."""
    reason: Annotated[Reason | None, SAID] = None
    remarks: Annotated[list[Remark], SAID] = []
    """The notices again, for a page in another language."""


# --- the embedded model ---------------------------------------------------------------------

FetchState = Literal["missing", "fetching", "here"]


class ModelFetch(Value):
    """Whether the embedded model's weights are on this machine, and how far they are on the way."""

    state: FetchState
    done_bytes: int
    total_bytes: int
    """0 while nobody knows."""
    problem: str | None
    """Why they could not be fetched, and what to do; null when nobody has tried."""


# --- the state of the host that is pushed ---------------------------------------------------


class Topic(Value):
    """The latest value of one part of the host's state. Older values may be left out."""

    channel: Literal["topic"] = "topic"
    key: str = ""
    """Tells several topics of one name apart."""


class StoreTopic(Topic):
    """Pushed when conversations change, or when they cannot be saved."""

    name: Literal["store"] = "store"
    value: StoreState


class ImportTopic(Topic):
    """Pushed while a file is imported, to every window; `key` is the import's id."""

    name: Literal["import"] = "import"
    value: ImportState


class ModelTopic(Topic):
    """Pushed while the embedded model is downloaded."""

    name: Literal["model"] = "model"
    value: ModelFetch


AnyTopic = Annotated[StoreTopic | ImportTopic | ModelTopic, Field(discriminator="name")]


# --- providers ------------------------------------------------------------------------------

AddedKind = Literal["openai-compatible", "openai-responses", "anthropic", "gguf"]
"""What a person can add: a server by the API that it speaks, or a file of weights."""
ProviderKind = Literal[
    "openai", "anthropic", "google", "openai-compatible", "openai-responses", "gguf", "test"
]
Label = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
HeaderValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]{0,4000}$")]
Secret = Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"^[\x21-\x7e]+$")]
"""It goes one way: nothing ever tells it again."""


class NewProvider(Value):
    """A provider to add: a server by its address, or a model by its file."""

    id: ProviderId
    label: Label | None = None
    """Its name as people read it; without one, its id."""
    kind: AddedKind = "openai-compatible"
    base_url: Annotated[str, Field(max_length=2_000)] | None = None
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=50, repr=False)
    """Sent with every request. They may hold a key, so nothing ever tells their values again."""
    file: Annotated[str, Field(max_length=4_000)] | None = None
    """The whole path of a GGUF file, for `kind` gguf."""
    context_tokens: Annotated[int, Field(ge=512, le=1_048_576)] | None = None
    """How much such a model is to remember; it takes memory."""
    default_model: ModelId | None = None
    allow_plain_http: bool = False
    """Insist on http:// to another machine."""


class ProviderSummary(Value):
    """Somebody who runs models. Never a key, nor the value of a header."""

    id: str
    name: str
    kind: ProviderKind
    host: str | None
    """Where its requests go; null for what runs in this program."""
    local: bool
    """Runs in a process of this program."""
    takes_key: bool
    needs_key: bool
    has_key: bool
    default_model: str
    removable: bool
    """A person added it."""
    problem: str | None
    """Why it could not be asked now, such as a key that is missing."""
    code: Annotated[ErrorCode | None, SAID] = None
    """Of the problem; the reason is finer, where there is one."""
    reason: Annotated[Reason | None, SAID] = None


BackupName = Annotated[str, Field(min_length=1, max_length=100)]
RoutingSetting = Literal["defaultProvider", "titleProvider"]
"""A setting that says where questions go."""


class BackupProvider(Value):
    """A provider in a backup that is not here, or not the same. Never the value of a header."""

    id: str
    name: str
    kind: AddedKind
    address: str | None
    """Its base URL without a password or a query, or the path of its file."""
    key_env: str | None
    """The environment variable whose value would be sent there as the key."""
    headers: list[str]
    """The names of the headers that would be sent."""
    replaces: bool
    """There is another provider of this id here."""


class BackupChoice(Value):
    """A setting in a backup that says where questions go, and says otherwise than here."""

    setting: RoutingSetting
    provider_id: str
    model_id: str | None


class BackupContents(Value):
    """What a backup holds that a restore leaves out unless a person agrees to each."""

    providers: list[BackupProvider]
    choices: list[BackupChoice]


class RestoreRequest(Value):
    """Asks for a backup in the place of the conversations, with what a person agreed to."""

    name: BackupName
    providers: Annotated[list[ProviderId], Field(max_length=100)] = []
    """The ids of the backup's providers that are to be taken over."""
    settings: Annotated[list[RoutingSetting], Field(max_length=2)] = []


class ModelsRequest(Value):
    """Asks for the models of a provider; with `refresh`, not for what is remembered."""

    provider_id: ProviderId
    refresh: bool = False


class ModelRequest(Value):
    """Names a model of a provider."""

    provider_id: ProviderId
    model_id: ModelId


class ModelSummary(Value):
    """A model, as far as its server or our table describes it; null is what nobody says."""

    id: str
    name: str
    context_tokens: int | None
    """Input and output together."""
    max_output_tokens: int | None
    images: bool
    files: bool
    tools: bool
    reasoning: bool
    input_price: float | None
    """US dollars for a million tokens."""
    output_price: float | None


class ModelList(Value):
    """The models of a provider."""

    provider_id: str
    models: list[ModelSummary]
    listed: bool
    """Whether the provider named them itself; otherwise they come from our table."""
    asked_at: int
    """Milliseconds since the epoch."""


class PresetSummary(Value):
    """A server that many people have, as it is when nobody changed its settings."""

    id: str
    name: str
    base_url: str
    takes_key: bool
    running: bool | None
    """Whether it answers on this machine; null for one that is elsewhere, which is not asked."""
    models: list[str]
    provider_id: str | None
    """The provider that has been added with this address."""


class TrialRequest(Value):
    """Tries a provider, or settings that have not been saved; perhaps with another key."""

    provider_id: ProviderId | None = None
    settings: NewProvider | None = None
    key: Secret | None = Field(default=None, repr=False)
    model_id: ModelId | None = None


class TrialReport(Value):
    """What came of one real, tiny request."""

    ok: bool
    sentence: str
    code: ErrorCode | None
    reason: Annotated[Reason | None, SAID] = None
    """Finer than the code, where there is more to know."""
    words: Annotated[str | None, SAID] = None
    """The provider's own, as it wrote them; they are in the sentence, too."""
    model_id: str
    first_ms: int | None
    """From the request to the first content, loading a local model included."""
    total_ms: int | None
    models: list[str]


# --- settings -------------------------------------------------------------------------------

Theme = Literal["system", "light", "dark"]
TextSize = Literal["small", "standard", "large", "larger"]
Language = Annotated[str, Field(pattern=r"^([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4})?$")]
Shortcuts = dict[
    Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,60}$")], Annotated[str, Field(max_length=60)]
]
"""What a shortcut does, and the keys for it."""


class Favourite(Value):
    """A model that somebody likes to have at hand."""

    provider_id: ProviderId
    model_id: ModelId


Favourites = Annotated[list[Favourite], Field(max_length=200)]


class LimitSettings(Value):
    """How much one window may do at a time."""

    inferences: Annotated[int, Field(ge=1, le=100)]
    sessions: Annotated[int, Field(ge=1, le=1_000)]


class DeadlineSettings(Value):
    """Longest waits, in milliseconds, where a request sets none of its own."""

    overall_ms: TimeoutMs
    first_ms: StallMs
    first_silent_ms: StallMs
    between_ms: StallMs


class Preferences(Value):
    """What a person has chosen."""

    theme: Theme
    text_size: TextSize
    language: Language
    """A language tag; empty for the system's."""
    shortcuts: Shortcuts
    default_provider: ProviderId | None
    default_model: ModelId | None
    default_temperature: Temperature | None
    """Of answers in conversations, where nothing else is said; null for the model's own."""
    default_max_tokens: MaxTokens | None
    default_system_prompt: SystemPrompt | None
    """What new conversations begin with."""
    favourites: Favourites
    title_provider: ProviderId | None
    """Who makes titles out of first messages; null for nobody."""
    title_model: ModelId | None
    limits: LimitSettings
    deadlines: DeadlineSettings
    """Limits and deadlines count from the next start."""


class PreferencesChange(Value):
    """New values for what is given; everything else stays."""

    theme: Theme | None = None
    text_size: TextSize | None = None
    language: Language | None = None
    shortcuts: Shortcuts | None = None
    default_provider: ProviderId | None = None
    default_model: ModelId | None = None
    default_temperature: Temperature | None = None
    default_max_tokens: MaxTokens | None = None
    default_system_prompt: SystemPrompt | None = None
    favourites: Favourites | None = None
    title_provider: ProviderId | None = None
    title_model: ModelId | None = None
    limits: LimitSettings | None = None
    deadlines: DeadlineSettings | None = None


class Place(Value):
    """Where on this machine things lie, to be shown to a person; nothing is opened by it."""

    data: str
    settings: str
    backups: str
    exports: str


class SettingsView(Value):
    """The settings, and what was wrong with their file."""

    preferences: Preferences
    notices: list[str]
    remarks: Annotated[list[Remark], SAID] = []
    """The notices again, for a page in another language."""


# --- keys -----------------------------------------------------------------------------------


class KeyStatus(Value):
    """What is known of a provider's key; never the key."""

    provider_id: str
    configured: bool
    hint: str | None
    """The last four characters of a key that is long enough to spare them."""
    source: Literal["keychain", "session", "environment"] | None
    host: str | None
    """The only host that the key is sent to."""
    note: str | None
    """What is to be known about it, such as that it is kept for this session only."""
    remark: Annotated[Remark | None, SAID] = None
    """The note again, for a page in another language."""


class KeyChange(Value):
    """A key to be kept for a provider. It goes one way: nothing ever tells it again."""

    provider_id: ProviderId
    key: Annotated[Secret, Field(repr=False)]
