"""A window opens with the position and size of the last one, and always on a screen."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright

from shell.bridge.desktop.window_state import FILE, WindowState, read_placement, write_placement
from tests.chromium import inside, windows
from tests.host_process import HostProcess
from tests.window.conftest import Toy
from tests.window.toy import SHAPE, ZOOM

SCREEN = (1280, 900)
WAIT_FOR_WIDTH_CHANGE = """
(was) => new Promise((done) => {
  const poll = () => innerWidth === was ? requestAnimationFrame(poll) : done(innerWidth);
  poll();
})
"""

WAIT_FOR_SIZE = """
([width, height]) => new Promise((done) => {
  const near = () => Math.abs(innerWidth - width) <= 2 && Math.abs(innerHeight - height) <= 2;
  const poll = () => near() ? done() : requestAnimationFrame(poll);
  poll();
})
"""


@pytest.mark.parametrize(
    "placement", [WindowState(800, 600), WindowState(1280, 900, -3, 40, True, 1.25)]
)
def test_what_was_written_is_read(tmp_path: Path, placement: WindowState) -> None:
    write_placement(tmp_path / FILE, placement)
    assert read_placement(tmp_path / FILE) == placement


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"width": 800, "height": "600"}',
        '{"width": 0, "height": 600}',
        '{"width": 800, "height": 1e9}',
        '{"width": 800, "height": 600, "x": 5}',
        '{"width": 800, "height": 600, "x": 5, "y": 10000000}',
        '{"width": 800, "height": 600, "title": "x"}',
        '{"width": 800, "height": 600, "zoom": 0}',
        "[" * 100_000,
    ],
)
def test_what_makes_no_sense_is_as_if_it_were_not_there(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, "utf-8")
    assert read_placement(tmp_path / FILE) is None


def window_geometry(playwright: Playwright, data: Path, display: str) -> list[int]:
    """Start the program and end it; returns the width, height, x and y of its window."""
    command = ("shell", "--debug-port", "0", "--data-dir", str(data), "--provider", "echo")
    environment = {"DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
    with HostProcess(*command, env=environment) as program:
        with inside(playwright, str(program.json_line()["debugUrl"])) as browser:
            (page,) = windows(browser)
            geometry: list[int] = page.evaluate("[innerWidth, innerHeight, screenX, screenY]")
        return geometry


@pytest.mark.window
def test_a_window_stands_where_the_last_one_stood(
    playwright: Playwright, tmp_path: Path, xvfb: str
) -> None:
    write_placement(tmp_path / FILE, WindowState(777, 555, 123, 45))
    assert window_geometry(playwright, tmp_path, xvfb) == [777, 555, 123, 45]
    assert json.loads((tmp_path / FILE).read_text("utf-8")) == {
        "width": 777,
        "height": 555,
        "x": 123,
        "y": 45,
        "maximized": False,
        "zoom": 1.0,
    }


@pytest.mark.window
def test_a_window_that_would_be_off_every_screen_comes_back(
    playwright: Playwright, tmp_path: Path, xvfb: str
) -> None:
    write_placement(tmp_path / FILE, WindowState(5_000, 600, 9_000, -4_000))
    width, height, x, y = window_geometry(playwright, tmp_path, xvfb)
    assert (width, height) == (SCREEN[0], 600)
    assert 0 <= x < SCREEN[0]
    assert 0 <= y < SCREEN[1]


@pytest.mark.window
def test_control_and_plus_make_the_page_larger(page: Page, toy: Toy) -> None:
    usual = page.evaluate("innerWidth")
    for key, width in (("+", usual / 1.1), ("=", usual / 1.25), ("-", usual / 1.1), ("0", usual)):
        width_before = page.evaluate("innerWidth")
        page.evaluate("(key) => toy.call('toy.zoom', key)", key)
        assert page.evaluate(WAIT_FOR_WIDTH_CHANGE, width_before) == pytest.approx(width, abs=2)


@pytest.mark.window
def test_a_window_looks_as_the_last_one_that_was_closed(page: Page, toy: Toy) -> None:
    viewport = (SHAPE[0] / ZOOM, SHAPE[1] / ZOOM)
    for changes_size in (True, False):
        hello_count = toy.program.count("SAID hello")
        with toy.browser.contexts[0].expect_page() as opened:
            assert page.evaluate("toy.call('shell.open_window')") is True
        toy.program.wait_for("SAID hello", hello_count + 1)
        second_page = opened.value
        if changes_size:
            second_page.evaluate("toy.call('toy.shape_last')")
            second_page.evaluate(WAIT_FOR_SIZE, viewport)
        size = second_page.evaluate("[innerWidth, innerHeight]")
        assert size == pytest.approx(viewport, abs=2)
        with second_page.expect_event("close"):
            page.evaluate("toy.call('toy.close_last')")
