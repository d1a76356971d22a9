"""Listing: the models that a server says it has."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from shell.errors import ErrorCode
from shell.providers.endpoint import Endpoint
from shell.providers.faults import not_a_stream
from shell.providers.reading import as_list, as_object, parse_object, text_of
from shell.providers.transport import classed

if TYPE_CHECKING:
    import httpx2

MAX_BYTES = 8_000_000
MAX_MODELS = 5_000
MAX_ID_CHARACTERS = 300


@runtime_checkable
class ListsModels(Protocol):
    """A provider that can be asked which models it has."""

    async def list_models(self) -> list[str]:
        """The ids of its models.

        Raises:
            ProviderError: it could not be asked.
        """


async def read_models(
    endpoint: Endpoint, ask: Callable[[], Awaitable["httpx2.Response"]]
) -> list[str]:
    """Ask for the list, and read it, whichever of the usual shapes it has.

    Raises:
        ProviderError: everything that can go wrong.
    """
    body = bytearray()
    try:
        async with aclosing(await ask()) as response:
            media_type = response.headers.get("content-type", "").partition(";")[0]
            if media_type == "text/html":
                raise not_a_stream(endpoint, media_type)
            async for piece in response.aiter_bytes():
                body += piece
                if len(body) > MAX_BYTES:
                    raise endpoint.error(
                        ErrorCode.PROTOCOL_ERROR, "The list of models is too long to be one."
                    )
        listed = parse_object(body.decode("utf-8", "replace"), endpoint)
    except Exception as error:
        raise classed(endpoint, error, answering=False) from None
    entries = as_list(listed.get("data")) or as_list(listed.get("models"))
    found = [_id(as_object(entry)) for entry in entries[:MAX_MODELS]]
    return list(dict.fromkeys(model_id for model_id in found if model_id))


def _id(entry: dict[str, object]) -> str:
    model_id = next((text_of(entry.get(f)) for f in ("id", "name", "model") if entry.get(f)), "")
    model_id = model_id.removeprefix("models/")  # Google's
    return model_id if len(model_id) <= MAX_ID_CHARACTERS and model_id.isprintable() else ""
