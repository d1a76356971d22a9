"""Providers, their models and keys, and the download of the embedded model."""

from typing import Annotated, Literal

from pydantic import Field

from shell.contract.base import OMIT_EMPTY, Effort, ModelId, ProviderId, Value
from shell.contract.envelopes import Problem, Remark

FetchState = Literal["missing", "fetching", "here"]


class ModelFetch(Value):
    """Whether a local model is on this machine, and the progress of the embedded one's download."""

    state: FetchState
    done_bytes: int
    total_bytes: int
    """0 if unknown."""
    problem: str | None
    """Why the download failed, and what to do. Null before the first attempt."""


AddedKind = Literal["openai-compatible", "openai-responses", "anthropic", "gguf"]
"""Kinds of providers that a person can add: a server by its API, or a model file."""
ProviderKind = Literal[
    "openai", "anthropic", "google", "openai-compatible", "openai-responses", "gguf", "test"
]
Label = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\x00-\x1f\x7f]+$")]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$")]
HeaderValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]{0,4000}$")]
Secret = Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"^[\x21-\x7e]+$")]
"""A key. No reply ever contains it."""


class NewProvider(Value):
    """A provider to add, by the address of a server or the path of a model file."""

    id: ProviderId
    label: Label | None = None
    """The name that people see. By default, the id."""
    kind: AddedKind = "openai-compatible"
    base_url: Annotated[str, Field(max_length=2_000)] | None = None
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=50, repr=False)
    """Sent with every request. They may hold a key, so no reply ever contains their values."""
    file: Annotated[str, Field(max_length=4_000)] | None = None
    """The absolute path of a GGUF file, for the kind `gguf`."""
    context_tokens: Annotated[int, Field(ge=512, le=1_048_576)] | None = None
    """The size of the context of a model file. A larger one takes more memory."""
    default_model: ModelId | None = None
    allow_plain_http: bool = False
    """Allow http:// to another machine."""


class ProviderSummary(Value):
    """A provider, without its key and the values of its headers."""

    id: str
    name: str
    kind: ProviderKind
    host: str | None
    """The host that requests are sent to. Null for a provider inside this program."""
    local: bool
    """Whether its models run on this machine, in a process of this program."""
    takes_key: bool
    needs_key: bool
    has_key: bool
    default_model: str
    removable: bool
    """Whether a person added it."""
    problem: Problem | None
    """Why it cannot be used now, such as a missing key."""
    remark: Annotated[Remark | None, OMIT_EMPTY] = None
    """A change that the host made when the provider was added, such as to its address."""


class ModelsRequest(Value):
    """Asks for the models of a provider. `refresh` asks the server again."""

    provider_id: ProviderId
    refresh: bool = False


class ModelRequest(Value):
    """Names a model of a provider."""

    provider_id: ProviderId
    model_id: ModelId


class ModelSummary(Value):
    """A model, as its server or the built-in table describes it. Null means unknown."""

    id: str
    name: str
    context_tokens: int | None
    """For input and output together."""
    max_output_tokens: int | None
    images: bool
    files: bool
    tools: bool
    """Whether it may get tools. True for a model without a description."""
    reasoning: bool
    efforts: list[Effort]
    """The efforts that it is known to take."""
    input_price: float | None
    """US dollars per million tokens."""
    output_price: float | None
    price_date: str | None
    """The date of the price table, such as 2026-11-22. Null for prices from the provider."""


class ModelList(Value):
    """The models of a provider."""

    provider_id: str
    models: list[ModelSummary]
    listed: bool
    """Whether the list comes from the provider. Otherwise it comes from the built-in table."""
    asked_at: int
    """Milliseconds since the epoch."""


class PresetSummary(Value):
    """A common server with its default address."""

    id: str
    name: str
    base_url: str
    takes_key: bool
    running: bool | None
    """Whether it responds on this machine. Null for a server elsewhere, which is not tested."""
    models: list[str]
    provider_id: str | None
    """The id of the provider with this address, if one was added."""


class TrialRequest(Value):
    """Tests a provider, or settings that are not saved yet, with its own or another key."""

    provider_id: ProviderId | None = None
    settings: NewProvider | None = None
    key: Secret | None = Field(default=None, repr=False)
    model_id: ModelId | None = None


class TrialReport(Value):
    """The result of a small test request."""

    ok: bool
    sentence: str
    """In English. If the test failed, the message of the problem."""
    problem: Problem | None = None
    model_id: str
    first_ms: int | None = None
    """From the request to the first content, including the loading of a local model."""
    total_ms: int | None = None
    models: list[str] = []


class KeyStatus(Value):
    """The state of a provider's key, without the key."""

    provider_id: str
    configured: bool
    hint: str | None
    """The last four characters of the key, if it is long enough."""
    source: Literal["keychain", "session", "environment"] | None
    host: str | None
    """The only host that the key is sent to."""
    remark: Remark | None
    """For example that the key is stored for this session only."""


class KeyChange(Value):
    """A key to store for a provider. No reply ever contains it."""

    provider_id: ProviderId
    key: Annotated[Secret, Field(repr=False)]
