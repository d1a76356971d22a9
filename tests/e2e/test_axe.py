"""On every screen, light and dark, axe-core finds no serious and no critical fault.

The real window shows the same page in the same engine, so that the browser is enough.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Playwright

from tests.e2e.app import reset_page, running
from tests.e2e.axe import grave
from tests.e2e.screens import SCREENS, show_screen, wait_for_animations

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One page for all screens."""
    with running("browser", playwright, tmp_path_factory.mktemp("axe")) as app:
        yield app.page()


@pytest.mark.parametrize("name", SCREENS)
def test_axe_finds_nothing_grave(page: Page, name: str) -> None:
    show_screen(page, name)
    page.emulate_media(color_scheme="light")
    wait_for_animations(page)
    assert grave(page) == []
    # The themes differ only in their colors.
    page.emulate_media(color_scheme="dark")
    wait_for_animations(page)
    assert grave(page, "color-contrast") == []


def test_axe_would_find_a_button_without_a_name(page: Page) -> None:
    reset_page(page)
    page.evaluate("document.querySelector('main').insertAdjacentHTML('beforeend', '<button>')")
    assert [fault.rule for fault in grave(page)] == ["button-name"]


def test_axe_would_find_faint_words(page: Page) -> None:
    reset_page(page)
    page.locator("main h2").evaluate("heading => { heading.style.color = '#ccc'; }")
    page.emulate_media(color_scheme="light")
    assert [fault.rule for fault in grave(page)] == ["color-contrast"]
