"""Power cuts: acknowledged messages are there afterwards, and nothing is half written."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store.power import cut_often, memory


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=memory()) as name:
        yield Path(name)


def test_two_hundred_power_cuts_lose_nothing_and_corrupt_nothing(folder: Path) -> None:
    promises = 0
    for seed in range(8):
        outcome = cut_often(folder / str(seed), 25, seed)
        assert (outcome.lost, outcome.corrupt) == (0, 0), outcome.notes
        promises += outcome.promises
    assert promises > 1_000


def test_the_simulation_finds_a_database_that_does_not_flush(folder: Path) -> None:
    lost = sum(
        cut_often(folder / str(seed), 10, seed, synchronous="normal").lost for seed in range(2)
    )
    assert lost > 0
