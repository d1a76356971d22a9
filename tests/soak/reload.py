"""Reloads the page in the middle of answers, at random moments, in browser and window."""

import random
from collections.abc import Callable

from tests.e2e.app import KINDS, Kind
from tests.e2e.test_reload import reload_in_mid_answer
from tests.soak.fresh_pages import fresh_pages
from tests.soak.result import Check, Result

TIMES = 50
"""Reloads in each shell."""


def reloads(kind: Kind) -> Callable[[], Result]:
    """The check for one shell, which counts all wrong answers."""

    def check() -> Result:
        failures: list[str] = []
        for seed, page in enumerate(fresh_pages(kind, TIMES)):
            try:
                reload_in_mid_answer(page, random.Random(seed))  # noqa: S311, to repeat it
            except AssertionError as error:
                failures.append(f"{seed}: {str(error)[:200]}")
        first = failures[0] if failures else None
        return Result(not failures, {"reloads": TIMES, "wrong": len(failures), "first": first})

    return check


CHECKS: dict[str, Check] = {kind: reloads(kind) for kind in KINDS}
