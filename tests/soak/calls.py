"""Calls: ten thousand of them with random arguments, at a pace that is carried out, and at once."""

from tests.random_calls import SETTLE_S, Answers, random_calls
from tests.soak.result import Check, Result


def paced() -> Result:
    """Nearly all of them reach their methods."""
    answers = random_calls(total=10_000, a_round=2_500, pause_s=3.0, seed=3)
    return _result(answers, answers.codes["UNKNOWN_ERROR"] == 0)


def flood() -> Result:
    """All at once; most are refused, and all are answered."""
    answers = random_calls(total=10_000, a_round=10_000, pause_s=0, seed=4)
    return _result(answers, answers.codes["LIMIT"] > 1_000)


def _result(answers: Answers, expected: bool) -> Result:
    ok = (
        expected
        and answers.answered == answers.asked
        and answers.longest_s <= SETTLE_S
        and answers.threads <= 32
        and not answers.leaks
    )
    return Result(
        ok,
        {
            "answered": answers.answered,
            "longestS": round(answers.longest_s, 2),
            "threads": answers.threads,
            "leaks": len(answers.leaks),
            **answers.codes,
        },
    )


CHECKS: dict[str, Check] = {"paced": paced, "flood": flood}
