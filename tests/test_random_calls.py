"""A tenth of what `dev.py soak calls` asks of the program, with random arguments."""

from tests.random_calls import random_calls


def test_every_call_is_answered_and_no_answer_tells_of_the_inside() -> None:
    answers = random_calls(total=1_000, a_round=1_000, pause_s=0, seed=1)
    assert answers.answered == answers.asked == 1_000
    assert answers.leaks == []
    assert answers.codes["UNKNOWN_ERROR"] == 0
    assert answers.codes["LIMIT"] < 900, "most were not to be refused for their number"
    assert answers.threads <= 32


def test_a_flood_is_refused_in_words() -> None:
    answers = random_calls(total=5_000, a_round=5_000, pause_s=0, seed=2)
    assert answers.answered == answers.asked
    assert answers.codes["LIMIT"] > 500
    assert answers.leaks == []
    assert answers.threads <= 32
