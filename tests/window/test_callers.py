"""The caller of a window, and the modules that a window loads."""

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
from tests.host_process import PATIENCE_S


class SilentView:
    """A web view that never answers a script."""

    @staticmethod
    def runner(_: Window) -> RunScript:
        def run(script: str, answer: OnValue) -> None:
            pass

        return run


@pytest.fixture
def thread() -> Iterator[LoopThread]:
    with event_loop_thread() as loop_thread:
        yield loop_thread


def test_a_page_that_speaks_after_its_window_was_closed_is_nobody(thread: LoopThread) -> None:
    received: list[str] = []
    closed_callers: list[str] = []

    def door(caller: Caller, text: str) -> None:
        received.append(text)

    windows = Windows(thread.loop, door, "http://127.0.0.1:1/", on_closed=closed_callers.append)
    vars(windows)["_view"] = SilentView
    windows._build()
    window = webview.windows.pop()
    before = threading.active_count()
    windows._post(window, "post", "first", 0)
    closed = threading.Event()
    window.events.closed += closed.set
    window.events.closed.set()
    assert closed.wait(PATIENCE_S)
    windows._post(window, "post", "second", 0)
    thread.call(lambda: None)
    assert (received, len(closed_callers)) == (["first"], 1)
    assert (windows._callers, windows._ends) == ({}, {})
    for pump_thread in threading.enumerate():
        if pump_thread.name == "pump":
            pump_thread.join(PATIENCE_S)
    assert threading.active_count() <= before


def test_the_first_call_of_a_page_does_not_wait_for_the_contract() -> None:
    """The GUI thread imports these while another thread loads the host's models."""
    loaded = modules_loaded_by("shell.bridge.caller, shell.bridge.desktop.pump")
    assert not [name for name in loaded if name.partition(".")[0] == "pydantic"]


def test_a_window_opens_without_the_models_of_conversations() -> None:
    assert {"shell.app.host", "shell.contract.requests"} <= modules_loaded_by("shell.app.host")
    assert "shell.contract.conversations" not in modules_loaded_by("shell.app.host")


def modules_loaded_by(modules: str) -> set[str]:
    """All modules that are loaded after an import of these."""
    code = f"import sys, {modules}\nprint(*sys.modules)"
    completed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(completed.stdout.split())
