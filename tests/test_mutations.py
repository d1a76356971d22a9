"""A few defects put back, to see that their tests notice; `dev.py soak mutations` does them all."""

from pathlib import Path

import pytest

from tests.mutations import MUTATIONS, Mutation, mutated, nodes_of, run

BY_DEFECT = {mutation.defect: mutation for mutation in MUTATIONS}


@pytest.mark.shows("D92")
@pytest.mark.parametrize("defect", ["D1", "D25", "D35"])
def test_a_defect_that_is_put_back_is_noticed(defect: str, tmp_path: Path) -> None:
    outcome = run(BY_DEFECT[defect], tmp_path / "copy")
    assert outcome.noticed, outcome.said


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.defect)
def test_every_mutation_still_fits_the_code_and_has_tests(mutation: Mutation) -> None:
    compile(mutated(mutation), mutation.file, "exec")
    assert nodes_of(mutation.defect)
