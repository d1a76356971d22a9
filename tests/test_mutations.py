"""Puts a few defects back, which their tests must notice; `dev.py soak mutations` does all."""

from pathlib import Path

import pytest

from tests.behaviours.shown import shown
from tests.mutations import MUTATIONS, mutated, nodes_of, run

BY_DEFECT = {mutation.defect: mutation for mutation in MUTATIONS}


@pytest.mark.shows("D92")
@pytest.mark.parametrize("defect", ["D1", "D25", "D35"])
def test_a_defect_that_is_put_back_is_noticed(defect: str, tmp_path: Path) -> None:
    outcome = run(BY_DEFECT[defect], tmp_path / "copy")
    assert outcome.noticed, outcome.last_line


def test_every_mutation_still_fits_the_code_and_has_tests() -> None:
    by_id = shown()
    for mutation in MUTATIONS:
        compile(mutated(mutation), mutation.file, "exec")
        assert nodes_of(mutation.defect, by_id), mutation.defect
