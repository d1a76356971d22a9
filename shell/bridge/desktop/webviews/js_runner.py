"""Runs scripts through pywebview, for web views that offer no callback."""

import threading

from webview.window import Window

from shell.bridge.desktop.pump import Answer, RunScript


def waiting_runner(window: Window) -> RunScript:
    """Run each script in a thread of its own: pywebview waits for its value without a limit."""

    def run(script: str, answer: Answer) -> None:
        def wait() -> None:
            answer(window.run_js(script))

        threading.Thread(target=wait, name="script", daemon=True).start()

    return run
