"""Runs an event loop in a thread of its own, because the window needs the main thread."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine, Iterator
from typing import TypeVar

from shell.support.futures import result_of

T = TypeVar("T")
_log = logging.getLogger(__name__)


class LoopThread:
    """An event loop from `start()` to `stop()`; other threads use `run` and `call`.

    The thread is a daemon, so a provider that hangs cannot keep the program alive.
    """

    loop: asyncio.AbstractEventLoop
    """From `start()` on."""

    def __init__(self) -> None:
        self._is_running = threading.Event()
        self._thread = threading.Thread(target=self._run_loop, name="loop", daemon=True)

    def start(self) -> None:
        """Start the loop and wait until it runs."""
        self._thread.start()
        self._is_running.wait()

    def run(self, coroutine: Coroutine[None, None, T], timeout_s: float | None = None) -> T:
        """Run a coroutine on the loop and wait for it, from another thread.

        Raises:
            TimeoutError: the coroutine takes longer. It continues to run.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        return result_of(future) if timeout_s is None else future.result(timeout_s)

    def call(self, function: Callable[[], T]) -> T:
        """Call a plain function on the loop and wait for its result, from another thread."""

        async def run() -> T:
            return function()

        return self.run(run())

    def stop(self, timeout_s: float = 1.0) -> None:
        """Cancel all tasks, then end the loop and its thread."""
        if not self._thread.is_alive():
            return
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(timeout_s)

    def _run_loop(self) -> None:
        # Created in this thread: on Windows a loop from the main thread takes over its signals.
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self._is_running.set)
        try:
            self.loop.run_forever()
        finally:
            remaining = asyncio.all_tasks(self.loop)
            for task in remaining:
                task.cancel()
            if remaining:
                self.loop.run_until_complete(asyncio.wait(remaining, timeout=0.5))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()


@contextlib.contextmanager
def event_loop_thread() -> Iterator[LoopThread]:
    """Run a loop for as long as the context lasts."""
    thread = LoopThread()
    thread.start()
    try:
        yield thread
    finally:
        thread.stop()


def run_within(timeout_s: float, loop: LoopThread, coroutine: Coroutine[None, None, None]) -> bool:
    """Run a coroutine that closes something. False if it still runs after `timeout_s`."""
    try:
        loop.run(coroutine, timeout_s)
        return True
    except TimeoutError:
        _log.warning("Something did not close within %s s and is left behind", timeout_s)
        return False
