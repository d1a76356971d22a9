"""Runs the reference design's renderer a thousand times, in each shell, also beside a stream."""

import tempfile
from collections import Counter
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

from tests.chromium import driver
from tests.e2e.app import KINDS, Kind
from tests.e2e.reference.renderer import CASES, rendering
from tests.soak.result import Check, Result

TIMES = 1_000
"""Runs in each shell, over all cases in turns."""
PATIENCE_MS = 30_000


def reference(kind: Kind, beside: bool) -> Callable[[], Result]:
    """The check for one shell, which counts the complete runs and the failures."""

    def check() -> Result:
        complete: Counter[str] = Counter()
        failures: list[str] = []
        with (
            tempfile.TemporaryDirectory() as folder,
            driver() as playwright,
            rendering(kind, playwright, Path(folder)) as renderer,
        ):
            for number, case in enumerate(islice(cycle(CASES), TIMES)):
                if beside and number % 200 == 0:  # before its deadline
                    renderer.stop_beside()
                    renderer.stream_beside()
                failure = renderer.run(case, PATIENCE_MS)
                if failure is None:
                    complete[case] += 1
                else:
                    failures.append(f"{number}: {failure}")
        figures = {
            "runs": TIMES,
            "whole": complete.total(),
            **{case: complete[case] for case in CASES},
        }
        return Result(not failures, {**figures, "first": failures[0] if failures else None})

    return check


CHECKS: dict[str, Check] = {
    f"{kind}-{'beside' if beside else 'alone'}": reference(kind, beside)
    for kind in KINDS
    for beside in (False, True)
}
