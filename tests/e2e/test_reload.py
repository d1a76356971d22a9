"""A page that is reloaded in the middle of an answer loses nothing."""

import random

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.app import LOG_TEXT, answer, answer_text, ask, terminal_events, until

RELOADS = 5
"""Reloads in each shell; `python -m tests.soak reload` makes fifty."""
WORD_COUNT = 240


@pytest.mark.parametrize("seed", range(RELOADS))
def test_a_reload_in_mid_answer_loses_and_doubles_nothing(page: Page, seed: int) -> None:
    """shows: D23 D48 D63"""
    reload_in_mid_answer(page, random.Random(seed))  # noqa: S311, a moment to repeat


def reload_in_mid_answer(page: Page, chance: random.Random) -> None:
    """Ask, reload after a random part of the answer, and compare the shown text with the log."""
    ask(page, f"/rate 150\n/repeat {WORD_COUNT} tide")
    until(page, f"window.seen.tokens >= {chance.randrange(1, WORD_COUNT // 2)}")
    inference_id = page.evaluate("window.seen.inferenceId")
    page.reload()
    expect(answer(page)).to_be_visible()
    until(page, "!document.querySelector('[aria-busy=true]')")
    log = page.evaluate(LOG_TEXT, inference_id)
    assert log == {"text": log["text"], "ends": 1, "live": False}
    assert log["text"].split() == ["tide"] * WORD_COUNT
    assert answer_text(page) == log["text"]
    assert len(terminal_events(page)) <= 1, (
        "an end that came with what was attached is not told again"
    )
