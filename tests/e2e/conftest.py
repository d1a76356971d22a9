"""One suite, run twice: in headless Chromium against `serve`, and in the real window."""

from collections.abc import Iterator
from typing import cast

import pytest
from playwright.sync_api import Page, Playwright

from tests.chromium import driver
from tests.e2e.app import KINDS, App, Kind, running


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
    """The program with the echo provider, one for the whole suite."""
    with running(kind, playwright, tmp_path_factory.mktemp("data")) as started:
        yield started


@pytest.fixture
def page(app: App) -> Iterator[Page]:
    """An empty conversation; afterwards the content policy must not have been hurt."""
    page = app.page()
    yield page
    assert page.evaluate("window.seen.violations") == []
