"""A timer for the deadlines of one run."""

import asyncio
import math
from collections.abc import Callable

from shell.errors import ErrorCode

MAX_INTERVAL_S = 1.0
"""Longest time between two checks, and so the accuracy with which a pause is measured."""
PAUSE_S = 0.1
"""A check this late means that the computer slept or the loop was blocked."""
RECHECK_S = 0.02
"""Grace period before a deadline fires. Data may have arrived while the loop was blocked or the
computer slept, so a deadline is checked again after `RECHECK_S` plus the length of the pause."""
GRACE_S = 1.0
"""Longest part of a pause that is added to `RECHECK_S`."""


class Watchdog:
    """Calls `on_timeout` once, with TIMEOUT or STREAM_TIMEOUT.

    The overall deadline counts from the watchdog's creation. Time in which the loop did not run
    does not count, so a run survives a laptop's sleep unless its stream stays silent afterwards.
    """

    def __init__(self, overall_s: float, on_timeout: Callable[[ErrorCode], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_timeout: Callable[[ErrorCode], None] | None = on_timeout
        self._overall_at = self._loop.time() + overall_s
        self._stall_at = math.inf
        self._is_rechecked = False
        self._timer: asyncio.TimerHandle | None = None
        self._paused_at: float | None = None
        self._pauses = 0
        self._schedule()

    @property
    def left_s(self) -> float:
        """Seconds until the overall deadline."""
        return self._overall_at - self._loop.time()

    def expect(self, within_s: float | None) -> None:
        """Set the deadline of the next content; None for no deadline."""
        if self._on_timeout is None:
            return
        self._is_rechecked = False
        self._stall_at = math.inf if within_s is None else self._loop.time() + within_s
        if self._paused_at is None and (self._timer is None or self._stall_at < self._timer.when()):
            self._schedule()

    def pause(self) -> None:
        """Stop the clock while the run waits for a person. Each `pause` needs its own `resume`."""
        self._pauses += 1
        if self._on_timeout is not None and self._paused_at is None:
            self._paused_at = self._loop.time()
            self._cancel_timer()

    def resume(self) -> None:
        """End one `pause`. After the last, the clock runs on; the paused time does not count."""
        self._pauses -= 1
        if self._pauses == 0 and self._paused_at is not None:
            paused_s = self._loop.time() - self._paused_at
            self._paused_at = None
            self._overall_at += paused_s
            self._stall_at += paused_s
            self._schedule()

    def close(self) -> None:
        """Drop the deadlines and the callback."""
        self._cancel_timer()
        # The callback is a method of the run, so keeping it would be a reference cycle. Without the
        # cycle the run's request, with up to 100 MB of pictures, is freed at once and not by the
        # garbage collector.
        self._on_timeout = None
        self._paused_at = None

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _schedule(self) -> None:
        self._cancel_timer()
        next_check_at = self._loop.time() + MAX_INTERVAL_S
        due_at = min(self._overall_at, self._stall_at, next_check_at)
        self._timer = self._loop.call_at(due_at, self._check, due_at)

    def _check(self, due_at: float) -> None:
        now = self._loop.time()
        self._timer = None
        pause_s = now - due_at
        if pause_s > PAUSE_S:
            self._overall_at += pause_s
            self._stall_at += pause_s
            self._is_rechecked = False
        else:
            pause_s = 0.0
        if now < min(self._overall_at, self._stall_at):
            self._schedule()
        elif not self._is_rechecked:
            self._is_rechecked = True
            recheck_at = now + RECHECK_S + min(pause_s, GRACE_S)
            self._timer = self._loop.call_at(recheck_at, self._check, recheck_at)
        elif self._on_timeout is not None:
            is_stalled = now >= self._stall_at
            self._on_timeout(ErrorCode.STREAM_TIMEOUT if is_stalled else ErrorCode.TIMEOUT)
