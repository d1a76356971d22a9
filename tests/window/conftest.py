"""A toy host in a real window, and the page in it."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, Playwright

from tests.chromium import driver, inside, windows
from tests.host_process import HostProcess

OFFSCREEN = {"QT_QPA_PLATFORM": "offscreen"}


@dataclass(frozen=True, slots=True)
class Toy:
    """The program, and the browser inside its windows."""

    program: HostProcess
    browser: Browser
    debug_url: str

    @property
    def page(self) -> Page:
        """The page of its only window."""
        (page,) = windows(self.browser)
        return page


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with driver() as started:
        yield started


@pytest.fixture(scope="module")
def toy(playwright: Playwright) -> Iterator[Toy]:
    """One toy host for all tests of a module. Each test leaves one window that works."""
    with HostProcess("tests.window.toy", "--debug-port", "0", env=OFFSCREEN) as program:
        url = str(program.json_line()["debugUrl"])
        with inside(playwright, url) as browser:
            yield Toy(program, browser, url)


@pytest.fixture
def page(toy: Toy) -> Page:
    """The toy's page, reloaded and connected."""
    toy.page.reload()
    toy.page.evaluate("toy.greeted")
    return toy.page


@pytest.fixture(scope="package")
def xvfb() -> Iterator[str]:
    """Run an X server without a screen; yields its DISPLAY."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        yield f":{server.stdout.readline().strip()}"
        server.terminate()
