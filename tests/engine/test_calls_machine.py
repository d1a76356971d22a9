"""Calls of tools with random acts in any order. A million steps are a long check."""

import pytest

from tests.engine.calls_machine import random_steps

MACHINES = 15
STEPS = 200


@pytest.mark.parametrize("seed", range(3))
def test_calls_keep_their_promises_in_any_order(seed: int) -> None:
    ran = 0
    for number in range(MACHINES):
        _, calls = random_steps(1_000 * seed + number, STEPS)
        ran += calls
    assert ran > 10 * MACHINES, "calls are carried out"
