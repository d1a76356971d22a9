"""Tests a provider with one small request."""

import asyncio
import contextlib
import time
from dataclasses import dataclass, field

from shell.contract import Message
from shell.errors import ErrorCode, ProviderError, Reason
from shell.providers.base import (
    ANY_MODEL,
    Finish,
    Provider,
    ProviderRequest,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from shell.providers.model_list import LISTING_S, ListsModels

TRIAL_S = 60.0
MAX_TOKENS = 16
"""The lowest limit that every API takes."""


@dataclass(frozen=True, slots=True)
class TestResult:
    """The result of a test."""

    ok: bool
    sentence: str
    model_id: str
    code: ErrorCode | None = None
    first_ms: int | None = None
    """From the request to the first content, including the loading of a local model."""
    total_ms: int | None = None
    models: list[str] = field(default_factory=list)
    reason: Reason | None = None
    words: str | None = None


async def try_provider(provider: Provider, model_id: str | None = None) -> TestResult:
    """Send one request. Errors are in the result and not raised."""
    model = provider.model(model_id or provider.default_model_id)
    try:
        provider.check()
        models = await _models(provider)
        if model.id == ANY_MODEL and models:
            model = provider.model(models[0])
        first_ms, total_ms = await _ask(provider, model.id)
    except TimeoutError:
        sentence = f"{provider.id} did not answer within {TRIAL_S:.0f} seconds."
        return TestResult(False, sentence, model.id, ErrorCode.STREAM_TIMEOUT)
    except ProviderError as error:
        return TestResult(
            False, error.message, model.id, error.code, reason=error.reason, words=error.words
        )
    known = f"; it has {len(models)} models" if models else ""
    sentence = f"{provider.id} answers with {model.id}: first word after {first_ms} ms{known}."
    return TestResult(True, sentence, model.id, None, first_ms, total_ms, models)


async def _models(provider: Provider) -> list[str]:
    """List the models. Empty if the server has no list, without which many work."""
    if not isinstance(provider, ListsModels):
        return []
    with contextlib.suppress(ProviderError, TimeoutError):
        async with asyncio.timeout(LISTING_S):
            return [model.id for model in await provider.list_models()]
    return []


async def _ask(provider: Provider, model_id: str) -> tuple[int, int]:
    request = ProviderRequest(
        provider.model(model_id), [Message(role="user", content="Say OK.")], max_tokens=MAX_TOKENS
    )
    began = time.monotonic()
    first_ms: int | None = None
    finished = False
    async with asyncio.timeout(TRIAL_S), contextlib.aclosing(provider.stream(request)) as chunks:
        async for chunk in chunks:
            content = isinstance(chunk, TextDelta | ReasoningDelta | ToolCallDelta)
            if content and first_ms is None:
                first_ms = _since(began)
            finished = finished or isinstance(chunk, Finish)
    total_ms = _since(began)
    if not finished:
        raise ProviderError(
            ErrorCode.STREAM_INCOMPLETE,
            f"{provider.id} ended its answer without saying that it was complete.",
        )
    return total_ms if first_ms is None else first_ms, total_ms


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
