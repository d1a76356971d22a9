"""The window or tab that makes a call, with its feed and its rate limits."""

import asyncio
from dataclasses import dataclass, field

from shell.bridge.feed import MAX_WAITING_BYTES, Feed
from shell.bridge.rate_limit import RateLimit
from shell.errors import LimitReached

LOADS_A_SECOND = 10
LOADS_AT_ONCE = 50
"""Hellos have a limit of their own, so that a reload works while calls are refused."""


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Limits on the calls of one window's page. The standard limits are far above what a page
    needs: it makes some dozens of calls when it opens, and a few for every click.

    Raises:
        ValueError: one of them is too low for any call.
    """

    at_once: int = 3_000
    a_second: float = 1_000.0
    """The steady rate, after a burst of `at_once` calls."""
    unanswered: int = 200
    """Calls that wait for their reply at a time."""

    def __post_init__(self) -> None:
        if self.at_once < 1 or self.a_second <= 0 or self.unanswered < 1:
            raise ValueError(f"A page could make no call with {self}")

    def caller(self, caller_id: str) -> "Caller":
        """A caller with these limits."""
        return Caller(
            caller_id, calls=RateLimit(self.a_second, self.at_once), unanswered=self.unanswered
        )


STANDARD = CallLimits()


@dataclass(slots=True)
class Caller:
    """A window or a browser tab. It keeps its identity across reloads."""

    id: str
    feed: Feed = field(default_factory=Feed)
    running: set[asyncio.Task[None]] = field(default_factory=set)
    """Calls that have begun and not been answered."""
    calls: RateLimit = field(default_factory=lambda: RateLimit(STANDARD.a_second, STANDARD.at_once))
    loads: RateLimit = field(default_factory=lambda: RateLimit(LOADS_A_SECOND, LOADS_AT_ONCE))
    unanswered: int = STANDARD.unanswered

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
