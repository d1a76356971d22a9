"""Scripts for a page whose web view gives no better way than pywebview's own."""

import threading

from webview.window import Window

from shell.bridge.desktop.pump import Answer, RunScript


def waiting_runner(window: Window) -> RunScript:
    """pywebview waits for a script's value without an end; so each waits in a thread of its own."""

    def run(script: str, answer: Answer) -> None:
        def wait() -> None:
            answer(window.run_js(script))

        threading.Thread(target=wait, name="script", daemon=True).start()

    return run
