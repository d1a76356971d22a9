"""Requests to servers of models as they are sent, their responses, and recordings of answers."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import OMIT_EMPTY, StoredId, Value
from shell.contract.conversations import AnswerOptions, Estimate
from shell.contract.events import AnyEvent, Notice
from shell.contract.messages import Content, SystemPrompt

WireApi = Literal["chat", "responses", "messages"]
"""Chat Completions, Responses or Messages."""
MAX_PAGE_RECORDING_CHARACTERS = 16_000_000
"""Longest recording that a page may open. `tidewire replay` takes longer ones."""


class WireHeader(Value):
    """A header of a request or response. `[key]` stands for a secret."""

    name: str
    value: str
    variable: Annotated[str | None, OMIT_EMPTY] = None
    """The environment variable that stands for the secret where the request is copied."""


class WireRequest(Value):
    """A request to a model's server, without its key."""

    method: str
    url: str
    headers: list[WireHeader]
    body: str | None
    """The JSON as it is sent. Null if it was too long to be stored."""
    body_bytes: int
    api: WireApi
    base_url: str


class WireChunk(Value):
    """A piece of a response as it arrived. `ms` counts from when the request was sent."""

    ms: int
    text: str


class WireAttempt(Value):
    """A sent request and its response."""

    request: WireRequest
    ms: int
    """When it was sent, in milliseconds since the run began."""
    status: int | None
    """Null without a response."""
    headers: list[WireHeader]
    chunks: list[WireChunk]
    received_bytes: int
    """Size of the whole response. It may be larger than the chunks, because only some of them are
    stored."""
    total_ms: int | None
    """Null if the response was not read to its end."""
    error: str | None


class WireSummary(Value):
    """A run whose requests are recorded."""

    inference_id: str
    conversation_id: Annotated[str | None, OMIT_EMPTY] = None
    provider_id: str
    model_id: str
    started_at: int
    attempts: int
    status: int | None
    """The status of the last attempt."""
    live: bool


class WireRun(Value):
    """A run with all its attempts."""

    summary: WireSummary
    attempts: list[WireAttempt]


class WireCode(Value):
    """Asks for a program that sends a request."""

    request: WireRequest
    language: Literal["curl", "python"]


class PreviewRequest(AnswerOptions):
    """Asks for the request that a message would send."""

    conversation_id: StoredId | None
    """Null for a conversation that does not exist yet."""
    content: Content
    after: StoredId | None = None
    system_prompt: SystemPrompt | None = None
    """The system prompt of a conversation that does not exist yet. Null for the default."""


class Preview(Value):
    """The request that a message would send."""

    request: WireRequest | None
    """Null for a model that is not called over HTTP."""
    estimate: Estimate
    notices: list[Notice]
    """The changes that the host made to the request."""


class RecordingHeader(Value):
    """The first line of a recording."""

    tidewire_recording: Literal[1]
    """The version of the format."""
    app_version: str
    created_at: int
    provider_id: str
    model_id: str


class Recording(Value):
    """The events of an answer, read from a file."""

    header: RecordingHeader | None
    """Null for the output of `tidewire ask --json`, which has none."""
    events: list[AnyEvent]


RecordingText = Annotated[str, Field(max_length=MAX_PAGE_RECORDING_CHARACTERS)]
