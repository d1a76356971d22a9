"""OpenAICompatible: Chat Completions, of OpenAI and of everybody who speaks the same."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING, cast

from shell.contract import FilePart, ImagePart, Message, TextPart
from shell.providers.base import Chunk, ModelInfo, ProviderRequest
from shell.providers.chat_stream import ChatStream
from shell.providers.endpoint import Endpoint
from shell.providers.faults import not_a_stream
from shell.providers.sse import EventDecoder, WholeBody
from shell.providers.transport import EVENT_STREAM, classed, drain, http_client, stream_type

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam


class OpenAICompatible:
    """One endpoint.

    Args:
        endpoint: where it is.
        default_model_id: the model for requests that name none.
        models: what a model takes.
        extra: fields of the body that only this server knows.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        default_model_id: str,
        models: Callable[[str], ModelInfo] = ModelInfo,
        *,
        local: bool = False,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        self.id = endpoint.id
        self.default_model_id = default_model_id
        self.local = local
        self._endpoint = endpoint
        self._models = models
        self._extra = dict(extra) if extra else None
        self._clients: dict[str, AsyncOpenAI] = {}
        self._making = asyncio.Lock()

    def model(self, model_id: str) -> ModelInfo:
        """What the model takes."""
        return self._models(model_id)

    def check(self) -> None:
        """Raise without a key, or with an address that would not keep it."""
        self._endpoint.check()

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Run the model once."""
        endpoint = self._endpoint
        answer = ChatStream(endpoint)
        try:
            client = await self._current_client()
            # The SDK's own stream would build a deep object of every event: five times the work.
            async with aclosing((await self._ask(client, request)).response) as response:
                media_type = stream_type(endpoint, response.headers)
                decoder = WholeBody() if media_type == "application/json" else EventDecoder()
                pieces = response.aiter_bytes()
                async for piece in pieces:
                    for event in decoder.feed(piece):
                        for chunk in answer.take(event.data):
                            yield chunk
                    if answer.done:
                        break
                for event in decoder.end():
                    for chunk in answer.take(event.data):
                        yield chunk
                await drain(pieces)
            if not answer.events and media_type != EVENT_STREAM:
                raise not_a_stream(endpoint, media_type)
        except Exception as error:
            # What breaks after the model has said why it stopped, breaks nothing.
            if answer.finish is None:
                raise classed(endpoint, error, answering=answer.begun) from None
        for chunk in answer.end():
            yield chunk

    async def close(self) -> None:
        """Close the connections."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.close()

    async def _ask(
        self, client: "AsyncOpenAI", request: ProviderRequest
    ) -> "AsyncStream[ChatCompletionChunk]":
        import openai

        most = openai.omit if request.max_tokens is None else request.max_tokens
        short = self._endpoint.max_tokens_field == "max_tokens"
        return await client.chat.completions.create(
            model=request.model.id,
            messages=[_message(message) for message in request.messages],
            stream=True,
            stream_options={"include_usage": True},
            temperature=openai.omit if request.temperature is None else request.temperature,
            max_tokens=most if short else openai.omit,
            max_completion_tokens=openai.omit if short else most,
            extra_body=self._extra,
        )

    async def _current_client(self) -> "AsyncOpenAI":
        """The client of the present key. A new key gets a new one; streams keep theirs."""
        key = self._endpoint.check()
        async with self._making:
            client = self._clients.get(key)
            if client is None:
                client = await asyncio.to_thread(_make_client, self._endpoint, key)
                self._clients[key] = client
            return client


def _make_client(endpoint: Endpoint, key: str) -> "AsyncOpenAI":
    """Import the SDK and make a client; both are slow, so this belongs in a worker thread."""
    import openai

    return openai.AsyncOpenAI(
        api_key=key or "none",  # it insists on one; without a key the header is taken off again
        base_url=endpoint.base_url,
        max_retries=0,
        http_client=http_client(endpoint, "authorization" if key else None),
    )


def _message(message: Message) -> "ChatCompletionMessageParam":
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
