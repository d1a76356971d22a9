"""Tests a provider with one small request."""

import asyncio
import contextlib
import time

from shell.contract import Message, Problem, TrialReport
from shell.errors import ErrorCode, ProviderError
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


async def try_provider(provider: Provider, model_id: str | None = None) -> TrialReport:
    """Send one request. Errors are in the result and not raised."""
    model = provider.model(model_id or provider.default_model_id)
    try:
        provider.check()
        models = await _models(provider)
        if model.id == ANY_MODEL and models:
            model = provider.model(models[0])
        first_ms, total_ms = await _run_model(provider, model.id)
    except TimeoutError:
        sentence = f"{provider.id} did not answer within {TRIAL_S:.0f} seconds."
        return _failed(ProviderError(ErrorCode.STREAM_TIMEOUT, sentence), model.id)
    except ProviderError as error:
        return _failed(error, model.id)
    known = f"; it has {len(models)} models" if models else ""
    sentence = f"{provider.id} answers with {model.id}: first word after {first_ms} ms{known}."
    return TrialReport(
        ok=True,
        sentence=sentence,
        model_id=model.id,
        first_ms=first_ms,
        total_ms=total_ms,
        models=models,
    )


def _failed(error: ProviderError, model_id: str) -> TrialReport:
    problem = Problem.of(error)
    return TrialReport(ok=False, sentence=error.message, problem=problem, model_id=model_id)


async def _models(provider: Provider) -> list[str]:
    """List the models. Empty if the server has no list, without which many work."""
    if not isinstance(provider, ListsModels):
        return []
    with contextlib.suppress(ProviderError, TimeoutError):
        async with asyncio.timeout(LISTING_S):
            return [model.id for model in await provider.list_models()]
    return []


async def _run_model(provider: Provider, model_id: str) -> tuple[int, int]:
    request = ProviderRequest(
        provider.model(model_id), [Message(role="user", content="Say OK.")], max_tokens=MAX_TOKENS
    )
    started_at = time.monotonic()
    first_ms: int | None = None
    is_finished = False
    async with asyncio.timeout(TRIAL_S), contextlib.aclosing(provider.stream(request)) as chunks:
        async for chunk in chunks:
            content = isinstance(chunk, TextDelta | ReasoningDelta | ToolCallDelta)
            if content and first_ms is None:
                first_ms = _elapsed_ms(started_at)
            is_finished = is_finished or isinstance(chunk, Finish)
    total_ms = _elapsed_ms(started_at)
    if not is_finished:
        raise ProviderError(
            ErrorCode.STREAM_INCOMPLETE, f"{provider.id} ended its answer unexpectedly."
        )
    return total_ms if first_ms is None else first_ms, total_ms


def _elapsed_ms(started_at: float) -> int:
    return round((time.monotonic() - started_at) * 1000)
