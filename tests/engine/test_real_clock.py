"""Short measurements with a real clock. `dev.py soak engine` has the long ones."""

import pytest

from tests.engine.real_clock import (
    cancel_a_flood,
    cancel_while_silent,
    close_of_a_socket,
    percentile,
    seconds_of,
    steady_streams,
)

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.shows("B22", "B39")
async def test_a_cancel_while_silent_is_told_soon() -> None:
    took = await cancel_while_silent(60)
    assert percentile(took, 0.5) <= 0.02, "p99 is the soak's, on a quiet machine"


@pytest.mark.shows("B39", "D47")
async def test_a_flood_can_be_cancelled() -> None:
    took, cpu, pieces = await cancel_a_flood()
    assert pieces > 0
    assert min(took, cpu) <= 0.05, "what other processes take of a busy machine does not count"


@pytest.mark.shows("B37")
async def test_a_stalled_stream_dies_at_its_limit() -> None:
    ending, took = await seconds_of("word\n/stall", between_timeout_ms=300)
    assert ending.channel == "llm:error"
    assert ending.code == "STREAM_TIMEOUT"
    assert took == pytest.approx(0.3 + 1 / 40, abs=0.5)


@pytest.mark.shows("B39", "D47", "D48")
async def test_streams_side_by_side_lose_nothing() -> None:
    load = await steady_streams(5, 200, 1.0)
    assert load.tokens == load.expected == 1_000


@pytest.mark.shows("B22", "B38", "D38")
@pytest.mark.parametrize("after_text", [False, True])
async def test_a_cancel_closes_the_socket_even_if_the_server_ignores_it(after_text: bool) -> None:
    _, closed = await close_of_a_socket(after_text=after_text)
    assert closed <= 1.0
