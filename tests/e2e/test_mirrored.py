"""The page from right to left: what points along the line is turned, and nothing stays behind."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Playwright

from tests.e2e.screens import lead, mirrored

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(playwright: Playwright) -> Iterator[Page]:
    with mirrored(playwright) as app:
        yield app.page()


def place(element: Locator) -> tuple[float, float]:
    """From where to where it reaches, counted from the left."""
    box = element.bounding_box()
    assert box is not None
    return box["x"], box["x"] + box["width"]


def test_what_points_along_the_line_is_turned(page: Page) -> None:
    lead(page, "versions")
    icons = {
        name: page.get_by_role("button", name=name).first.locator("svg")
        for name in ("Hide sidebar", "Previous version", "Next version", "Send")
    }
    turned = {
        name: icon.evaluate("icon => new DOMMatrix(getComputedStyle(icon).transform).a")
        for name, icon in icons.items()
    }
    others = {name: across for name, across in turned.items() if name != "Send"}
    assert set(others.values()) == {-1}
    assert turned["Send"] == 1


def test_what_a_conversation_took_stands_below_its_button(page: Page) -> None:
    lead(page, "spending")
    start, end = place(page.locator("[popover]"))
    left, right = place(page.locator("header button[aria-haspopup=dialog]"))
    assert start < (left + right) / 2 < end
