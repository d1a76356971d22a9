"""Streams what the generators of a program yield, in place of a model."""

import logging
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing

from pydantic import BaseModel

from shell.contract import InferenceRequest, Message
from shell.errors import NotFound, ShellError
from shell.providers.base import Chunk, Finish, ModelInfo, Provider, ProviderRequest, TextDelta

_log = logging.getLogger(__name__)


class ItemsProvider:
    """Has one generator for each request.

    A model that a generator yields becomes a line of JSON, which has no line end inside.
    """

    id = "items"
    default_model_id = "items"
    local = True
    """A generator may take long, so it gets the longer limit for the first content."""

    def __init__(self) -> None:
        self._generators: dict[str, AsyncGenerator[str | BaseModel, None]] = {}

    def put(self, items: AsyncGenerator[str | BaseModel, None]) -> InferenceRequest:
        """Hold a generator until its request is streamed. Returns this request."""
        name = secrets.token_hex(8)
        self._generators[name] = items
        return InferenceRequest(
            messages=[Message(role="user", content=name)], provider_id=self.id, model_id=self.id
        )

    def drop(self, name: str) -> None:
        """Drop a generator whose request will not come."""
        self._generators.pop(name, None)

    def resolve(self, provider_id: str) -> Provider:
        """Find this provider under any id."""
        return self

    def model(self, model_id: str) -> ModelInfo:
        """Describe the only model."""
        return ModelInfo(self.id, temperature_max=None)

    def check(self) -> None:
        """Do nothing, because a generator can always run."""

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Stream what the generator of this request yields."""
        items = self._generators.pop(request.messages[-1].text, None)
        if items is None:
            raise NotFound("There is no such stream")
        async with aclosing(items):
            try:
                async for item in items:
                    if isinstance(item, BaseModel):
                        item = f"{item.model_dump_json(by_alias=True)}\n"
                    yield TextDelta(item)
            except ShellError:
                raise
            except (Exception, SystemExit) as error:
                _log.exception("A stream failed")
                raise ShellError("The stream failed. The program's log has the details") from error
        yield Finish("stop")

    async def close(self) -> None:
        """Do nothing, because there are no connections."""
