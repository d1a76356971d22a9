"""Waits for futures, and prevents asyncio's warning about an exception without a waiter."""

import asyncio
from concurrent import futures
from typing import Any, TypeVar

T = TypeVar("T")
TICK_S = 0.2
"""Longest wait of the main thread in one piece. On Windows, a wait without an end blocks Ctrl-C."""


def result_of(future: "futures.Future[T]") -> T:
    """Wait for the result of another thread. Ctrl-C interrupts the wait on every system."""
    while not futures.wait([future], TICK_S).done:
        pass
    return future.result()


def read_exception(future: "asyncio.Future[Any]") -> None:
    """Read the exception of a future. A callback for `add_done_callback`."""
    if not future.cancelled():
        future.exception()
