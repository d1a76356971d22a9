"""One suite, run twice: in headless Chromium against `serve`, and in the real window."""

from collections.abc import Iterator
from typing import cast

import pytest
from playwright.sync_api import Page, Playwright

from tests.chromium import driver
from tests.e2e.app import KINDS, App, Kind, ask, running, wait_for_end


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with driver() as started:
        yield started


@pytest.fixture(
    scope="package",
    params=[pytest.param(kind, marks=getattr(pytest.mark, kind), id=kind) for kind in KINDS],
)
def kind(request: pytest.FixtureRequest) -> Kind:
    return cast("Kind", request.param)


@pytest.fixture(scope="package")
def app(
    kind: Kind, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[App]:
    """The program with the echo provider, one for the whole suite. Something has been said: until
    then a page goes on with what another one was writing.
    """
    with running(kind, playwright, tmp_path_factory.mktemp("data")) as started:
        page = started.page()
        ask(page, "hello")
        wait_for_end(page)
        yield started


@pytest.fixture
def page(app: App) -> Iterator[Page]:
    """An empty conversation; afterwards the content policy must not have been hurt."""
    page = app.page()
    yield page
    assert page.evaluate("window.seen.violations") == []
