"""An event loop whose clock the test turns: waiting costs nothing, and an hour passes at once."""

import asyncio
import heapq
import selectors

LONGEST_S = 30 * 86_400.0
"""A loop that has waited for this long (of its own time) waits for something that never comes."""


class Stuck(RuntimeError):
    """Nothing is left that could ever happen, and somebody is waiting."""


class _Clock(selectors.DefaultSelector):
    """Instead of waiting until the next timer is due, turns the clock to it."""

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
    """Time stands still while anything runs, and leaps to the next timer when nothing does."""

    def __init__(self) -> None:
        self._clock = _Clock()
        super().__init__(self._clock)

    def time(self) -> float:
        """Seconds on the clock that tests turn."""
        return self._clock.now

    def sleep_through(self, seconds: float) -> None:
        """Let time pass while nothing can run, as in a laptop whose lid was closed."""
        self._clock.now += seconds

    def timers(self) -> list[asyncio.TimerHandle]:
        """Timers that will still go off, the earliest first."""
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


async def settle(turns: int = 20) -> None:
    """Let everything that can run now run, without letting time pass."""
    for _ in range(turns):
        await asyncio.sleep(0)
