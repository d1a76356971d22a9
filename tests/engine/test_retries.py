"""Retries happen only before the first content, and are visible, bounded and cancellable."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from shell.contract import RetryingEvent
from shell.errors import ErrorCode, ProviderError
from shell.inference.log import InferenceLog
from shell.providers.base import (
    Chunk,
    Finish,
    PromptProgress,
    ProviderRequest,
    ReasoningDelta,
    TextDelta,
)
from tests.engine.host import ME, Host, answer, done, failed, statuses
from tests.virtual_loop import run_ready_tasks, the_loop

pytestmark = pytest.mark.anyio

RETRIED = ["NETWORK_ERROR", "RATE_LIMIT", "OVERLOADED", "SERVER_ERROR"]


def retries(log: InferenceLog) -> list[RetryingEvent]:
    return [event for event in log.read() if isinstance(event, RetryingEvent)]


@pytest.mark.shows("D30")
@pytest.mark.parametrize("code", list(ErrorCode))
async def test_only_passing_faults_are_retried(host: Host, code: ErrorCode) -> None:
    log = host.start(f"/error {code}")
    assert (await failed(log)).code == code
    assert host.echo.requests == (4 if code in RETRIED else 1)
    assert len(retries(log)) == host.echo.requests - 1


@pytest.mark.shows("D30", "D91")
async def test_a_retry_is_told_and_waited_for(host: Host) -> None:
    began = the_loop().time()
    log = host.start("/fail 3 OVERLOADED\nat last")
    await done(log)
    reported = retries(log)
    assert [(e.attempt, e.code) for e in reported] == [
        (1, "OVERLOADED"),
        (2, "OVERLOADED"),
        (3, "OVERLOADED"),
    ]
    for event, base_ms in zip(reported, [500, 1_000, 2_000], strict=True):
        assert 0.75 * base_ms <= event.delay_ms <= 1.25 * base_ms
    waited = sum(e.delay_ms for e in reported) / 1000
    assert the_loop().time() - began == pytest.approx(waited, abs=0.01)
    assert statuses(log) == ["Initializing...", *["Processing..."] * 4]
    assert answer(log) == "at last"


@pytest.mark.shows("D30")
async def test_a_server_s_patience_is_obeyed(host: Host) -> None:
    began = the_loop().time()
    log = host.start("/fail 1 RATE_LIMIT 12000\nat last")
    await done(log)
    assert [e.delay_ms for e in retries(log)] == [12_000]
    assert the_loop().time() - began == pytest.approx(12, abs=0.01)


@pytest.mark.shows("D30")
@pytest.mark.parametrize(("retry_after_ms", "timeout_ms"), [(30_001, None), (20_000, 15_000)])
async def test_too_much_patience_fails_at_once(
    host: Host, retry_after_ms: int, timeout_ms: int | None
) -> None:
    began = the_loop().time()
    log = host.start(f"/error RATE_LIMIT {retry_after_ms}", timeout_ms=timeout_ms)
    ending = await failed(log)
    assert (ending.code, ending.retryable) == ("RATE_LIMIT", True)
    assert ending.retry_after_ms == retry_after_ms
    assert the_loop().time() == began


@pytest.mark.shows("D30")
@pytest.mark.parametrize("content", [TextDelta("x"), ReasoningDelta("x")])
async def test_nothing_is_retried_after_content(host: Host, content: Chunk) -> None:
    async def breaks(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield content
        raise ProviderError(ErrorCode.NETWORK_ERROR, "Connection error.")

    puppet = host.puppet(breaks)
    log = host.start(provider_id="puppet")
    ending = await failed(log)
    assert (ending.code, ending.retryable) == ("STREAM_INTERRUPTED", True)
    assert len(puppet.requests) == 1


@pytest.mark.shows("D30")
async def test_progress_is_not_content(host: Host) -> None:
    async def breaks(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield PromptProgress("Loading the model")
        if len(puppet.requests) < 3:
            raise ProviderError(ErrorCode.SERVER_ERROR, "Still loading")
        yield Finish("stop")

    puppet = host.puppet(breaks)
    await done(host.start(provider_id="puppet"))
    assert len(puppet.requests) == 3


@pytest.mark.shows("D30", "B22")
async def test_cancel_while_waiting_for_a_retry(host: Host) -> None:
    log = host.start("/fail 2 RATE_LIMIT 20000\nnever")
    await asyncio.sleep(5)
    before = the_loop().time()
    host.engine.cancel(ME, log.inference_id)
    assert (await done(log)).cancelled
    assert the_loop().time() == before
    await asyncio.sleep(60)
    assert host.echo.requests == 1


@pytest.mark.shows("B36", "D30")
async def test_the_overall_deadline_covers_all_attempts(host: Host) -> None:
    async def slow(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield TextDelta("")
        await asyncio.sleep(4)
        raise ProviderError(ErrorCode.SERVER_ERROR, "Internal error")

    host.puppet(slow)
    began = the_loop().time()
    assert (await failed(host.start(provider_id="puppet", timeout_ms=10_000))).code == "TIMEOUT"
    assert the_loop().time() - began == pytest.approx(10, abs=0.5)


@pytest.mark.shows("D2", "D30")
async def test_every_attempt_may_wait_for_its_first_content(host: Host) -> None:
    async def slow(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        await asyncio.sleep(50)
        if len(puppet.requests) < 2:
            raise ProviderError(ErrorCode.SERVER_ERROR, "Internal error")
        yield TextDelta("x")
        yield Finish("stop")

    puppet = host.puppet(slow)
    await done(host.start(provider_id="puppet"))
    assert len(puppet.requests) == 2


@pytest.mark.shows("B37", "D30")
async def test_a_missed_deadline_is_not_retried(host: Host) -> None:
    await failed(host.start("/stall"))
    assert host.echo.requests == 1


async def test_a_wait_for_a_retry_is_not_a_stall(host: Host) -> None:
    log = host.start("/fail 1 RATE_LIMIT 25000\nok", first_timeout_ms=1_000)
    await done(log)


@pytest.mark.shows("D30")
async def test_nothing_is_retried_once_the_run_was_stopped(host: Host) -> None:
    async def grudge(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        try:
            yield TextDelta("")
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise ProviderError(ErrorCode.NETWORK_ERROR, "cut") from None

    puppet = host.puppet(grudge)
    log = host.start(provider_id="puppet")
    await run_ready_tasks()
    host.engine.cancel(ME, log.inference_id)
    await done(log)
    await asyncio.sleep(30)
    assert len(puppet.requests) == 1
