"""Anthropic: the Messages API, of Anthropic and of everybody who speaks the same."""

import base64
import binascii
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, cast

from shell.contract import FilePart, ImagePart, Message, TextPart
from shell.providers.apis.messages_stream import MessagesStream
from shell.providers.base import Chunk, ModelInfo, ProviderRequest
from shell.providers.http.clients import Clients
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.response import read_answer
from shell.providers.http.transport import http_client
from shell.providers.model_list import ListedModel, described, read_models

if TYPE_CHECKING:
    import httpx2
    from anthropic import AsyncAnthropic
    from anthropic.types import MessageParam, ThinkingConfigParam

DEFAULT_MAX_TOKENS = 32_000
"""The API insists on a maximum. More than this nobody reads; the model's own maximum is kept."""
CAUTIOUS_MAX_TOKENS = 8_192
"""For a model whose maximum is not known."""
THINKING_BUDGET_TOKENS = 4_096
_PLAIN_TEXT = "text/plain"


class Anthropic:
    """One endpoint that speaks Messages.

    Args:
        endpoint: where it is; its base URL ends before `/v1`.
        default_model_id: the model for requests that name none.
        models: what a model takes. Its `reasoning` is `adaptive`, `budget` or None.
    """

    local = False

    def __init__(
        self,
        endpoint: Endpoint,
        default_model_id: str,
        models: Callable[[str], ModelInfo] = ModelInfo,
    ) -> None:
        self.id = endpoint.id
        self.default_model_id = default_model_id
        self._endpoint = endpoint
        self._models = models
        self._listed: dict[str, ListedModel] = {}
        """What the server has said of its models, when it was last asked."""
        self._clients = Clients(endpoint, _make_client)

    def model(self, model_id: str) -> ModelInfo:
        """What the model takes."""
        return described(self._models(model_id), self._listed.get(model_id))

    def check(self) -> None:
        """Raise without a key, or with an address that would not keep it."""
        self._endpoint.check()

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Run the model once."""
        answer = MessagesStream(self._endpoint)
        return read_answer(self._endpoint, lambda: self._ask(request), answer)

    async def list_models(self) -> list[ListedModel]:
        """The models that the server says it has."""
        models = await read_models(self._endpoint, self._ask_models)
        self._listed = {model.id: model for model in models}
        return models

    async def close(self) -> None:
        """Close the connections."""
        await self._clients.close()

    async def _ask_models(self) -> "httpx2.Response":
        client = await self._clients.current()
        import anthropic

        stream = await client.get(
            "/v1/models?limit=1000",
            cast_to=object,
            stream=True,
            stream_cls=anthropic.AsyncStream[object],
        )
        return stream.response

    async def _ask(self, request: ProviderRequest) -> "httpx2.Response":
        client = await self._clients.current()
        import anthropic

        model = request.model
        system = "\n\n".join(m.text for m in request.messages if m.role == "system")
        most = request.max_tokens or min(
            model.max_output_tokens or CAUTIOUS_MAX_TOKENS, DEFAULT_MAX_TOKENS
        )
        thinking = _thinking(model, most)
        # Thinking and a temperature exclude each other.
        temperature = None if thinking else request.temperature
        stream = await client.messages.create(
            model=model.id,
            max_tokens=most,
            messages=[_message(m) for m in request.messages if m.role != "system"],
            system=system or anthropic.omit,
            thinking=thinking or anthropic.omit,
            # The SDK has no name for it any more; the older models still take it.
            extra_body=None if temperature is None else {"temperature": temperature},
            stream=True,
        )
        return stream.response


def _make_client(endpoint: Endpoint, key: str) -> "AsyncAnthropic":
    """Import the SDK and make a client; both are slow, so this belongs in a worker thread."""
    import anthropic

    return anthropic.AsyncAnthropic(
        # It insists on one, and would look for others in files; what is sent is said below.
        api_key=key or "none",
        base_url=endpoint.base_url,
        max_retries=0,
        http_client=http_client(endpoint, {"x-api-key": key} if key else {}),
        open_telemetry=False,  # or environment variables could have conversations recorded
    )


def _thinking(model: ModelInfo, most: int) -> "ThinkingConfigParam | None":
    match model.reasoning:
        case "adaptive":
            # Newer models think without being asked; this makes them say what.
            return {"type": "adaptive", "display": "summarized"}
        case "budget" if most > THINKING_BUDGET_TOKENS:
            return {"type": "enabled", "budget_tokens": THINKING_BUDGET_TOKENS}
    return None


def _message(message: Message) -> "MessageParam":
    content: object = message.content
    if not isinstance(message.content, str):
        content = [_part(part) for part in message.content]
    return cast("MessageParam", {"role": message.role, "content": content})


def _part(part: TextPart | ImagePart | FilePart) -> dict[str, object]:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ImagePart():
            source = {"type": "base64", "media_type": part.media_type, "data": part.data}
            return {"type": "image", "source": source}
        case FilePart():
            return {"type": "document", "title": part.name, "source": _source(part)}


def _source(part: FilePart) -> dict[str, object]:
    """A PDF goes as it is; text of every kind as plain text."""
    if part.media_type.startswith("text/") or part.media_type == "application/json":
        try:
            text = base64.b64decode(part.data).decode("utf-8", "replace")
        except binascii.Error:
            text = ""
        return {"type": "text", "media_type": _PLAIN_TEXT, "data": text}
    return {"type": "base64", "media_type": part.media_type, "data": part.data}
