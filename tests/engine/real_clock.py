"""Measurements that need a real clock: how soon a cancel ends a run, and the cost of tokens."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from shell.contract import DoneEvent, ErrorEvent, TokenEvent
from shell.inference.engine import Engine
from shell.inference.log import InferenceLog
from shell.providers.apis.chat_completions import CHAT_COMPLETIONS
from shell.providers.base import Chunk, Provider, ProviderRequest, TextDelta
from shell.providers.http.endpoint import Endpoint
from shell.providers.http.provider import HttpProvider
from shell.providers.testing.echo import EchoProvider
from tests.engine.host import Puppet, ended, request
from tests.host_process import PATIENCE_S
from tests.providers.fault_server import Exchange, fault_server


def percentile(values: list[float], share: float) -> float:
    """The value at this share (0 to 1) of all values in order."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def engine_of(provider: Provider) -> Engine:
    """An engine for one provider."""
    return Engine(lambda _: provider)


async def seconds_to_end(cancel: Callable[[], bool], log: InferenceLog) -> float:
    """Seconds from a cancel until its `llm:done` is in the log, on the clock of this thread."""
    end_times: list[float] = []
    log.subscribe(lambda urgent: end_times.append(time.perf_counter()) if urgent else None)
    before = time.perf_counter()
    assert cancel()
    ending = await ended(log)
    assert isinstance(ending, DoneEvent)
    assert ending.cancelled
    return end_times[0] - before


async def cancel_while_silent(times: int) -> list[float]:
    """Seconds until each cancelled, silent run has ended, with four others streaming beside it."""
    engine = engine_of(EchoProvider(rate=100))
    beside = "/rate 100\n/repeat 1000000 word"
    beside_logs = [engine.start("w", request(beside, timeout_ms=600_000)) for _ in range(4)]
    took: list[float] = []
    for number in range(times):
        log = engine.start("w", request("/stall" if number % 2 else "/rate 0\nword\n/stall"))
        await asyncio.sleep(0.003)
        took.append(await seconds_to_end(lambda log=log: engine.cancel("w", log.inference_id), log))  # type: ignore[misc]
    assert all(log.ending is None for log in beside_logs)
    await engine.close()
    return took


async def cancel_a_flood() -> tuple[float, float, int]:
    """Stop a provider that never waits.

    Returns:
        seconds until the run has ended, the CPU seconds of this thread in that time, and the
        number of pieces before it.
    """

    async def flood(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        while True:
            yield TextDelta("x ")

    engine = engine_of(Puppet(flood))
    log = engine.start("w", request())
    await asyncio.sleep(0.05)
    cpu = time.thread_time()
    took = await seconds_to_end(lambda: engine.cancel("w", log.inference_id), log)
    cpu = time.thread_time() - cpu
    await engine.close()
    return took, cpu, log.last_seq


@dataclass(frozen=True)
class Load:
    """The cost of streams at a steady rate."""

    tokens: int
    expected: int
    seconds: float
    cpu_seconds: float
    events: int
    """Joined events that the readers took. Each of them reads every 8 ms."""

    @property
    def cpu_us_per_token(self) -> float:
        return self.cpu_seconds / self.tokens * 1e6


async def steady_streams(streams: int, rate: int, seconds: float) -> Load:
    """Run `streams` streams at `rate` tokens a second, each with a reader that follows it."""
    engine = engine_of(EchoProvider())
    count = round(rate * seconds)
    script = f"/rate {rate}\n/repeat {count} word"
    began, cpu = time.perf_counter(), time.process_time()
    logs = [engine.start("w", request(script, timeout_ms=600_000)) for _ in range(streams)]
    read = await asyncio.gather(*(_follow(log) for log in logs))
    load = Load(
        tokens=sum(tokens for tokens, _ in read),
        expected=streams * count,
        seconds=time.perf_counter() - began,
        cpu_seconds=time.process_time() - cpu,
        events=sum(events for _, events in read),
    )
    for log in logs:
        assert log.text("llm:token") == " ".join(["word"] * count)
    await engine.close()
    return load


async def _follow(log: InferenceLog) -> tuple[int, int]:
    """Read a log to its end as a window does; returns its tokens and the events they came in."""
    cursor, tokens, taken = -1, 0, 0
    while True:
        over = log.ending is not None
        for event in log.read(cursor):
            assert event.seq == cursor + 1
            cursor = event.seq + getattr(event, "count", 1) - 1
            taken += 1
            if isinstance(event, TokenEvent):
                tokens += event.count
        if over:
            return tokens, taken
        await asyncio.sleep(0.008)


async def seconds_of(script: str, **fields: object) -> tuple[DoneEvent | ErrorEvent, float]:
    """The ending of a run with the echo provider, and how long it took."""
    engine = engine_of(EchoProvider())
    began = time.perf_counter()
    ending = await ended(engine.start("w", request(script, **fields)))
    took = time.perf_counter() - began
    await engine.close()
    return ending, took


async def close_of_a_socket(*, after_text: bool) -> tuple[float, float]:
    """Cancel a run whose server ignores it and goes on.

    Returns:
        seconds until the run has ended, and until the server sees the closed connection.
    """

    async def never_ends(exchange: Exchange) -> None:
        if after_text:
            await exchange.head()
            delta = {"choices": [{"index": 0, "delta": {"content": "word"}}]}
            await exchange.send(b"data: " + json.dumps(delta).encode() + b"\n\n")
        await asyncio.sleep(3_600)

    async with fault_server(never_ends) as server:
        endpoint = Endpoint("fault", "Fault", server.url + "/v1", lambda: "key-for-tests")
        provider = HttpProvider(CHAT_COMPLETIONS, endpoint, "model")
        engine = engine_of(provider)
        log = engine.start("w", request())
        while not server.requests or (after_text and not log.text("llm:token")):
            assert log.ending is None, log.ending
            await asyncio.sleep(0.005)
        began = time.perf_counter()
        end_s = await seconds_to_end(lambda: engine.cancel("w", log.inference_id), log)
        await asyncio.wait_for(server.disconnected.wait(), PATIENCE_S)
        closed_s = time.perf_counter() - began
        await engine.close()
        await provider.close()
    return end_s, closed_s
