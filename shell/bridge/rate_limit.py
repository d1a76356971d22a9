"""Bucket: how many calls may come in a moment, and how many a second for longer."""

import time
from collections.abc import Callable

from shell.errors import LimitReached


class RateLimit:
    """Holds a pass for each call that may come now; refills steadily."""

    def __init__(
        self, a_second: float, at_once: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._a_second = a_second
        self._at_once = at_once
        self._now = now
        self._passes = float(at_once)
        self._filled = now()
        self._refused = 0

    def take(self) -> None:
        """One pass.

        Raises:
            LimitReached: none is left. Those who were refused in a row are told to come back one
                after another, not all at once.
        """
        now = self._now()
        passes = self._passes + (now - self._filled) * self._a_second
        self._passes, self._filled = min(passes, self._at_once), now
        if self._passes < 1:
            self._refused += 1
            raise LimitReached(
                "Too many calls in a short time",
                self._at_once,
                self._at_once + self._refused,
                retry_after_ms=max(1, round(1_000 * self._refused / self._a_second)),
            )
        self._passes -= 1
        self._refused = 0
