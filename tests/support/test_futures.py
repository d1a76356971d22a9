"""Waits of the main thread that Ctrl-C ends."""

import _thread
import asyncio

import pytest

from shell.support.event_loop import event_loop_thread
from tests.host_process import PATIENCE_S


def test_an_interrupt_ends_a_wait_although_the_system_does_not() -> None:
    """`interrupt_main` is what Ctrl-C is on Windows: the system ends no wait for a lock."""
    finished: list[bool] = []

    async def work() -> None:
        await asyncio.sleep(0.5)  # the main thread waits by now, or does so soon
        _thread.interrupt_main()
        await asyncio.sleep(PATIENCE_S)
        finished.append(True)

    with event_loop_thread() as thread, pytest.raises(KeyboardInterrupt):
        thread.run(work())
    assert finished == []


def test_the_error_and_the_timeout_of_a_coroutine_reach_the_waiting_thread() -> None:
    async def fail() -> None:
        raise TimeoutError("its own")

    with event_loop_thread() as thread:
        with pytest.raises(TimeoutError, match="its own"):
            thread.run(fail())
        with pytest.raises(TimeoutError):
            thread.run(asyncio.sleep(PATIENCE_S), 0.01)
