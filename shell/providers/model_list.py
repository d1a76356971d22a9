"""Reads the list of models that a server offers."""

import math
from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from shell.errors import ErrorCode
from shell.providers.base import ModelInfo
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.errors import not_a_stream
from shell.providers.http.lenient_json import as_list, as_object, count_of, parse_object, text_of
from shell.providers.http.transport import classify_error

if TYPE_CHECKING:
    import httpx2

LISTING_S = 15.0
"""How long to wait for a list."""
MAX_BYTES = 8_000_000
MAX_MODELS = 5_000
MAX_ID_CHARACTERS = 300

_CONTEXT = (
    "context_length",  # OpenRouter
    "max_model_len",  # vLLM
    "max_context_length",  # LM Studio
    "context_window",  # Groq
    "max_input_tokens",  # Anthropic
    "n_ctx",
    "n_ctx_train",  # llama.cpp, in `meta`
)
_OUTPUT = ("max_completion_tokens", "max_output_tokens", "max_tokens")


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model as its server describes it. None means that the server does not say."""

    id: str
    name: str
    context_tokens: int | None = None
    max_output_tokens: int | None = None
    images: bool | None = None
    files: bool | None = None
    tools: bool | None = None
    reasoning: bool | None = None
    input_price: float | None = None
    """US dollars per million tokens."""
    output_price: float | None = None


@runtime_checkable
class ListsModels(Protocol):
    """A provider that can list its models."""

    async def list_models(self) -> list[ListedModel]:
        """List its models.

        Raises:
            ProviderError: the list could not be read.
        """


_DESCRIBED = {each.name for each in fields(ListedModel)} & {each.name for each in fields(ModelInfo)}
_DESCRIBED -= {"id", "reasoning"}


def combine_descriptions(table: ModelInfo, listed: ListedModel | None) -> ModelInfo:
    """Combine two descriptions of a model. Values of the server win over those of the table."""
    if listed is None:
        return table
    known = table.known or listed.context_tokens is not None
    listed_fields = {name: getattr(listed, name) for name in _DESCRIBED}
    changes = {name: value for name, value in listed_fields.items() if value is not None}
    if "input_price" in changes:
        changes["price_date"] = None  # the server's price is current
    return replace(table, known=known, **changes)


async def read_models(
    endpoint: Endpoint, send: Callable[[], Awaitable["httpx2.Response"]]
) -> list[ListedModel]:
    """Request the list and read it in any of the usual formats.

    Raises:
        ProviderError: for everything that can go wrong.
    """
    body = bytearray()
    try:
        async with aclosing(await send()) as response:
            media_type = response.headers.get("content-type", "").partition(";")[0]
            if media_type == "text/html":
                raise not_a_stream(endpoint, media_type)
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_BYTES:
                    raise endpoint.error(
                        ErrorCode.PROTOCOL_ERROR, "The list of models is too long."
                    )
        listed = parse_object(body.decode("utf-8", "replace"), endpoint)
    except Exception as error:
        raise classify_error(endpoint, error, answering=False) from None
    entries = as_list(listed.get("data")) or as_list(listed.get("models"))
    found = [_model(as_object(entry)) for entry in entries[:MAX_MODELS]]
    return list({model.id: model for model in reversed(found) if model.id}.values())[::-1]


def _model(entry: dict[str, object]) -> ListedModel:
    model_id = next((text_of(entry.get(f)) for f in ("id", "name", "model") if entry.get(f)), "")
    model_id = _shown(model_id.removeprefix("models/"))  # Google's
    names = (_shown(text_of(entry.get(field))) for field in ("display_name", "name"))
    name = next((name for name in names if name), model_id)
    details = as_object(entry.get("top_provider")) | as_object(entry.get("meta")) | entry
    prices = as_object(entry.get("pricing"))
    modalities = _words(as_object(entry.get("architecture")).get("input_modalities"))
    features = _words(entry.get("supported_parameters")) or _words(entry.get("capabilities"))
    return ListedModel(
        model_id,
        name,
        context_tokens=_first_count(details, _CONTEXT),
        max_output_tokens=_first_count(details, _OUTPUT),
        images="image" in modalities if modalities else None,
        files="file" in modalities if modalities else None,
        tools=bool({"tools", "tool_use"} & features) if features else None,
        reasoning="reasoning" in features if features else None,
        input_price=_price(prices.get("prompt")),
        output_price=_price(prices.get("completion")),
    )


def _shown(text: str) -> str:
    return text if len(text) <= MAX_ID_CHARACTERS and text.isprintable() else ""


def _words(value: object) -> set[str]:
    return {text_of(word) for word in as_list(value)[:100]} - {""}


def _first_count(entry: Mapping[str, object], fields: tuple[str, ...]) -> int | None:
    return next((count for field in fields if (count := count_of(entry.get(field)))), None)


def _price(value: object) -> float | None:
    """Read a price of OpenRouter: text with dollars per token, or -1 if it varies."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        price = float(value) * 1_000_000
    except (ValueError, OverflowError):
        return None
    return round(price, 6) if math.isfinite(price) and 0 <= price <= 1_000_000 else None
