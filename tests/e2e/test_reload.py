"""A page that is reloaded in the middle of an answer has lost nothing."""

import random

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.app import LOG_TEXT, answer, ask, ends, shown, until

RELOADS = 5
"""In each of the two shells; `python -m tests.soak reload` does fifty."""
WORDS = 240


@pytest.mark.parametrize("moment", range(RELOADS))
def test_a_reload_in_mid_answer_loses_and_doubles_nothing(page: Page, moment: int) -> None:
    """shows: D23 D48 D63"""
    reload_in_mid_answer(page, random.Random(moment))  # noqa: S311, a moment to repeat


def reload_in_mid_answer(page: Page, chance: random.Random) -> None:
    """Ask, reload after a random part of the answer, and compare what is shown with the log."""
    ask(page, f"/rate 150\n/repeat {WORDS} tide")
    until(page, f"window.seen.tokens >= {chance.randrange(1, WORDS // 2)}")
    inference_id = page.evaluate("window.seen.inferenceId")
    page.reload()
    expect(answer(page)).to_be_visible()
    until(page, "!document.querySelector('[aria-busy=true]')")
    log = page.evaluate(LOG_TEXT, inference_id)
    assert log == {"text": log["text"], "ends": 1, "live": False}
    assert log["text"].split() == ["tide"] * WORDS
    assert shown(page) == log["text"]
    assert len(ends(page)) <= 1, "an end that came with what was attached is not told again"
