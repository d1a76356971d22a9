"""The three deadlines of a run, on the loop's own clock, and the effect of a sleeping laptop."""

import asyncio
import time
from collections.abc import AsyncGenerator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shell.contract import DoneEvent
from shell.errors import ErrorCode
from shell.inference.watchdog import Watchdog
from shell.providers.base import (
    Chunk,
    Finish,
    ModelInfo,
    PromptProgress,
    ProviderRequest,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
)
from tests.engine.host import Host, answer, check_log, done, ended, failed
from tests.virtual_loop import VirtualLoop, the_loop

pytestmark = pytest.mark.anyio

STALLED = "Stream timeout - no data received"
OVER = "Inference timeout exceeded"


@pytest.mark.shows("D1", "B13")
async def test_a_stream_of_one_token_a_second_lives_for_90_seconds(host: Host) -> None:
    began = the_loop().time()
    log = host.start("/rate 1\n/repeat 90 word")
    ending = await done(log)
    assert the_loop().time() - began == pytest.approx(90, abs=0.1)
    assert ending.finish_reason == "stop"
    assert len(answer(log).split()) == 90


@pytest.mark.shows("B13", "B37", "B35")
@pytest.mark.parametrize("after", ["five words of an answer", "/reasoning a thought", "/tool f {}"])
async def test_a_stream_that_stops_dies_at_its_limit(host: Host, after: str) -> None:
    began = the_loop().time()
    ending = await failed(host.start(f"{after}\n/stall"))
    assert (ending.code, ending.error, ending.retryable) == ("STREAM_TIMEOUT", STALLED, True)
    assert the_loop().time() - began == pytest.approx(30, abs=0.5)


@pytest.mark.shows("D2")
@pytest.mark.parametrize(
    ("model", "local", "limit_s"),
    [
        (ModelInfo("cloud"), False, 60),
        (ModelInfo("local"), True, 300),
        (ModelInfo("thinker", silent_reasoning=True), False, 300),
    ],
)
async def test_the_first_token_has_a_limit_of_its_own(
    host: Host, model: ModelInfo, local: bool, limit_s: float
) -> None:
    async def silent(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        await asyncio.sleep(wait_s)
        yield TextDelta("at last")
        yield Finish("stop")

    host.puppet(silent, model, local=local)
    wait_s = limit_s - 1.0
    await done(host.start("hi", provider_id="puppet", timeout_ms=600_000))
    wait_s = limit_s + 2.0
    began = the_loop().time()
    ending = await failed(host.start("hi", provider_id="puppet", timeout_ms=600_000))
    assert (ending.code, ending.error) == ("STREAM_TIMEOUT", STALLED)
    assert the_loop().time() - began == pytest.approx(limit_s, abs=0.5)


@pytest.mark.shows("D1", "D2")
@pytest.mark.parametrize("sign", [PromptProgress("still here"), TextDelta("")])
async def test_signs_of_life_that_are_no_content_do_not_count(host: Host, sign: Chunk) -> None:
    async def pings(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        yield TextDelta("one")
        while True:
            await asyncio.sleep(5)
            yield sign

    host.puppet(pings)
    began = the_loop().time()
    assert (await failed(host.start(provider_id="puppet"))).code == "STREAM_TIMEOUT"
    assert the_loop().time() - began == pytest.approx(30, abs=0.5)


@pytest.mark.shows("D1", "D21")
@pytest.mark.parametrize("sign", [ReasoningDelta("hm"), ToolCallDelta("c", "f", "{")])
async def test_reasoning_and_tool_calls_are_content(host: Host, sign: Chunk) -> None:
    async def thinks(_: ProviderRequest) -> AsyncGenerator[Chunk, None]:
        for wait_s in [25] * 4:
            await asyncio.sleep(wait_s)
            yield sign
        yield Finish("stop")

    host.puppet(thinks)
    await done(host.start(provider_id="puppet"))


@pytest.mark.shows("B12", "B36", "B35", "D25")
@pytest.mark.parametrize(("timeout_ms", "limit_s"), [(None, 120), (1_000, 1), (600_000, 600)])
async def test_the_overall_deadline(host: Host, timeout_ms: int | None, limit_s: float) -> None:
    began = the_loop().time()
    log = host.start("/rate 1\n/repeat 700 word", timeout_ms=timeout_ms)
    ending = await failed(log)
    assert (ending.code, ending.error, ending.retryable) == ("TIMEOUT", OVER, True)
    assert the_loop().time() - began == pytest.approx(limit_s, abs=0.5)
    await asyncio.sleep(700)
    check_log(log)  # the provider's own end did not add a second ending
    assert host.engine.status("window-1").active_inferences == 0


async def test_a_run_without_overall_deadline_goes_on_while_content_comes(host: Host) -> None:
    await done(host.start_without_end("/rate 1\n/repeat 2000 word"))
    stalled = await failed(host.start_without_end("/rate 1\n/repeat 200 word\n/stall"))
    assert stalled.code == "STREAM_TIMEOUT"
    silent = await failed(host.start_without_end("/stall"))
    assert silent.code == "STREAM_TIMEOUT"
    limited = await failed(host.start_without_end("/rate 1\n/repeat 20 word", timeout_ms=5_000))
    assert limited.code == "TIMEOUT"


@pytest.mark.shows("D2", "B12")
async def test_every_limit_can_be_set_on_a_request(host: Host) -> None:
    began = the_loop().time()
    assert (await failed(host.start("/stall", first_timeout_ms=500))).code == "STREAM_TIMEOUT"
    assert the_loop().time() - began == pytest.approx(0.5, abs=0.2)
    began = the_loop().time()
    assert (await failed(host.start("x\n/stall", between_timeout_ms=500))).code == "STREAM_TIMEOUT"
    assert the_loop().time() - began == pytest.approx(0.5, abs=0.2)


@pytest.mark.shows("D41")
async def test_the_wall_clock_does_not_matter(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    log = host.start("/rate 1\n/repeat 20 word")
    await asyncio.sleep(5)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(time, "time_ns", lambda: 0)
    ending = await done(log)
    assert ending.timing.total_ms == pytest.approx(20_000, abs=100)


@pytest.mark.shows("B38", "D33")
async def test_an_ended_run_leaves_no_timer(host: Host) -> None:
    before = len(the_loop().timers())
    for script in ["hi", "/error RATE_LIMIT 99000", "/crash"]:
        await ended(host.start(script))
    host.engine.cancel("window-1", host.start("/stall").inference_id)
    assert len(the_loop().timers()) == before


# --- a laptop that sleeps -------------------------------------------------------------------


async def _ticks(request: ProviderRequest) -> AsyncGenerator[Chunk, None]:
    """Send as many words as the message says, one a second. A word due during sleep comes late."""
    for _ in range(int(request.messages[-1].text)):
        await asyncio.sleep(1)
        yield TextDelta("word ")
    yield Finish("stop")


@pytest.mark.shows("B13", "D41")
@pytest.mark.parametrize("asleep_s", [5, 29.5, 30.2, 30.9, 31, 120, 3_600])
@pytest.mark.parametrize("awake_s", [0.5, 10.3, 29.9, 59.6, 100.2])
async def test_sleeping_fails_the_stalled_run_only(
    host: Host, awake_s: float, asleep_s: float
) -> None:
    host.puppet(_ticks)
    healthy = host.start("110", provider_id="puppet")
    stalled = host.start("one\n/stall", between_timeout_ms=round(1000 * awake_s) + 2_000)
    waiting = host.start("/delay 110000\nlate", first_timeout_ms=115_000)
    await asyncio.sleep(awake_s)
    the_loop().sleep_through(asleep_s)
    assert (await failed(stalled)).code == ErrorCode.STREAM_TIMEOUT
    assert isinstance(await ended(healthy), DoneEvent)
    assert isinstance(await ended(waiting), DoneEvent)
    assert len(answer(healthy).split()) == 110


@pytest.mark.shows("B36", "D41")
async def test_the_overall_deadline_does_not_count_the_sleep(host: Host) -> None:
    host.puppet(_ticks)
    log = host.start("700", provider_id="puppet")
    await asyncio.sleep(100)
    the_loop().sleep_through(3_600)
    woke = the_loop().time()
    assert (await failed(log)).code == "TIMEOUT"
    assert the_loop().time() - woke == pytest.approx(20, abs=2)


@pytest.mark.shows("B37")
async def test_a_busy_loop_does_not_fail_a_stream_that_is_there(host: Host) -> None:
    """Data that waits in the socket after the pause is read before the deadline fires."""
    host.puppet(_ticks)
    log = host.start("5", provider_id="puppet", between_timeout_ms=1_200)
    for _ in range(3):
        await asyncio.sleep(0.9)
        the_loop().sleep_through(0.8)
    await done(log)


SECONDS = st.floats(0.01, 40.0)
PAUSES = st.one_of(st.floats(0.0, 0.5), st.floats(0.5, 40.0), st.floats(40.0, 4_000.0))


def _watch(steps: list[tuple[float, float]], *, healthy: bool) -> tuple[list[ErrorCode], float]:
    """Watch a stream of a word a second, or silence, with a watchdog while the machine sleeps.

    Returns:
        the codes that the watchdog reported, and when, in seconds that the machine was awake.
    """
    codes: list[ErrorCode] = []
    reported_s = 0.0

    async def live() -> None:
        nonlocal reported_s
        loop = the_loop()
        began, slept = loop.time(), 0.0
        reported = asyncio.Event()

        def on_timeout(code: ErrorCode) -> None:
            nonlocal reported_s
            codes.append(code)
            reported_s = loop.time() - began - slept
            reported.set()

        async def words() -> None:
            while True:
                await asyncio.sleep(1)
                watchdog.expect(5)

        watchdog = Watchdog(1_000_000, on_timeout)
        watchdog.expect(5)
        stream = asyncio.ensure_future(words() if healthy else reported.wait())
        for awake_s, asleep_s in steps:
            await asyncio.sleep(awake_s)
            loop.sleep_through(asleep_s)
            slept += asleep_s
        await asyncio.sleep(8)
        stream.cancel()
        watchdog.close()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(live())
    return codes, reported_s


@pytest.mark.shows("D1", "D41")
@given(st.lists(st.tuples(SECONDS, PAUSES), max_size=6))
def test_no_pause_fails_a_stream_that_is_there(steps: list[tuple[float, float]]) -> None:
    assert _watch(steps, healthy=True) == ([], 0.0)


@pytest.mark.shows("B37", "D41")
@given(st.lists(st.tuples(SECONDS, PAUSES), max_size=6))
def test_no_pause_saves_a_stream_that_is_not(steps: list[tuple[float, float]]) -> None:
    codes, reported_s = _watch(steps, healthy=False)
    assert codes == [ErrorCode.STREAM_TIMEOUT]
    # It counts of each pause only the second since it last read the clock, and checks once more
    # after each.
    assert 5 - 1.1 * len(steps) <= reported_s <= 5 + 0.5 + 1.1 * len(steps)


async def test_the_watchdog_tells_once() -> None:
    codes: list[ErrorCode] = []
    watchdog = Watchdog(10, codes.append)
    watchdog.expect(3)
    await asyncio.sleep(20)
    assert codes == [ErrorCode.STREAM_TIMEOUT]
    watchdog.close()
    assert not [t for t in the_loop().timers() if "Watchdog" in repr(t)]
