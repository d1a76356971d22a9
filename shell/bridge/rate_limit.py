"""Limits the rate of calls with a token bucket: a burst, then a steady rate."""

import time
from collections.abc import Callable

from shell.errors import LimitReached


class RateLimit:
    """A token bucket: holds a token for each call that it admits now, and refills steadily."""

    def __init__(
        self, a_second: float, at_once: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._a_second = a_second
        self._at_once = at_once
        self._now = now
        self._tokens = float(at_once)
        self._filled = now()
        self._refused = 0

    def take(self) -> None:
        """Take one token.

        Raises:
            LimitReached: no token is left. Each refusal in a row has a longer `retry_after_ms`, so
                that the callers do not all retry at once.
        """
        now = self._now()
        tokens = self._tokens + (now - self._filled) * self._a_second
        self._tokens, self._filled = min(tokens, self._at_once), now
        if self._tokens < 1:
            self._refused += 1
            raise LimitReached(
                "Too many calls in a short time",
                self._at_once,
                self._at_once + self._refused,
                retry_after_ms=max(1, round(1_000 * self._refused / self._a_second)),
            )
        self._tokens -= 1
        self._refused = 0
