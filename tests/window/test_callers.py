"""Who speaks through a window, and until when."""

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
import webview
from webview.window import Window

from shell.bridge.caller import Caller
from shell.bridge.desktop.pump import OnValue, RunScript
from shell.bridge.desktop.windows import Windows
from shell.support.event_loop import LoopThread, event_loop_thread


class View:
    """A web view whose scripts are never answered."""

    @staticmethod
    def runner(_: Window) -> RunScript:
        def run(script: str, answer: OnValue) -> None:
            pass

        return run


@pytest.fixture
def thread() -> Iterator[LoopThread]:
    with event_loop_thread() as made:
        yield made


def test_a_page_that_speaks_after_its_window_was_closed_is_nobody(thread: LoopThread) -> None:
    heard: list[str] = []
    left: list[str] = []

    def door(caller: Caller, text: str) -> None:
        heard.append(text)

    windows = Windows(thread.loop, door, "http://127.0.0.1:1/", on_closed=left.append)
    vars(windows)["_view"] = View
    windows._build()
    window = webview.windows.pop()
    before = threading.active_count()
    windows._post(window, "post", "first", 0)
    closed = threading.Event()
    window.events.closed += closed.set
    window.events.closed.set()
    assert closed.wait(20)
    windows._post(window, "post", "second", 0)
    thread.call(lambda: None)
    assert (heard, len(left), windows._callers, windows._ends) == (["first"], 1, {}, {})
    for other in threading.enumerate():
        if other.name == "pump":
            other.join(20)
    assert threading.active_count() <= before


def test_the_first_call_of_a_page_does_not_wait_for_the_contract() -> None:
    """The GUI thread imports these while another thread loads the host's models."""
    loaded = loaded_by("shell.bridge.caller, shell.bridge.desktop.pump")
    assert not [name for name in loaded if name.partition(".")[0] == "pydantic"]


def test_a_window_opens_without_the_models_of_conversations() -> None:
    assert {"shell.app.host", "shell.contract.requests"} <= loaded_by("shell.app.host")
    assert "shell.contract.conversations" not in loaded_by("shell.app.host")


def loaded_by(modules: str) -> set[str]:
    """The modules that are loaded when these have been imported."""
    code = f"import sys, {modules}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
