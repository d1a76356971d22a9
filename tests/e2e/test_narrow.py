"""The page in a narrow window: what does not fit into a line goes to the next, or moves inward."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Playwright

from tests.e2e.app import running
from tests.e2e.screens import NARROW, WIDE, lead

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with running("browser", playwright, tmp_path_factory.mktemp("narrow")) as app:
        yield app.page()


def show_narrow(page: Page, name: str) -> None:
    lead(page, name)
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})


def lines(element: Locator) -> int:
    """In how many lines its text stands."""
    return int(
        element.evaluate(
            "element => { const range = document.createRange(); range.selectNodeContents(element);"
            " return new Set([...range.getClientRects()].map(({ top }) => top)).size; }"
        )
    )


def test_every_button_of_an_error_has_its_words_in_one_line(page: Page) -> None:
    show_narrow(page, "key-error")
    buttons = page.locator(".error button").all()
    assert {button.inner_text(): lines(button) for button in buttons} == {
        "Set API key": 1,
        "Ask the local model": 1,
        "Choose another model": 1,
        "Retry": 1,
    }


def test_a_popover_stays_off_the_edge_when_the_window_becomes_narrow(page: Page) -> None:
    lead(page, "tool-menu")
    popover = page.locator("[popover]:popover-open")
    wide = popover.bounding_box()
    page.set_viewport_size({"width": NARROW[0], "height": WIDE[1]})
    narrow = popover.bounding_box()
    assert wide is not None
    assert narrow is not None
    assert narrow["width"] == wide["width"]
    assert narrow["x"] + narrow["width"] < NARROW[0]
