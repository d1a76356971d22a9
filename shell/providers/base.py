"""The provider seam: one async generator of chunks, and the little that the engine must know.

A provider is one file that implements `Provider` and one line in `registry.py`. It raises
`ProviderError` with a code for everything that it can class; it never retries (the engine does,
visibly); it ends when its generator is closed or cancelled, and closes its connection then.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from shell.contract import Activity, FinishReason, Message, Notice, Usage

ANY_MODEL = "default"
"""Asked for where nobody named a model; servers with a single one answer to any name."""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """A piece of what the model thinks before it answers."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallDelta:
    """A piece of a tool call; `id` and `name` are repeated on every piece of one call."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class PromptProgress:
    """What a provider is doing before it can answer ("Loading the model…"). Not content."""

    status: str
    progress: float | None = None
    activity: Activity | None = None
    """The same for a page in another language."""


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The provider's own count of tokens. A later report replaces an earlier one."""

    input_tokens: int
    output_tokens: int
    reasoning_tokens: int = 0
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Finish:
    """The model said why it stopped. A stream that ends without one is STREAM_INCOMPLETE."""

    reason: FinishReason


Chunk = TextDelta | ReasoningDelta | ToolCallDelta | PromptProgress | UsageReport | Finish | Notice
"""A `Notice` says what was done differently from what was asked. It is not content."""


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model takes and gives. `context_tokens` covers input and output together."""

    id: str
    context_tokens: int = 128_000
    max_output_tokens: int | None = None
    max_tokens_default: int | None = None
    """Longest answer when the caller sets no length; None leaves it to the provider."""
    temperature_max: float | None = 2.0
    """Highest temperature that the model takes; None when it refuses the parameter."""
    temperature_default: float | None = 0.7
    """Sent when the caller asks for none; None leaves it to the provider."""
    system_prompt: bool = True
    images: bool = False
    files: bool = False
    assistant_prefill: bool = False
    """Whether the last message may be the assistant's, to be continued."""
    tools: bool = False
    reasoning: str | None = None
    """How this model is asked to think aloud, in its API's own word; None: it is not asked."""
    silent_reasoning: bool = False
    """Thinks without saying so: the first content may take as long as a local model's."""
    input_price: float | None = None
    """US dollars for a million tokens, where it is known."""
    output_price: float | None = None
    sampling: tuple[tuple[str, float | tuple[str, ...]], ...] = ()
    """What llama.cpp is told besides the temperature; for local models only."""
    known: bool = False
    """Whether somebody has described this model; without that all of this is a cautious guess."""

    def cost(self, usage: Usage) -> float | None:
        """US dollars for these tokens; None where no price is known."""
        if self.input_price is None or self.output_price is None:
            return None
        spent = usage.input_tokens * self.input_price + usage.output_tokens * self.output_price
        return spent / 1_000_000


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """A request that has been validated and fitted to the model: send it as it is."""

    model: ModelInfo
    messages: list[Message]
    """System messages first; the rest as the caller gave them."""
    temperature: float | None = None
    max_tokens: int | None = None


class Provider(Protocol):
    """Somebody who runs models."""

    @property
    def id(self) -> str:
        """The name that requests use."""

    @property
    def default_model_id(self) -> str:
        """The model for requests that name none."""

    @property
    def local(self) -> bool:
        """Runs on this machine: the first content may take long (300 s instead of 60 s)."""

    def model(self, model_id: str) -> ModelInfo:
        """What the model takes; for an unknown model, the provider's most cautious guess."""

    def check(self) -> None:
        """Raise before an inference exists when none could succeed (no key, no model file).

        Raises:
            ProviderError: API_KEY_ERROR, LOCAL_MODEL_MISSING …
        """

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Run the model once. Closing the generator stops it and frees its connection."""

    async def close(self) -> None:
        """Give back everything: connections, child processes."""
