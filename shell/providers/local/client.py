"""LlamaChat: Chat Completions of our own child process, without an SDK.

The same stream as `OpenAICompatible` reads, asked for in a few lines: importing the SDK takes half
a second, which the first question would have to wait for, and 25 MB.
"""

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING

from shell.providers.apis.chat_completions import chat_message
from shell.providers.apis.chat_stream import ChatStream
from shell.providers.base import Chunk, ProviderRequest
from shell.providers.http.clients import Clients
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.response import read_answer
from shell.providers.http.transport import http_client

if TYPE_CHECKING:
    import httpx2


class LlamaChat:
    """The connection to one child.

    Args:
        endpoint: where the child listens, and its key.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._clients = Clients(endpoint, _Client)

    def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Run the model once."""
        return read_answer(self._endpoint, lambda: self._ask(request), ChatStream(self._endpoint))

    async def close(self) -> None:
        """Close the connections."""
        await self._clients.close()

    async def _ask(self, request: ProviderRequest) -> "httpx2.Response":
        client = (await self._clients.current()).http
        body: dict[str, object] = {
            "model": request.model.id,
            "messages": [chat_message(message) for message in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            # Without it llama.cpp reads a long prompt to its end before it notices that nobody
            # listens any more.
            "return_progress": True,
            **dict(request.model.sampling),
        }
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.max_tokens is not None:
            body["max_tokens"] = request.max_tokens
        url = f"{self._endpoint.base_url}/chat/completions"
        return await client.send(client.build_request("POST", url, json=body), stream=True)


class _Client:
    def __init__(self, endpoint: Endpoint, key: str) -> None:
        self.http = http_client(endpoint, {"authorization": f"Bearer {key}"})

    async def close(self) -> None:
        await self.http.aclose()
