"""Every journey has its tests, and each of them runs in both shells."""

from importlib import import_module

import pytest

from tests.e2e.journeys import JOURNEYS


@pytest.mark.parametrize("journey", JOURNEYS)
def test_a_journey_has_tests_for_both_shells(journey: str) -> None:
    assert JOURNEYS[journey]
    for test in JOURNEYS[journey]:
        file, _, name = test.partition("::")
        module = import_module(f"tests.e2e.{file}")
        function = getattr(module, name)
        of_module = getattr(module, "pytestmark", [])
        marks = [of_module] if isinstance(of_module, pytest.MarkDecorator) else [*of_module]
        marks += getattr(function, "pytestmark", [])
        # Without a mark of its own it is run once for each shell.
        assert not {mark.name for mark in marks} & {"browser", "window"}, test
