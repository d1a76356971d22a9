"""Any order of anything: tens of thousands of steps of the state machine."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.engine.machine import EngineMachine

STEPS = 100
MACHINES = 90
"""With four seeds this is a little more than 25,000 steps. The long check takes a million."""


@pytest.mark.shows("B10", "B22", "B28", "B38", "D9", "D12", "D25", "D31", "D35", "D36", "D48")
@pytest.mark.parametrize("seed", range(4))
def test_any_order_of_anything(seed: int) -> None:
    class Machine(EngineMachine):
        pass

    Machine.__name__ = f"Machine{seed}"  # the seed of a derandomised run
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=MACHINES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert Machine.steps >= 6_250
