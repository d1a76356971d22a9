"""An event loop with a virtual clock: waiting takes no real time."""

import asyncio
import heapq
import selectors

LONGEST_S = 30 * 86_400.0
"""A loop whose clock has advanced this far waits for something that never happens."""


class Stuck(RuntimeError):
    """A task waits, and nothing is left that could wake it."""


class _Clock(selectors.DefaultSelector):
    """Advances the clock to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if events or timeout == 0:
            return events
        if timeout is None:
            raise Stuck("every task waits for something that nobody will do")
        self.now += max(timeout, 0.0)
        if self.now > LONGEST_S:
            raise Stuck("a month has passed, and somebody is still waiting")
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """Stops the clock while a task runs, and advances it to the next timer when none does."""

    def __init__(self) -> None:
        self._clock = _Clock()
        super().__init__(self._clock)

    def time(self) -> float:
        """Seconds on the virtual clock."""
        return self._clock.now

    def sleep_through(self, seconds: float) -> None:
        """Advance the clock while nothing can run, as in a laptop that sleeps."""
        self._clock.now += seconds

    def timers(self) -> list[asyncio.TimerHandle]:
        """Timers that are still due, the earliest first."""
        scheduled: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        return [
            handle
            for handle in heapq.nsmallest(len(scheduled), scheduled)
            if not handle.cancelled()
        ]


def the_loop() -> VirtualLoop:
    """The virtual loop that runs this test."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    return loop


async def run_ready_tasks(rounds: int = 20) -> None:
    """Let all tasks run that are ready, without advancing the clock."""
    for _ in range(rounds):
        await asyncio.sleep(0)
