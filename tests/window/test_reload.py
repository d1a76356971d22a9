"""Reloads and crashes of the page while the host sends to it."""

import contextlib
import os
import secrets
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from tests.chromium import inside, windows
from tests.host_process import HostProcess
from tests.window.conftest import OFFSCREEN, Toy
from tests.window.devtools import attached, pages

pytestmark = pytest.mark.window
TOKENS = 300
TEXT = "".join(f"{number} " for number in range(TOKENS))


@pytest.mark.shows("D23", "D36", "D63")
@pytest.mark.parametrize("round_number", range(20))
def test_a_reload_in_mid_stream_loses_and_doubles_nothing(page: Page, round_number: int) -> None:
    inference_id = f"inf-reload-{round_number}"
    delay_ms = secrets.randbelow(400)
    page.evaluate(
        """async ([id, tokens]) => {
          await toy.call("toy.stream", { id, tokens, milliseconds: 1 });
          toy.follow(id);
        }""",
        [inference_id, TOKENS],
    )
    page.wait_for_timeout(delay_ms)
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


def test_a_crashed_page_comes_back_as_the_same_window(
    page: Page, toy: Toy, playwright: Playwright
) -> None:
    before = page.evaluate("toy.greeted")
    loads = toy.program.count("SAID hello")
    page.evaluate("toy.call('toy.stream', { id: 'inf-crash', tokens: 300, milliseconds: 1 })")
    (renderer,) = _renderers(toy.program)
    os.kill(renderer, signal.SIGKILL)
    toy.program.wait_for("The page's process crashed")
    toy.program.wait_for("SAID hello", loads + 1)
    with inside(playwright, toy.debug_url) as browser:
        (recovered_page,) = windows(browser)
        assert recovered_page.evaluate("toy.greeted") == before
        assert recovered_page.evaluate("toy.follow('inf-crash')") == TEXT
        recovered_page.reload()
        assert recovered_page.evaluate("toy.greeted") == before


def test_a_page_that_keeps_crashing_is_left_alone_until_it_is_asked_for() -> None:
    with HostProcess("tests.window.toy", "--debug-port", "0", env=OFFSCREEN) as program:
        url = str(program.json_line()["debugUrl"])
        with attached(url) as devtools:
            name = devtools.evaluate("toy.greeted")
            devtools.evaluate("sessionStorage.setItem('draft', 'words'); location.hash = 'place'")
            first, first_page = set(_renderers(program)), pages(url)
            devtools.evaluate("toy.call('shell.open_window')")
        program.wait_for("SAID hello", 2)
        (other_page,) = pages(url) - first_page
        other_renderers = set(_renderers(program)) - first
        for crash in range(3):
            (renderer,) = set(_renderers(program)) - other_renderers
            os.kill(renderer, signal.SIGKILL)
            program.wait_for("The page's process", crash + 1)
            if crash < 2:
                program.wait_for("SAID hello", crash + 3)
        program.wait_for("keeps crashing")
        assert set(_renderers(program)) == other_renderers
        with attached(url, other_page) as devtools:
            devtools.evaluate("toy.call('toy.panel')")
        program.wait_for("PANEL True")
        program.wait_for("SAID hello", 5)
        assert len(set(_renderers(program)) - other_renderers) == 1
        (page,) = pages(url) - {other_page}
        with attached(url, page) as devtools:
            assert devtools.evaluate("toy.greeted") == name
            state = devtools.evaluate("[sessionStorage.getItem('draft'), location.hash]")
            assert state == ["words", "#place"]


def _renderers(program: HostProcess) -> list[int]:
    """The running processes of a program's pages, which its zygotes have forked."""
    return [
        renderer
        for zygote in _children(program.process.pid)
        if b"--type=zygote" in _command(zygote)
        for renderer in _children(zygote)
        if _command(renderer)
    ]


def _command(process: int) -> bytes:
    """The command line of a process; empty if it has ended."""
    return Path(f"/proc/{process}/cmdline").read_bytes()


def _children(process: int) -> list[int]:
    threads = Path(f"/proc/{process}/task").iterdir()
    children: list[int] = []
    for thread in threads:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            children += map(int, (thread / "children").read_text().split())
    return children
