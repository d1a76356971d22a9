"""Providers, their models and keys, and the download of the embedded model."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import SAID, ModelId, ProviderId, Value
from shell.contract.envelopes import Remark
from shell.errors import ErrorCode, Reason

FetchState = Literal["missing", "fetching", "here"]


class ModelFetch(Value):
    """Whether the embedded model's weights are on this machine, and how far they are on the way."""

    state: FetchState
    done_bytes: int
    total_bytes: int
    """0 while nobody knows."""
    problem: str | None
    """Why they could not be fetched, and what to do; null when nobody has tried."""


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
