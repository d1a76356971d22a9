"""Closing a host: every run gets an ending, every task is awaited, nothing is left."""

import asyncio

import pytest

from shell.errors import HostClosing, ValidationFailed
from shell.inference.limits import Limits, Settings
from tests.engine.host import ME, Host, answer, channels, done, ended, failed
from tests.virtual_loop import run_ready_tasks, the_loop

pytestmark = pytest.mark.anyio


@pytest.mark.shows("D38", "B34", "D29")
async def test_a_closing_host_ends_every_run_with_aborted(host: Host) -> None:
    host.session()
    runs = [
        host.start("one\n/stall"),
        host.start("/rate 1\n/repeat 50 word"),
        host.start("/fail 1 RATE_LIMIT 20000\nx"),
        host.turn("/stall"),
        host.turn("never", when_busy="queue"),
    ]
    await asyncio.sleep(3.5)
    await host.engine.close()
    for log in runs:
        ending = await failed(log)
        assert (ending.code, ending.retryable) == ("ABORTED", False)
    assert channels(runs[-1]) == ["llm:error"], "what waits does not begin while the host closes"
    assert answer(runs[1]) == "word word word"


@pytest.mark.shows("D37")
async def test_no_timer_outlives_the_engine(anyio_backend: object) -> None:
    before = the_loop().timers()
    host = Host()
    assert len(the_loop().timers()) == len(before) + 1
    await host.engine.close()
    assert the_loop().timers() == before


@pytest.mark.shows("D38")
async def test_a_closed_host_refuses_what_is_new(host: Host) -> None:
    host.session()
    await host.engine.close()
    for refused in (host.start, host.session, lambda: host.turn("hi")):
        with pytest.raises(HostClosing) as error:
            refused()
        assert error.value.code == "ABORTED"
    assert host.engine.status(ME).total_inferences == 0


@pytest.mark.shows("D38")
async def test_closing_does_not_wait_for_ever(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    log = host.start("one\n/ignore-cancel 60")
    await run_ready_tasks()
    began = the_loop().time()
    await host.engine.close()
    assert the_loop().time() - began <= 2.1
    assert (await failed(log)).code == "ABORTED"
    assert "did not end" in caplog.text
    await asyncio.sleep(60)


@pytest.mark.shows("D38", "D94")
async def test_closing_twice_is_harmless(host: Host) -> None:
    host.start("/stall")
    await asyncio.gather(host.engine.close(), host.engine.close())
    await host.engine.close()


@pytest.mark.shows("D38")
async def test_a_cancelled_task_still_ends_its_run(host: Host) -> None:
    """A cancel of the task by others, such as the loop at its end, is an ending like any other."""
    log = host.start("one\n/stall")
    await run_ready_tasks()
    for task in asyncio.all_tasks():
        if task.get_name() == log.inference_id:
            task.cancel()
    assert (await done(log)).cancelled


@pytest.mark.shows("D63")
async def test_finished_logs_are_released_in_time_and_by_size(anyio_backend: object) -> None:
    host = Host(Settings(limits=Limits(log_retention_s=100, log_retention_bytes=60_000)))
    first = host.start("/chunk 20000")
    await done(first)
    second = host.start("/chunk 20000")
    await done(second)
    assert len(host.engine.list(ME)) == 2
    third = host.start("/chunk 20000")
    await done(third)
    assert [r.inference_id for r in host.engine.list(ME)] == [
        second.inference_id,
        third.inference_id,
    ], "the oldest goes first"
    await asyncio.sleep(170)
    assert host.engine.list(ME) == []
    await host.close()


@pytest.mark.shows("D63", "D23")
async def test_a_live_log_is_never_released_and_an_id_never_used_again(
    anyio_backend: object,
) -> None:
    host = Host(Settings(limits=Limits(log_retention_s=10, log_retention_bytes=1)))
    live = host.start("/rate 1\n/repeat 100 word", inference_id="inf-a")
    await done(host.start("x"))
    await asyncio.sleep(70)
    assert [run.inference_id for run in host.engine.list(ME)] == ["inf-a"]
    await ended(live)
    await asyncio.sleep(70)
    assert host.engine.list(ME) == []
    with pytest.raises(ValidationFailed, match="already been used"):
        host.start(inference_id="inf-a")
    await host.close()
