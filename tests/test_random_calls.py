"""Calls the program with random arguments, a tenth as often as `dev.py soak calls`."""

from tests.random_calls import random_calls


def test_every_call_is_answered_and_no_answer_tells_of_the_inside() -> None:
    outcomes = random_calls(total=1_000, a_round=1_000, pause_s=0, seed=1)
    assert outcomes.replies == outcomes.calls == 1_000
    assert outcomes.leaks == []
    assert outcomes.codes["UNKNOWN_ERROR"] == 0
    assert outcomes.codes["LIMIT"] < 900, "most were not to be refused for their number"
    assert outcomes.threads <= 32


def test_a_flood_is_refused_in_words() -> None:
    outcomes = random_calls(total=5_000, a_round=5_000, pause_s=0, seed=2)
    assert outcomes.replies == outcomes.calls
    assert outcomes.codes["LIMIT"] > 500
    assert outcomes.leaks == []
    assert outcomes.threads <= 32
