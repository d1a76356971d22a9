"""A second start of the program shows the window of the first one."""

import http.client
import json
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from shell.support.data_directory import HOLDER
from tests.chromium import inside, windows
from tests.command import Result, run, started
from tests.host_process import HostProcess
from tests.window.devtools import attached

HAS_FOCUS = """
new Promise((done) => {
  const poll = () => document.hasFocus() === FOCUSED ? done(true) : setTimeout(poll, 20);
  poll();
})
"""


@contextmanager
def first_program(data: Path, **environment: str) -> Iterator[tuple[HostProcess, str]]:
    """Run the program in a window; yields it and the address of its devtools."""
    command = ("shell", "--debug-port", "0", "--data-dir", str(data), "--provider", "echo")
    with HostProcess(*command, env=environment) as program:
        yield program, str(program.json_line()["debugUrl"])


def start_again(data: Path, *arguments: str, **environment: str) -> Result:
    return run("--data-dir", str(data), *arguments, **environment)


@pytest.mark.window
@pytest.mark.skipif(sys.platform != "linux", reason="needs an X server")
def test_a_second_start_brings_the_window_to_the_front(tmp_path: Path, xvfb: str) -> None:
    display = {"DISPLAY": xvfb, "QT_QPA_PLATFORM": "xcb"}
    first_data, second_data = tmp_path / "one", tmp_path / "two"
    with (
        first_program(first_data, **display) as (_, url),
        first_program(second_data, **display) as (_, other_url),
        attached(url) as page,
        attached(other_url) as other_page,
    ):
        for data, front, behind in (
            (first_data, page, other_page),
            (second_data, other_page, page),
            (first_data, page, other_page),
        ):
            result = start_again(data, **display)
            assert (result.status, result.out) == (0, "")
            assert result.is_one_sentence("already running", "its window")
            front.evaluate(HAS_FOCUS.replace("FOCUSED", "true"))
            behind.evaluate(HAS_FOCUS.replace("FOCUSED", "false"))


def test_another_window_is_opened_when_asked_for(tmp_path: Path, playwright: Playwright) -> None:
    offscreen = {"QT_QPA_PLATFORM": "offscreen"}
    with (
        first_program(tmp_path, **offscreen) as (program, url),
        inside(playwright, url) as browser,
    ):
        with browser.contexts[0].expect_page():
            result = start_again(tmp_path, "--new-window", "--model", "m", **offscreen)
        assert result.status == 0
        assert result.is_one_sentence("another window", "Not used: --model")
        assert len(windows(browser)) == 2
        assert start_again(tmp_path, **offscreen).status == 0
        assert len(windows(browser)) == 2
        assert program.process.poll() is None


def test_a_start_that_comes_while_another_one_starts_waits_for_its_window(tmp_path: Path) -> None:
    offscreen = {"QT_QPA_PLATFORM": "offscreen"}
    with started("--data-dir", str(tmp_path), "--provider", "echo", **offscreen) as program:
        # Start as soon as the lock is held, when its holder does not accept requests yet.
        while not (tmp_path / HOLDER).exists():
            assert program.process.poll() is None
        assert start_again(tmp_path, **offscreen).status == 0


def test_a_host_without_a_window_is_named_with_what_to_do(tmp_path: Path) -> None:
    with started("serve", "--no-open", "--data-dir", str(tmp_path)) as program:
        program.line()
        result = start_again(tmp_path, QT_QPA_PLATFORM="offscreen")
        assert result.status == 1
        assert result.is_one_sentence("without a window", "tidewire link", str(tmp_path))


def test_a_killed_program_does_not_keep_the_next_one_from_starting(tmp_path: Path) -> None:
    offscreen = {"QT_QPA_PLATFORM": "offscreen"}
    with first_program(tmp_path, **offscreen) as (program, _):
        program.expected = -signal.SIGKILL
        program.process.kill()
        program.process.wait()
        assert (tmp_path / HOLDER).exists()
        with first_program(tmp_path, **offscreen):
            pass


def test_only_who_can_read_the_data_directory_is_obeyed(tmp_path: Path) -> None:
    with first_program(tmp_path, QT_QPA_PLATFORM="offscreen") as (_, url), attached(url) as page:
        holder = json.loads((tmp_path / HOLDER).read_text("utf-8"))
        connection = http.client.HTTPConnection(
            holder["address"].removeprefix("http://"), timeout=20
        )
        for headers in ({}, {"Authorization": f"Owner {holder['key']}"}):
            connection.request("POST", "/window/open", headers=headers)
            response = connection.getresponse()
            assert (response.status, holder["key"].encode() in response.read()) == (401, False)
        connection.close()
        assert len(page.addresses()) == 1
