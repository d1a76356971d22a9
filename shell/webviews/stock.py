"""A web view as pywebview brings it: WKWebView, WebView2, WebKitGTK. Untested so far.

The door is the only way in here too. What is still open: pywebview lets these views go to another
address, so navigation has to be refused by their own delegates.
"""

import threading

import webview
from webview.window import Window

from shell.pump import Answer, RunScript
from shell.webviews import Gui, Post

GUI: Gui | None = None


def prepare(post: Post, debug_port: int | None, paper: tuple[str, str]) -> None:
    """The dispatcher has been replaced already; here only the port is left to be set."""
    webview.settings["REMOTE_DEBUGGING_PORT"] = debug_port


def runner(window: Window) -> RunScript:
    """pywebview waits for a script's value without an end; so each waits in a thread of its own."""

    def run(script: str, answer: Answer) -> None:
        def wait() -> None:
            answer(window.run_js(script))

        threading.Thread(target=wait, name="script", daemon=True).start()

    return run


def finish() -> None:
    """Nothing is left to do."""
