"""Calls: ten thousand of them with random arguments, at a pace that is carried out, and at once."""

from tests.random_calls import LONGEST_ROUND_S, CallOutcomes, random_calls
from tests.soak.result import Check, Result


def paced() -> Result:
    """Nearly all of them reach their methods."""
    outcomes = random_calls(total=10_000, a_round=2_500, pause_s=3.0, seed=3)
    return _result(outcomes, outcomes.codes["UNKNOWN_ERROR"] == 0)


def flood() -> Result:
    """All at once; most are refused, and all are answered."""
    outcomes = random_calls(total=10_000, a_round=10_000, pause_s=0, seed=4)
    return _result(outcomes, outcomes.codes["LIMIT"] > 1_000)


def _result(outcomes: CallOutcomes, expected: bool) -> Result:
    ok = (
        expected
        and outcomes.replies == outcomes.calls
        and outcomes.longest_s <= LONGEST_ROUND_S
        and outcomes.threads <= 32
        and not outcomes.leaks
    )
    return Result(
        ok,
        {
            "answered": outcomes.replies,
            "longestS": round(outcomes.longest_s, 2),
            "threads": outcomes.threads,
            "leaks": len(outcomes.leaks),
            **outcomes.codes,
        },
    )


CHECKS: dict[str, Check] = {"paced": paced, "flood": flood}
