"""Screen readers: the accessibility tree of a streaming answer, and the live regions."""

from playwright.sync_api import Page, expect

from tests.e2e.app import answer, ask, wait_for_end

STREAMING = """
- log "Conversation":
  - article "You": "/rate 0 /reasoning The moon first. The **tide** comes /stall"
  - toolbar "Question actions":
    - button "Copy"
  - article "Answer":
    - group: /Thought for .*/
    - paragraph:
      - text: The
      - strong: tide
      - text: comes
"""
LIVE = """
[...document.querySelectorAll("main :is([aria-live], [role=status], [role=alert], [role=log])")]
  .filter(({ textContent }) => textContent !== "")
  .map((each) => `${each.getAttribute("role")} ${each.getAttribute("aria-live")}`)
"""


def test_the_tree_of_an_answer_that_is_being_written(page: Page) -> None:
    status = page.locator("main").get_by_role("status")
    ask(page, "/rate 0\n/reasoning The moon first.\nThe **tide** comes\n/stall")
    expect(answer(page)).to_have_text("The tide comes")
    expect(page.get_by_role("log")).to_match_aria_snapshot(STREAMING)
    expect(page.get_by_role("article", name="Answer")).to_have_attribute("aria-busy", "true")
    # Arriving words are not announced one by one; a status line says what happens.
    assert sorted(page.evaluate(LIVE)) == ["log off", "status null"]
    expect(status).to_have_text("Answering.")
    page.keyboard.press("Escape")
    wait_for_end(page)
    expect(status).to_have_text("Stopped.")
    expect(page.get_by_role("article", name="Answer")).to_have_attribute("aria-busy", "false")
