"""Watchdog: one timer that tells when a run has waited too long, and for what."""

import asyncio
import math
from collections.abc import Callable

from shell.errors import ErrorCode

BEAT_S = 1.0
"""How often it looks at the clock, and so how exactly it knows how long the machine slept."""
PAUSE_S = 0.1
"""A look that comes this much too late means that the machine slept or the loop was held up."""
LOOK_S = 0.02
"""A deadline that has passed is looked at once more after this long, and as much longer as a pause
before it lasted, up to `GRACE_S`: what arrived in the last moment, or meanwhile, is still read."""
GRACE_S = 1.0


class Watchdog:
    """Counts from its creation. Calls `bark` once, with TIMEOUT or STREAM_TIMEOUT.

    The time in which the loop did not run does not count: after a sleeping laptop wakes, only a
    stream that stays silent is at fault.
    """

    def __init__(self, overall_s: float, on_timeout: Callable[[ErrorCode], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_timeout = on_timeout
        self._overall_at = self._loop.time() + overall_s
        self._stall_at = math.inf
        self._looked = False
        self._timer: asyncio.TimerHandle | None = None
        self._set()

    @property
    def left_s(self) -> float:
        """Seconds until the overall deadline."""
        return self._overall_at - self._loop.time()

    def expect(self, within_s: float | None) -> None:
        """The next content is due within this time; None: nothing is being waited for."""
        self._looked = False
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
        beat = self._loop.time() + BEAT_S
        due = min(self._overall_at, self._stall_at, beat)
        self._timer = self._loop.call_at(due, self._check, due)

    def _check(self, due: float) -> None:
        now = self._loop.time()
        self._timer = None
        pause = now - due
        if pause > PAUSE_S:
            self._overall_at += pause
            self._stall_at += pause
            self._looked = False
        else:
            pause = 0.0
        if now < min(self._overall_at, self._stall_at):
            self._set()
        elif not self._looked:
            self._looked = True
            again = now + LOOK_S + min(pause, GRACE_S)
            self._timer = self._loop.call_at(again, self._check, again)
        else:
            stalled = now >= self._stall_at
            self._on_timeout(ErrorCode.STREAM_TIMEOUT if stalled else ErrorCode.TIMEOUT)
