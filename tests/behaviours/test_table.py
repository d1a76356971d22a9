"""The table of behaviours is fresh, and no number is without a test."""

import pytest

from tests.behaviours.catalogue import CATALOGUE
from tests.behaviours.shown import shown
from tests.behaviours.table import MUTATED, TABLE, missing, render, render_mutations


def test_the_committed_pages_are_what_the_tests_say() -> None:
    assert TABLE.read_text("utf-8") == render(), "run `python -m tests.behaviours`"
    assert MUTATED.read_text("utf-8") == render_mutations(), "run `python -m tests.behaviours`"


@pytest.mark.shows("D92", "D96", "D95")
def test_every_number_that_can_occur_has_a_test() -> None:
    assert missing() == []


def test_every_mark_is_a_number_of_the_list() -> None:
    assert set(shown()) <= set(CATALOGUE)


def test_what_cannot_occur_is_shown_by_nothing() -> None:
    absent = {entry.id for entry in CATALOGUE.values() if entry.absent}
    assert absent.isdisjoint(shown())


def test_the_list_is_whole() -> None:
    assert list(CATALOGUE) == [*(f"B{n}" for n in range(1, 67)), *(f"D{n}" for n in range(1, 99))]
