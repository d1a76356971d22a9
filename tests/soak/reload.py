"""Reloads in the middle of answers, at random moments, in the browser and in the window."""

import random
from collections.abc import Callable

from tests.e2e.app import KINDS, Kind
from tests.e2e.test_reload import reload_in_mid_answer
from tests.soak.fresh_pages import fresh_pages
from tests.soak.result import Check, Result

TIMES = 50
"""Reloads in each of the two."""


def reloads(kind: Kind) -> Callable[[], Result]:
    """The check for one of the two; every wrong answer is counted, not only the first."""

    def check() -> Result:
        wrong: list[str] = []
        for seed, page in enumerate(fresh_pages(kind, TIMES)):
            try:
                reload_in_mid_answer(page, random.Random(seed))  # noqa: S311, to repeat it
            except AssertionError as error:
                wrong.append(f"{seed}: {str(error)[:200]}")
        first = wrong[0] if wrong else None
        return Result(not wrong, {"reloads": TIMES, "wrong": len(wrong), "first": first})

    return check


CHECKS: dict[str, Check] = {kind: reloads(kind) for kind in KINDS}
