"""Watchdog: one timer that tells when a run has waited too long, and for what."""

import asyncio
import math
from collections.abc import Callable

from shell.errors import ErrorCode

LATE_S = 1.0
"""A timer that fires this much too late means that the machine slept or the loop was held up."""
GRACE_S = 1.0
"""What a stream gets after such a pause, to deliver what arrived meanwhile."""


class Watchdog:
    """Counts from its creation. Calls `bark` once, with TIMEOUT or STREAM_TIMEOUT.

    The time in which the loop did not run does not count: after a sleeping laptop wakes, only a
    stream that stays silent is at fault.
    """

    def __init__(self, overall_s: float, bark: Callable[[ErrorCode], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._bark = bark
        self._overall_at = self._loop.time() + overall_s
        self._stall_at = math.inf
        self._timer: asyncio.TimerHandle | None = None
        self._set()

    @property
    def left_s(self) -> float:
        """Seconds until the overall deadline."""
        return self._overall_at - self._loop.time()

    def expect(self, within_s: float | None) -> None:
        """The next content is due within this time; None: nothing is being waited for."""
        self._stall_at = math.inf if within_s is None else self._loop.time() + within_s
        if self._timer is None or self._stall_at < self._timer.when():
            self._set()

    def close(self) -> None:
        """Stop counting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self) -> None:
        self.close()
        self._timer = self._loop.call_at(min(self._overall_at, self._stall_at), self._check)

    def _check(self) -> None:
        now = self._loop.time()
        late = now - self._timer.when() if self._timer is not None else 0.0
        self._timer = None
        if late > LATE_S:
            self._overall_at = max(self._overall_at + late, now + GRACE_S)
            self._stall_at = max(self._stall_at + late, now + GRACE_S)
        if now >= self._stall_at:
            self._bark(ErrorCode.STREAM_TIMEOUT)
        elif now >= self._overall_at:
            self._bark(ErrorCode.TIMEOUT)
        else:
            self._set()
