"""The interface of a provider: an async generator of chunks, and what the engine needs beside it.

A provider implements `Provider` and has a line in `registry.py`. It raises `ProviderError` with a
code, and never retries: the engine does, and shows it. Closing or cancelling its generator ends the
request and its connection.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar, Literal, Protocol, runtime_checkable

from shell.contract import (
    Activity,
    Effort,
    FinishReason,
    ImagePart,
    Message,
    Notice,
    NoticeCode,
    Usage,
)
from shell.providers.exchanges import OutgoingRequest, Recording

OFFERED_EFFORTS: Mapping[Effort, str] = {
    "off": "none",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "max": "max",
}
"""OpenAI's names of efforts, for a model without a description."""
ANY_MODEL = "default"
"""The model id that is sent if no model is named. Servers with a single model accept any name."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of the model's reasoning."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call; `id` and `name` are repeated on every piece of one call."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class PromptProgress:
    """Progress before the first content, such as "Loading the model…"."""

    status: str
    progress: float | None = None
    activity: Activity | None = None
    """The status as a constant that a page can translate."""


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The provider's own count of tokens. A later report replaces an earlier one."""

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Finish:
    """The reason why the model stopped. A stream that ends without one is STREAM_INCOMPLETE."""

    reason: FinishReason


@dataclass(frozen=True, slots=True)
class OutputItem:
    """A piece of the model's output in the API's own form, such as signed reasoning.

    It must go back unchanged with the results of the tools that the model called, and only to the
    provider and model that made it. It is never shown.
    """

    value: Mapping[str, object]


Chunk = (
    TextDelta
    | ReasoningDelta
    | ToolCallDelta
    | OutputItem
    | PromptProgress
    | UsageReport
    | Finish
    | Notice
)
"""A `Notice` reports a change that was made to the request or the answer. It is not content."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """Capabilities of a model. `context_tokens` covers input and output together."""

    id: str
    context_tokens: int = 128_000
    max_output_tokens: int | None = None
    max_tokens_default: int | None = None
    """Limit on the answer if the caller sets none. None leaves it to the provider."""
    temperature_max: float | None = 2.0
    """Highest temperature that the model takes. None if it refuses the parameter."""
    temperature_default: float | None = 0.7
    """Sent if the caller sets none. None leaves it to the provider."""
    system_prompt: bool = True
    images: bool = False
    files: bool = False
    assistant_prefill: bool = False
    """Whether the model continues a last message of the assistant."""
    tools: bool | None = None
    """Whether the model calls tools. None if unknown: tools are offered, and left out once the
    server has refused them."""
    reasoning: str | None = None
    """How reasoning is requested, as a value of the model's API. None if it is not requested."""
    efforts: Mapping[Effort, str] | None = None
    """The efforts that the model takes, as values of its API. None if unknown: an effort is
    requested, and left out once the server has refused it."""
    silent_reasoning: bool = False
    """Whether the model reasons without sending it. Its first content may take as long as a local
    model's."""
    input_price: float | None = None
    """US dollars per million tokens, if known."""
    output_price: float | None = None
    price_date: date | None = None
    """When the price was looked up. None for a price of the server's list, or without a price."""
    sampling: tuple[tuple[str, float | tuple[str, ...]], ...] = ()
    """Sampling parameters for llama.cpp in addition to the temperature."""
    known: bool = False
    """Whether the model is described somewhere. Otherwise all fields are cautious guesses."""

    def cost(self, usage: Usage) -> float | None:
        """Compute the price of these tokens in US dollars. None if no price is known."""
        if self.input_price is None or self.output_price is None:
            return None
        spent = usage.input_tokens * self.input_price + usage.output_tokens * self.output_price
        return spent / 1_000_000


def tools_dropped(model: ModelInfo) -> Notice:
    """Make the notice that a model gets no tools."""
    text = f"{model.id} does not call tools"
    return Notice(code=NoticeCode.TOOLS_DROPPED, text=text, model=model.id)


def effort_dropped(model: ModelInfo, effort: Effort) -> Notice:
    """Make the notice that an effort was left out of a request."""
    text = f"{model.id} does not take the effort '{effort}'; it used its own"
    return Notice(code=NoticeCode.EFFORT_DROPPED, text=text, model=model.id)


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """The description of a tool for a model."""

    name: str
    """Letters, digits, `_` and `-`, at most 64."""
    description: str
    parameters: Mapping[str, object]
    """JSON schema of an object."""


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """A tool call that the model made, with its result."""

    id: str
    """The provider's own."""
    name: str
    arguments: str
    """As the model wrote them."""
    result: str
    failed: bool = False
    images: tuple[ImagePart, ...] = ()
    """The pictures of the result, which its text names, for a model that takes them."""


@dataclass(frozen=True, slots=True)
class ModelStep:
    """An earlier call of the model that called tools, with all results."""

    text: str
    calls: tuple[AnsweredCall, ...]
    output: tuple[Mapping[str, object], ...] = ()
    """The output in the API's own form, if it must go back unchanged. See `OutputItem`."""
    provider_id: str = ""
    model_id: str = ""
    role: ClassVar[Literal["assistant"]] = "assistant"

    def output_for(self, provider_id: str, model_id: str) -> tuple[Mapping[str, object], ...]:
        """The output, if this provider and model made it."""
        same = (self.provider_id, self.model_id) == (provider_id, model_id)
        return self.output if same else ()


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """A request that has been validated and fitted to the model. It is sent without changes."""

    model: ModelInfo
    messages: Sequence[Message | ModelStep]
    """System messages first, then the others in the caller's order."""
    temperature: float | None = None
    max_tokens: int | None = None
    effort: Effort | None = None
    tools: tuple[ToolSpec, ...] = ()
    provider_id: str = ""
    """Whose output in earlier steps may go back unchanged. Set together with `tools`."""
    recording: Recording | None = field(default=None, compare=False, repr=False)
    """Where to record what is sent and what comes back."""

    @property
    def effort_word(self) -> str | None:
        """The effort as a value of the model's API. None if none is requested."""
        if self.effort is None:
            return None
        efforts = OFFERED_EFFORTS if self.model.efforts is None else self.model.efforts
        return efforts.get(self.effort)


@runtime_checkable
class CountsTokens(Protocol):
    """A provider that counts the tokens of a request itself."""

    async def count_tokens(self, request: ProviderRequest) -> int | None:
        """Count the tokens of a request. None if they cannot be counted now."""


@runtime_checkable
class ShowsRequests(Protocol):
    """A provider that sends its requests over HTTP."""

    def outgoing(self, request: ProviderRequest) -> OutgoingRequest:
        """The HTTP request that `stream` sends first for this request."""


class Provider(Protocol):
    """Runs models."""

    @property
    def id(self) -> str:
        """The id that requests use."""

    @property
    def default_model_id(self) -> str:
        """The model for requests that name none."""

    @property
    def local(self) -> bool:
        """Whether it runs on this machine. Its first content may take 300 s instead of 60 s."""

    def model(self, model_id: str) -> ModelInfo:
        """Describe a model. An unknown one gets limits that most models have."""

    def check(self) -> None:
        """Raise if no request could succeed, for example without a key or a model file.

        Raises:
            ProviderError: API_KEY_ERROR, LOCAL_MODEL_MISSING …
        """

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Run the model once. Closing the generator stops it and frees its connection."""

    async def close(self) -> None:
        """Close all connections and end all child processes."""
