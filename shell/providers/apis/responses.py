"""OpenAIResponses: the Responses API, which tells what OpenAI's models think."""

from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import TYPE_CHECKING, cast

from shell.contract import FilePart, ImagePart, Message, TextPart
from shell.errors import ProviderError
from shell.providers.apis.chat_completions import ask_models, make_client
from shell.providers.apis.responses_stream import ResponsesStream
from shell.providers.base import Chunk, ModelInfo, ProviderRequest
from shell.providers.http.clients import Clients
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.response import read_answer
from shell.providers.model_list import ListedModel, described, read_models

if TYPE_CHECKING:
    import httpx2
    from openai.types.responses import ResponseInputItemParam
    from openai.types.shared_params import Reasoning


class OpenAIResponses:
    """One endpoint that speaks Responses.

    Args:
        endpoint: where it is.
        default_model_id: the model for requests that name none.
        models: what a model takes. Its `reasoning` is an effort (`low`, `medium`, `high` …),
            `default`, or None for a model that does not think.
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
        self._clients = Clients(endpoint, make_client)
        self._summaries = True
        """Whether this account gets to see what models think; some have to be verified first."""

    def model(self, model_id: str) -> ModelInfo:
        """What the model takes."""
        return described(self._models(model_id), self._listed.get(model_id))

    def check(self) -> None:
        """Raise without a key, or with an address that would not keep it."""
        self._endpoint.check()

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Run the model once."""
        answer = ResponsesStream(self._endpoint)
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
        try:
            return await self._send(request)
        except ProviderError as error:
            if not self._summaries or (error.details or {}).get("field") != "reasoning.summary":
                raise
        self._summaries = False
        return await self._send(request)

    async def _send(self, request: ProviderRequest) -> "httpx2.Response":
        client = await self._clients.current()
        import openai

        stream = await client.responses.create(
            model=request.model.id,
            input=[_message(message) for message in request.messages],
            stream=True,
            store=False,  # the conversation is kept here, and nowhere else
            temperature=openai.omit if request.temperature is None else request.temperature,
            max_output_tokens=openai.omit if request.max_tokens is None else request.max_tokens,
            reasoning=self._reasoning(request.model) or openai.omit,
        )
        return stream.response

    def _reasoning(self, model: ModelInfo) -> "Reasoning":
        asked: Reasoning = {}
        if model.reasoning is not None and self._summaries:
            asked = {"summary": "auto"}
        if model.reasoning not in {None, "default"}:
            # A model of tomorrow may have an effort that the SDK does not know yet.
            asked |= cast("Reasoning", {"effort": model.reasoning})
        return asked


def _message(message: Message) -> "ResponseInputItemParam":
    content: object = message.content
    if not isinstance(message.content, str):
        content = [_part(part, message.role) for part in message.content]
    return cast("ResponseInputItemParam", {"role": message.role, "content": content})


def _part(part: TextPart | ImagePart | FilePart, role: str) -> dict[str, object]:
    match part:
        case TextPart():
            kind = "output_text" if role == "assistant" else "input_text"
            return {"type": kind, "text": part.text}
        case ImagePart():
            url = f"data:{part.media_type};base64,{part.data}"
            return {"type": "input_image", "image_url": url}
        case FilePart():
            data = f"data:{part.media_type};base64,{part.data}"
            return {"type": "input_file", "filename": part.name, "file_data": data}
