"""Clicks on Stop while the provider is silent, in browser and window."""

import statistics
from collections.abc import Callable

from tests.e2e.app import KINDS, Kind
from tests.e2e.test_chat import stop_while_silent
from tests.soak.fresh_pages import fresh_pages
from tests.soak.result import Check, Result

TIMES = 50
"""Clicks in each shell."""
LONGEST_MS = 200


def stops(kind: Kind) -> Callable[[], Result]:
    """The check for one shell, which measures from each click to the run's end on the page."""

    def check() -> Result:
        delays_ms = [stop_while_silent(page) for page in fresh_pages(kind, TIMES)]
        median, longest = statistics.median(delays_ms), max(delays_ms)
        return Result(
            longest <= LONGEST_MS,
            {"clicks": TIMES, "medianMs": round(median, 1), "longestMs": round(longest, 1)},
        )

    return check


CHECKS: dict[str, Check] = {kind: stops(kind) for kind in KINDS}
