"""Defects put back, one at a time: the tests that name them must fail."""

import tempfile
from pathlib import Path

from tests.behaviours.shown import shown
from tests.mutations import MUTATIONS, Mutation, copy, nodes_of, run, run_tests
from tests.soak.result import Check, Figure, Result


def unchanged() -> Result:
    """Without a defect the same tests pass in the same copy."""
    by_id = shown()
    nodes = sorted({node for m in MUTATIONS for node in nodes_of(m.defect, by_id)})
    with tempfile.TemporaryDirectory() as folder:
        copy(Path(folder))
        status, said = run_tests(Path(folder), nodes)
    return Result(status == 0, {"tests": len(nodes), "said": said})


def _check(mutation: Mutation) -> Check:
    def check() -> Result:
        with tempfile.TemporaryDirectory() as folder:
            outcome = run(mutation, Path(folder))
        figures: dict[str, Figure] = {
            "defect": mutation.what,
            "tests": outcome.tests,
            "said": outcome.said,
        }
        return Result(outcome.noticed, figures)

    return check


CHECKS: dict[str, Check] = {"unchanged": unchanged} | {m.defect: _check(m) for m in MUTATIONS}
