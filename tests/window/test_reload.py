"""Reloads and crashes of the page while the host talks to it."""

import secrets

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.window
TOKENS = 300
TEXT = "".join(f"{number} " for number in range(TOKENS))


@pytest.mark.shows("D23", "D36", "D63")
@pytest.mark.parametrize("round_number", range(20))
def test_a_reload_in_mid_stream_loses_and_doubles_nothing(page: Page, round_number: int) -> None:
    inference_id = f"inf-reload-{round_number}"
    moment = secrets.randbelow(400)
    page.evaluate(
        """async ([id, tokens]) => {
          await toy.call("toy.stream", { id, tokens, milliseconds: 1 });
          toy.follow(id);
        }""",
        [inference_id, TOKENS],
    )
    page.wait_for_timeout(moment)
    page.reload()
    assert page.evaluate("(id) => toy.follow(id)", inference_id) == TEXT


def test_a_busy_page_gets_everything_afterwards(page: Page) -> None:
    text = page.evaluate(
        """async () => {
          await toy.call("toy.stream", { id: "inf-busy", tokens: 300, milliseconds: 1 });
          const followed = toy.follow("inf-busy");
          await new Promise((resolve) => setTimeout(resolve, 50));
          const until = performance.now() + 1500;
          while (performance.now() < until);
          return followed;
        }"""
    )
    assert text == TEXT


def test_a_reload_keeps_the_window_s_name(page: Page) -> None:
    before = page.evaluate("toy.greeted")
    page.reload()
    assert page.evaluate("toy.greeted") == before
