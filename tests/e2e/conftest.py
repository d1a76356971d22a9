"""Runs each test twice: in headless Chromium against `serve`, and in the real window."""

import contextlib
from collections.abc import Generator, Iterator
from typing import cast

import pytest
from playwright.sync_api import Error, Page, Playwright

from tests.chromium import driver
from tests.e2e.app import KINDS, App, Kind, ask, running, wait_for_end


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the content of the page and the program's last output to the report of a failure."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, App):
                report.sections.append(("The program's last words", value.program.stderr_tail()))
                with contextlib.suppress(Error):  # the page may be what has failed
                    report.sections.append(("What the page shows", value.snapshot()))
    return report


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
    """The program with the echo provider, shared by the whole suite.

    It has one conversation, because until then a page restores the draft of another page.
    """
    with running(kind, playwright, tmp_path_factory.mktemp("data")) as started:
        page = started.page()
        ask(page, "hello")
        wait_for_end(page)
        yield started


@pytest.fixture
def page(app: App) -> Iterator[Page]:
    """An empty conversation. Afterwards the page must not have violated its content policy."""
    page = app.page()
    yield page
    assert page.evaluate("window.seen.violations") == []
