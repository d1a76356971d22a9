"""Runs a provider to its end and collects its chunks."""

import contextlib
from dataclasses import dataclass, field

from shell.contract import FinishReason, Message
from shell.errors import ProviderError
from shell.providers.base import (
    Chunk,
    Finish,
    Provider,
    ProviderRequest,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)


@dataclass
class Answer:
    """The chunks of one stream, and its error."""

    chunks: list[Chunk] = field(default_factory=list)
    error: ProviderError | None = None

    @property
    def text(self) -> str:
        return "".join(c.text for c in self.chunks if isinstance(c, TextDelta))

    @property
    def reasoning(self) -> str:
        return "".join(c.text for c in self.chunks if isinstance(c, ReasoningDelta))

    @property
    def calls(self) -> list[ToolCallDelta]:
        return [c for c in self.chunks if isinstance(c, ToolCallDelta)]

    @property
    def usage(self) -> UsageReport | None:
        return next((c for c in reversed(self.chunks) if isinstance(c, UsageReport)), None)

    @property
    def finish(self) -> FinishReason | None:
        return next((c.reason for c in self.chunks if isinstance(c, Finish)), None)


def a_request(
    provider: Provider,
    *messages: Message | str,
    model: str | None = None,
    temperature: float | None = None,
    max_tokens: int | None = None,
) -> ProviderRequest:
    """A request to `provider`. A plain string becomes a message of the user."""
    return ProviderRequest(
        model=provider.model(model or provider.default_model_id),
        messages=[
            m if isinstance(m, Message) else Message(role="user", content=m) for m in messages
        ],
        temperature=temperature,
        max_tokens=max_tokens,
    )


async def ask(provider: Provider, request: ProviderRequest | str) -> Answer:
    """Run a request to its end.

    A `ProviderError` becomes the answer's `error`. Other errors are raised.
    """
    if isinstance(request, str):
        request = a_request(provider, request)
    answer = Answer()
    async with contextlib.aclosing(provider.stream(request)) as chunks:
        try:
            async for chunk in chunks:
                answer.chunks.append(chunk)
        except ProviderError as error:
            answer.error = error
    return answer
