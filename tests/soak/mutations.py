"""Puts defects back, one at a time; the tests that name them must fail."""

import tempfile
from pathlib import Path

from tests.behaviours.shown import shown
from tests.mutations import MUTATIONS, Mutation, copy, nodes_of, run, run_tests
from tests.soak.result import Check, Figure, Result


def unchanged() -> Result:
    """Check that the same tests pass in a copy without a defect."""
    by_id = shown()
    nodes = sorted({node for m in MUTATIONS for node in nodes_of(m.defect, by_id)})
    with tempfile.TemporaryDirectory() as folder:
        copy(Path(folder))
        status, last_line = run_tests(Path(folder), nodes)
    return Result(status == 0, {"tests": len(nodes), "said": last_line})


def _check(mutation: Mutation) -> Check:
    def check() -> Result:
        with tempfile.TemporaryDirectory() as folder:
            outcome = run(mutation, Path(folder))
        figures: dict[str, Figure] = {
            "defect": mutation.description,
            "tests": outcome.tests,
            "said": outcome.last_line,
        }
        return Result(outcome.noticed, figures)

    return check


CHECKS: dict[str, Check] = {"unchanged": unchanged} | {m.defect: _check(m) for m in MUTATIONS}
