"""Random runs against budgets: a run whose reservation exceeds the remaining budget is refused."""

from tests.soak.result import Check, Result
from tests.store.ledger_walk import Walk

RUNS = 10_000
STEPS = 40


def walks() -> Result:
    """Walk 10,000 ledgers with random calls, clocks, crashes and raised budgets."""
    allowed = refused = shortened = 0
    for seed in range(RUNS):
        walk = Walk(seed)
        for _ in range(STEPS):
            walk.step()
        allowed += walk.allowed
        refused += walk.refused
        shortened += walk.shortened
        walk.connection.close()
    figures = {"runs": RUNS, "allowed": allowed, "refused": refused, "shortened": shortened}
    return Result(min(allowed, refused, shortened) > RUNS // 10, figures)


CHECKS: dict[str, Check] = {"walks": walks}
