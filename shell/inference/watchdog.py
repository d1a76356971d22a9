"""A timer for the deadlines of one run."""

import asyncio
import math
from collections.abc import Callable

from shell.errors import ErrorCode

BEAT_S = 1.0
"""Longest time between two checks, and so the accuracy with which a pause is measured."""
PAUSE_S = 0.1
"""A check this late means that the computer slept or the loop was blocked."""
LOOK_S = 0.02
"""Grace period before a deadline fires. Data may have arrived while the loop was blocked or the
computer slept, so a deadline is checked again after `LOOK_S` plus the length of the pause."""
GRACE_S = 1.0
"""Longest part of a pause that is added to `LOOK_S`."""


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
        self._looked = False
        self._timer: asyncio.TimerHandle | None = None
        self._paused_at: float | None = None
        self._pauses = 0
        self._set()

    @property
    def left_s(self) -> float:
        """Seconds until the overall deadline."""
        return self._overall_at - self._loop.time()

    def expect(self, within_s: float | None) -> None:
        """Set the deadline of the next content; None for no deadline."""
        if self._on_timeout is None:
            return
        self._looked = False
        self._stall_at = math.inf if within_s is None else self._loop.time() + within_s
        if self._paused_at is None and (self._timer is None or self._stall_at < self._timer.when()):
            self._set()

    def pause(self) -> None:
        """Let no deadline pass until as many calls of `resume`: the run waits for a person."""
        self._pauses += 1
        if self._on_timeout is not None and self._paused_at is None:
            self._paused_at = self._loop.time()
            self._cancel_timer()

    def resume(self) -> None:
        """Go on after `pause`. The time between does not count."""
        self._pauses -= 1
        if self._pauses == 0 and self._paused_at is not None:
            paused_s = self._loop.time() - self._paused_at
            self._paused_at = None
            self._overall_at += paused_s
            self._stall_at += paused_s
            self._set()

    def close(self) -> None:
        """Forget the deadlines, and whom to tell of them."""
        self._cancel_timer()
        # It is a method of the run. Without this cycle the run's request is freed at once, and not
        # when the garbage collector runs: it may have 100 MB of pictures.
        self._on_timeout = None
        self._paused_at = None

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set(self) -> None:
        self._cancel_timer()
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
        elif self._on_timeout is not None:
            stalled = now >= self._stall_at
            self._on_timeout(ErrorCode.STREAM_TIMEOUT if stalled else ErrorCode.TIMEOUT)
