"""Scenes that a test server plays, and the providers that talk to it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shell.providers.apis import chat_completions, messages, responses
from shell.providers.base import Provider
from shell.providers.http.api import Api as HttpApi
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.provider import HttpProvider
from tests.providers.collect import Answer, ask
from tests.providers.dialects import Chat, Dialect, Messages, Responses
from tests.providers.fault_server import Exchange, FaultServer, Scene, fault_server

KEY = "sk-proj-Zx9/+qTe3st=Key&0123456789abcdefWXYZ"


def endpoint(url: str, **changes: object) -> Endpoint:
    fields = {"id": "test", "label": "Test", "base_url": url, "key": lambda: KEY, **changes}
    return Endpoint(**fields)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Api:
    """An API with its dialect, and our provider for it."""

    dialect: Dialect
    api: HttpApi
    base: str
    """The part of the path that belongs to the base URL."""
    key_header: str
    key_value: str

    def make(self, url: str, **changes: object) -> Provider:
        return HttpProvider(self.api, endpoint(f"{url}{self.base}", **changes), "model-a")

    @asynccontextmanager
    async def serving(
        self, scene: Scene, **changes: object
    ) -> AsyncGenerator[tuple[Provider, FaultServer], None]:
        """Run a server that plays the scene, with a provider for it."""
        async with fault_server(scene) as server:
            provider = self.make(server.url, **changes)
            try:
                yield provider, server
            finally:
                await provider.close()

    async def run(self, scene: Scene, **changes: object) -> Answer:
        """Ask one question to a server that plays the scene."""
        async with self.serving(scene, **changes) as (provider, server):
            answer = await ask(provider, "hello")
            assert len(server.requests) == 1, "a provider never retries"
            return answer


CHAT = Api(Chat(), chat_completions.CHAT_COMPLETIONS, "/v1", "authorization", f"Bearer {KEY}")
MESSAGES = Api(Messages(), messages.MESSAGES, "", "x-api-key", KEY)
RESPONSES = Api(Responses(), responses.RESPONSES, "/v1", "authorization", f"Bearer {KEY}")
APIS = [CHAT, MESSAGES, RESPONSES]


def streaming(*frames: bytes) -> Scene:
    """A stream of these frames, with a clean end."""

    async def scene(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(*frames)
        await exchange.end()

    return scene


def answering(status: int, body: bytes | dict[str, object] | list[object], **more: str) -> Scene:
    """One whole answer. `more` holds headers."""
    media_type = more.pop("media_type", "application/json")
    headers = {name.replace("_", "-"): value for name, value in more.items()}

    async def scene(exchange: Exchange) -> None:
        await exchange.answer(status, body, media_type, headers)

    return scene
