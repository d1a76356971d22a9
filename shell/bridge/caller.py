"""The window or tab that makes a call, with its feed and its rate limits."""

import asyncio
from dataclasses import dataclass, field

from shell.bridge.feed import MAX_WAITING_BYTES, Feed
from shell.bridge.rate_limit import RateLimit
from shell.errors import LimitReached

CALLS_A_SECOND = 1_000
CALLS_AT_ONCE = 3_000
"""A page makes some dozens when it opens, and a few for every click."""
LOADS_A_SECOND = 10
LOADS_AT_ONCE = 50
"""Hellos have a limit of their own, so that a reload works while calls are refused."""


@dataclass(slots=True)
class Caller:
    """A window (or a browser tab); it keeps its identity across reloads."""

    id: str
    feed: Feed = field(default_factory=Feed)
    running: set[asyncio.Task[None]] = field(default_factory=set)
    """Calls that have begun and not been answered."""
    calls: RateLimit = field(default_factory=lambda: RateLimit(CALLS_A_SECOND, CALLS_AT_ONCE))
    loads: RateLimit = field(default_factory=lambda: RateLimit(LOADS_A_SECOND, LOADS_AT_ONCE))

    @property
    def load(self) -> str:
        """The page load that is in the window now; empty before the first hello."""
        return self.feed.load or ""

    def admit(self, *, hello: bool) -> None:
        """Count a call before it runs.

        Raises:
            LimitReached: calls come too fast, or the page fetches no replies.
        """
        (self.loads if hello else self.calls).take()
        if not hello and self.feed.waiting >= MAX_WAITING_BYTES:
            raise LimitReached(
                "Too many replies have not been fetched",
                MAX_WAITING_BYTES,
                self.feed.waiting,
                retry_after_ms=1_000,
            )
