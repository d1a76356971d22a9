"""Plays a recorded inference, at its own pace or faster.

`providers/recordings.py` has the format.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import cast, get_args

from shell.contract import AnyEvent, FinishReason
from shell.errors import ProviderError
from shell.providers.base import (
    Chunk,
    Finish,
    ModelInfo,
    PromptProgress,
    ProviderRequest,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageReport,
)
from shell.providers.recordings import read_recording


class ReplayProvider:
    """Answers every request with the same recording.

    Args:
        path: the recording.
        speed: 1 for the pace of the recording, 2 for twice as fast; None for no waiting at all.
        id: the id of the provider.
    """

    default_model_id = "recording"
    local = False

    def __init__(
        self,
        path: Path,
        *,
        speed: float | None = 1.0,
        id: str = "replay",  # noqa: A002, a provider's attribute
    ) -> None:
        self.id = id
        self._path = path
        self._pace = 0.0 if speed is None else 1 / speed

    def model(self, model_id: str) -> ModelInfo:
        """Describe a model that takes everything, since the request is not used."""
        return ModelInfo(
            model_id, 100_000_000, images=True, files=True, assistant_prefill=True, tools=True
        )

    def check(self) -> None:
        """Raise when the recording cannot be played."""
        read_recording(self._path)

    async def stream(self, request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        """Play the recording."""
        loop = asyncio.get_running_loop()
        started_at = loop.time()
        for event in read_recording(self._path).events:
            for chunk in _chunks(event):
                due = started_at + event.ms / 1000 * self._pace
                await asyncio.sleep(max(0.0, due - loop.time()))
                yield chunk

    async def close(self) -> None:
        """Do nothing, because there are no connections."""


def _chunks(event: AnyEvent) -> Iterator[Chunk]:
    match event.channel:
        case "llm:token":
            yield TextDelta(event.token)
        case "llm:reasoning":
            yield ReasoningDelta(event.text)
        case "llm:tool":
            yield ToolCallDelta(event.id, event.name, event.arguments_delta)
        case "llm:thinking":
            # The engine that plays the recording reports these states by itself.
            if event.status not in {"Initializing...", "Processing..."}:
                yield PromptProgress(event.status, event.progress, event.activity)
        case "llm:done":
            usage = event.usage
            if not usage.estimated:
                yield UsageReport(
                    usage.input_tokens,
                    usage.output_tokens,
                    usage.reasoning_tokens,
                    usage.cached_tokens,
                )
            if event.finish_reason is not None:
                known = event.finish_reason in get_args(FinishReason)
                yield Finish(cast("FinishReason", event.finish_reason) if known else "other")
        case "llm:error":
            raise ProviderError(
                event.code,
                event.error,
                retry_after_ms=event.retry_after_ms,
                reason=event.reason,
                words=event.words,
            )
