"""Runs journeys of the whole program with `?bridge=fake`, in the page alone without any host.

The browser's request interception serves the files of the built page with the program's content
policy, so that the browser is the only process. A host in the page loses its state on a reload, so
that journeys with reloads run only with the whole program.
"""

from collections.abc import Iterator
from mimetypes import guess_type

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from shell.bridge.responses import POLICY
from tests.chromium import PATIENCE_MS, new_page
from tests.e2e.app import WATCH, answer, box, until
from tests.e2e.test_chat import (
    test_a_long_answer_is_shown_whole,
    test_a_question_gets_a_streamed_answer,
    test_an_error_says_what_it_is_and_retry_asks_again,
    test_empty_and_blank_messages_are_not_sent,
    test_escape_stops,
    test_everything_is_within_reach_of_the_keyboard,
    test_hostile_text_stays_text,
    test_stop_while_the_provider_is_silent_ends_at_once_and_keeps_the_text,
    test_text_before_an_error_stays_and_is_marked,
    test_writing_goes_on_while_an_answer_streams,
)
from tests.e2e.test_conversations import (
    test_a_name_a_pin_and_a_deletion_with_its_way_back,
    test_an_answer_that_was_stopped_goes_on,
    test_another_answer_stands_beside_the_first,
    test_what_is_queued_is_asked_when_the_answer_is_complete,
    test_what_is_searched_is_found_on_its_branch,
)
from tests.e2e.test_preload import (
    test_an_unsubscribed_listener_hears_nothing,
    test_everything_of_the_surface_is_there,
    test_run_and_cancel,
    test_session_creation,
    test_the_sixth_run_is_refused_with_the_limit,
)
from tests.host_process import ROOT

pytestmark = pytest.mark.browser

__all__ = [
    "test_a_long_answer_is_shown_whole",
    "test_a_name_a_pin_and_a_deletion_with_its_way_back",
    "test_a_question_gets_a_streamed_answer",
    "test_an_answer_that_was_stopped_goes_on",
    "test_an_error_says_what_it_is_and_retry_asks_again",
    "test_an_unsubscribed_listener_hears_nothing",
    "test_another_answer_stands_beside_the_first",
    "test_empty_and_blank_messages_are_not_sent",
    "test_escape_stops",
    "test_everything_is_within_reach_of_the_keyboard",
    "test_everything_of_the_surface_is_there",
    "test_hostile_text_stays_text",
    "test_run_and_cancel",
    "test_session_creation",
    "test_stop_while_the_provider_is_silent_ends_at_once_and_keeps_the_text",
    "test_text_before_an_error_stays_and_is_marked",
    "test_the_sixth_run_is_refused_with_the_limit",
    "test_what_is_queued_is_asked_when_the_answer_is_complete",
    "test_what_is_searched_is_found_on_its_branch",
    "test_writing_goes_on_while_an_answer_streams",
]
"""The journeys that run without a real host, with the fixture `page` below."""

BUILT = ROOT / "shell" / "page"
ORIGIN = "https://page.example/"
"""An address without a server: `from_files` answers every request or aborts it."""


def from_files(route: Route) -> None:
    """Answer with a file of the built page."""
    path = route.request.url.removeprefix(ORIGIN).partition("?")[0] or "index.html"
    file = BUILT / path
    if not file.is_file():
        route.abort()
        return
    headers = {
        "Content-Security-Policy": POLICY,
        "Content-Type": guess_type(file.name)[0] or "application/octet-stream",
    }
    route.fulfill(status=200, headers=headers, body=file.read_bytes())


@pytest.fixture
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """An empty conversation with a host in the page. `param` is appended to the query."""
    context = browser.new_context()
    context.route("**/*", from_files)
    page = new_page(context)
    page.add_init_script(WATCH)
    page.goto(
        f"{ORIGIN}?bridge=fake&answer=echo&provider=echo&model=echo{getattr(request, 'param', '')}"
    )
    expect(box(page)).to_be_focused()
    page.evaluate("window.llm.ready()")
    yield page
    violations = page.evaluate("window.seen.violations")
    context.close()
    assert violations == []


@pytest.mark.parametrize(
    "page",
    ["&drop=0.3", "&double=0.5", "&reorder=0.5", "&disconnect=200&away=100&memory=runs"],
    indirect=True,
)
def test_an_answer_survives_what_happens_on_the_way(page: Page) -> None:
    text = " ".join(f"word{number}" for number in range(80))
    box(page).fill(f"/rate 100\n{text}")
    box(page).press("Enter")
    retry = page.get_by_role("button", name="Retry")
    # If the host is lost while the question is sent, the page shows an error and a Retry button.
    while True:
        expect(answer(page).or_(retry).first).to_be_visible()
        if answer(page).is_visible():
            break
        retry.click()
    expect(answer(page)).to_have_text(text, timeout=PATIENCE_MS)
    until(page, "!document.querySelector('[aria-busy=true]')")
