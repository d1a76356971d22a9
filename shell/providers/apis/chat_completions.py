"""OpenAICompatible: Chat Completions, of OpenAI and of everybody who speaks the same."""

from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, cast

from shell.contract import FilePart, ImagePart, Message, TextPart
from shell.providers.apis.chat_stream import ChatStream
from shell.providers.base import Chunk, ModelInfo, ProviderRequest
from shell.providers.http.clients import Clients
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.response import read_answer
from shell.providers.http.transport import http_client
from shell.providers.model_list import ListedModel, described, read_models

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionMessageParam


def _nothing(model: ModelInfo) -> Mapping[str, object]:
    return {}


class OpenAICompatible:
    """One endpoint.

    Args:
        endpoint: where it is.
        default_model_id: the model for requests that name none.
        models: what a model takes.
        extra: fields of the body that only this server knows.
    """

    local = False

    def __init__(
        self,
        endpoint: Endpoint,
        default_model_id: str,
        models: Callable[[str], ModelInfo] = ModelInfo,
        *,
        extra: Callable[[ModelInfo], Mapping[str, object]] = _nothing,
    ) -> None:
        self.id = endpoint.id
        self.default_model_id = default_model_id
        self._endpoint = endpoint
        self._models = models
        self._listed: dict[str, ListedModel] = {}
        """What the server has said of its models, when it was last asked."""
        self._extra = extra
        self._clients = Clients(endpoint, make_client)

    def model(self, model_id: str) -> ModelInfo:
        """What the model takes."""
        return described(self._models(model_id), self._listed.get(model_id))

    def check(self) -> None:
        """Raise without a key, or with an address that would not keep it."""
        self._endpoint.check()

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Run the model once."""
        answer = ChatStream(self._endpoint)
        return read_answer(self._endpoint, lambda: self._ask(request), answer)

    async def list_models(self) -> list[ListedModel]:
        """The models that the server says it has."""
        models = await read_models(self._endpoint, partial(ask_models, self._clients))
        self._listed = {model.id: model for model in models}
        return models

    async def close(self) -> None:
        """Close the connections."""
        await self._clients.close()

    async def _ask(self, request: ProviderRequest) -> "httpx2.Response":
        client = await self._clients.current()
        import openai

        most = openai.omit if request.max_tokens is None else request.max_tokens
        short = self._endpoint.max_tokens_field == "max_tokens"
        stream = await client.chat.completions.create(
            model=request.model.id,
            messages=[chat_message(message) for message in request.messages],
            stream=True,
            stream_options={"include_usage": True},
            temperature=openai.omit if request.temperature is None else request.temperature,
            max_tokens=most if short else openai.omit,
            max_completion_tokens=openai.omit if short else most,
            extra_body=self._extra(request.model),
        )
        # The SDK's own stream would build a deep object of every event: five times the work.
        return stream.response


async def ask_models(clients: "Clients[AsyncOpenAI]") -> "httpx2.Response":
    """Ask an OpenAI-compatible server for its list of models."""
    client = await clients.current()
    import openai

    stream = await client.get(
        "/models", cast_to=object, stream=True, stream_cls=openai.AsyncStream[object]
    )
    return stream.response


def make_client(endpoint: Endpoint, key: str) -> "AsyncOpenAI":
    """Import the SDK and make a client; both are slow, so this belongs in a worker thread."""
    import openai

    return openai.AsyncOpenAI(
        api_key=key or "none",  # it insists on one; what is sent is the line below
        base_url=endpoint.base_url,
        max_retries=0,
        http_client=http_client(endpoint, {"authorization": f"Bearer {key}"} if key else {}),
    )


def chat_message(message: Message) -> "ChatCompletionMessageParam":
    """A message as Chat Completions takes it."""
    if isinstance(message.content, str):
        content: object = message.content
    elif all(isinstance(part, TextPart) for part in message.content):
        content = message.text
    else:
        content = [_part(part) for part in message.content]
    return cast("ChatCompletionMessageParam", {"role": message.role, "content": content})


def _part(part: TextPart | ImagePart | FilePart) -> dict[str, object]:
    match part:
        case TextPart():
            return {"type": "text", "text": part.text}
        case ImagePart():
            url = f"data:{part.media_type};base64,{part.data}"
            return {"type": "image_url", "image_url": {"url": url}}
        case FilePart():
            data = f"data:{part.media_type};base64,{part.data}"
            return {"type": "file", "file": {"filename": part.name, "file_data": data}}
