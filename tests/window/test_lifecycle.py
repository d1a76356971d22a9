"""The lifecycle of windows: several windows, signals, a close in mid-push, the sandbox."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, Playwright, expect

from shell.bridge.desktop.windows import Windows
from shell.bridge.door import Door
from shell.bridge.listener import PortTaken
from tests.chromium import inside, windows
from tests.host_process import ROOT, HostProcess
from tests.window.conftest import OFFSCREEN, Toy

pytestmark = pytest.mark.window
EXIT_S = 20.0
"""Enough on a busy machine. A program that hangs never ends."""


def host(**environment: str) -> HostProcess:
    return HostProcess("tests.window.toy", "--debug-port", "0", env={**OFFSCREEN, **environment})


def test_each_window_is_a_caller_of_its_own(page: Page, toy: Toy) -> None:
    first = page.evaluate("toy.greeted")
    for _ in range(3):
        hello_count = toy.program.count("SAID hello")
        closed_count = toy.program.count("CLOSED")
        with toy.browser.contexts[0].expect_page() as opened:
            assert page.evaluate("toy.call('shell.open_window')") is True
        toy.program.wait_for("SAID hello", hello_count + 1)
        second = opened.value.evaluate("toy.greeted")
        assert second != first
        # Another window can follow a run of this one, which goes on without this one.
        opened.value.evaluate(
            "(id) => toy.call('toy.stream', { id, tokens: 200, milliseconds: 1 })", f"inf-{second}"
        )
        with opened.value.expect_event("close"):
            page.evaluate("toy.call('toy.close_last')")
        toy.program.wait_for("CLOSED", closed_count + 1)
        assert toy.program.stderr_lines[-1] != f"CLOSED {first}"
        text = "".join(f"{number} " for number in range(200))
        assert page.evaluate("(id) => toy.follow(id)", f"inf-{second}") == text
    assert page.evaluate("toy.greeted") == first
    assert toy.program.count(f"CLOSED {first}") == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_in_order(number: signal.Signals) -> None:
    with host() as program:
        program.json_line()
        started_at = time.monotonic()
        assert program.stop(number) == 0
        assert time.monotonic() - started_at < EXIT_S
    assert program.count("CLOSED") == 1
    assert program.count("ENDED") == 1
    assert program.count("Traceback") == 0
    assert program.count("Expect troubles") == 0


def test_a_signal_before_the_page_is_there_ends_it_too() -> None:
    with host() as program:
        program.wait_for("GET /")
        started_at = time.monotonic()
        assert program.stop() == 0
        assert time.monotonic() - started_at < EXIT_S


def test_a_signal_before_there_is_a_window_ends_it_too() -> None:
    with HostProcess("tests.window.early_signal", env=OFFSCREEN) as program:
        assert program.wait() == 0


def test_the_end_waits_for_threads_that_are_in_the_web_view() -> None:
    """Python kills a thread that acquires the GIL too late, and the process crashes."""
    with HostProcess("tests.window.late_return", env=OFFSCREEN) as program:
        assert program.wait() == 0, program.stderr_tail()


def test_closing_the_last_window_ends_the_program(playwright: Playwright) -> None:
    with host() as program, inside(playwright, str(program.json_line()["debugUrl"])) as browser:
        (page,) = windows(browser)
        # The page may be closed before it gets the reply.
        with contextlib.suppress(Error):
            page.evaluate("void toy.call('toy.close_last')")
        assert program.wait() == 0
    assert program.count("CLOSED") == 1


@pytest.mark.parametrize("busy", [False, True])
def test_a_window_closed_in_mid_push_ends_clean(playwright: Playwright, busy: bool) -> None:
    with host() as program, inside(playwright, str(program.json_line()["debugUrl"])) as browser:
        (page,) = windows(browser)
        page.evaluate(
            """async () => {
              await toy.call("toy.stream", { id: "inf-1", tokens: 100000 });
              toy.follow("inf-1");
            }"""
        )
        if busy:
            page.evaluate(
                """async () => {
                  await toy.call("toy.say", "busy");
                  setTimeout(() => { for (;;); });
                }"""
            )
        started_at = time.monotonic()
        assert program.stop() == 0
        assert time.monotonic() - started_at < EXIT_S
    assert program.count("ENDED") == 1
    assert program.count("Traceback") == 0


def test_no_process_is_left(playwright: Playwright) -> None:
    mark = {"TIDEWIRE_TEST_MARK": f"lifecycle-{os.getpid()}"}
    with host(**mark) as program:
        program.json_line()
        assert len(_marked(mark)) > 1
    deadline = time.monotonic() + EXIT_S
    while _marked(mark):
        assert time.monotonic() < deadline, "Chromium's processes outlive the program"


def test_a_killed_program_leaves_no_process() -> None:
    mark = {"TIDEWIRE_TEST_MARK": f"killed-{os.getpid()}"}
    with host(**mark) as program:
        program.json_line()
        program.stop(signal.SIGKILL)
        program.expected = -signal.SIGKILL
    deadline = time.monotonic() + EXIT_S
    while _marked(mark):
        assert time.monotonic() < deadline, "Chromium's processes outlive the program"


def test_a_window_opens_under_x(xvfb: str, playwright: Playwright) -> None:
    with (
        HostProcess(
            *("tests.window.toy", "--debug-port", "0"),
            env={"QT_QPA_PLATFORM": "", "DISPLAY": xvfb},
        ) as program,
        inside(playwright, str(program.json_line()["debugUrl"])) as browser,
    ):
        (page,) = windows(browser)
        assert page.evaluate("toy.call('toy.echo', 'here')") == "here"
        expect(page.locator("#text")).to_be_visible()


@pytest.mark.parametrize(("arguments", "colour"), [((), "#fbfaf7"), (("--dark",), "#14191b")])
def test_the_window_has_the_page_s_colour_from_the_beginning(
    xvfb: str, playwright: Playwright, arguments: tuple[str, ...], colour: str
) -> None:
    command = ("tests.window.toy", "--debug-port", "0", *arguments)
    # Qt's platforms without a screen have no dark colours; a desktop's theme has.
    desktop = {"QT_QPA_PLATFORM": "xcb", "DISPLAY": xvfb, "XDG_CURRENT_DESKTOP": "GNOME"}
    with (
        HostProcess(*command, env=desktop) as program,
        inside(playwright, str(program.json_line()["debugUrl"])) as browser,
    ):
        (page,) = windows(browser)
        assert page.evaluate("toy.call('toy.background')") == colour
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        assert dark is bool(arguments)
        assert colour in (ROOT / "web/src/styles/tokens.css").read_text("utf-8")


def test_a_debug_port_that_is_taken_is_said() -> None:
    loop = asyncio.new_event_loop()
    with socket.socket() as occupied, contextlib.closing(loop):
        occupied.bind(("127.0.0.1", 0))
        port = occupied.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} cannot be opened"):
            Windows(loop, Door({}).post, "", debug_port=port, on_closed=lambda _: None)


def test_without_the_option_nothing_can_be_debugged() -> None:
    with HostProcess(
        "tests.window.toy", env={**OFFSCREEN, "QTWEBENGINE_REMOTE_DEBUGGING": "0"}
    ) as program:
        program.wait_for("SAID hello")
        assert program.count("DevTools listening") == 0
        assert program.count("Remote debugging") == 0


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can be both")
def test_the_sandbox_is_off_for_root_alone() -> None:
    with host() as program:
        program.json_line()
        assert program.count("Running as root: the web view's sandbox is off") == 1
    completed = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", sys.executable, "-c", PRINT_SANDBOX],
        env={**OFFSCREEN, "PYTHONPATH": str(ROOT), "HOME": "/tmp"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (completed.stdout, completed.stderr) == ("sandbox None\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="needs an X server")
def test_nothing_is_said_of_the_machine_unless_asked_for(tmp_path: Path, xvfb: str) -> None:
    """Neither Qt nor Chromium prints anything about its graphics or a missing message bus."""
    command = ("shell", "--debug-port", "0", "--data-dir", str(tmp_path), "--provider", "echo")
    display = {"DISPLAY": xvfb, "QT_QPA_PLATFORM": "xcb"}
    with HostProcess(*command, env=display) as program:
        program.json_line()
    # Its output is complete here. The test itself has requested the port.
    expected = re.compile("sandbox is off|^DevTools listening|^Remote debugging|^$")
    assert [line for line in program.stderr_lines if not expected.search(line)] == []


PRINT_SANDBOX = """
import logging, os
from shell.bridge.desktop.webviews import ViewOptions, qt
logging.basicConfig(format="%(message)s")
qt.prepare(ViewOptions(print, None, ("#fff", "#000"), lambda: 1.0, None))
print("sandbox", os.environ.get("QTWEBENGINE_DISABLE_SANDBOX"))
"""


def _marked(mark: dict[str, str]) -> list[Path]:
    """Running processes that have this entry in their environment."""
    entry = "=".join(*mark.items()).encode()
    processes = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if entry in (process / "environ").read_bytes().split(b"\0"):
                    processes.append(process)
            except OSError:
                continue  # it has ended, or belongs to another user
    return processes
