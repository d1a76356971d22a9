"""A toy host: the real windows, door and feed with a page of one file and a few toy methods.

Runs as a program, since windows need the main thread:
`python -m tests.window.toy [--debug-port N]`. Qt is imported late: PySide6 inspects every module
that is imported after it, and fails on a partially imported pydantic.
"""

import argparse
import asyncio
import gc
import http.server
import logging
import sys
import threading
from pathlib import Path
from typing import Any, cast

import webview
from pydantic import BaseModel

from shell.api.mcp import Confirm
from shell.api.shell import ShellApi
from shell.bridge.caller import Caller
from shell.bridge.desktop.windows import Windows
from shell.bridge.door import Door
from shell.contract import AttachReply, AttachRequest, Defaults, DoneEvent, Timing, Usage
from shell.errors import NotFound
from shell.inference.log import InferenceLog

HERE = Path(__file__).parent
STRICT = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'none'; base-uri 'none'"
)
LOOSE = "default-src * data: blob: 'unsafe-inline'"
"""The policy with `?loose`, under which only the window itself restricts the page."""


SHAPE, ZOOM = (750, 500), 1.25
MAX_LOGS = 5
"""How many of the latest streams a page may attach to."""


class StreamRequest(BaseModel):
    """A stream of tokens, with a pause after each."""

    id: str
    tokens: int
    milliseconds: float = 0


class Toy:
    """Methods of the host for tests."""

    def __init__(self) -> None:
        self.logs: dict[str, InferenceLog] = {}
        self.tasks: set[asyncio.Task[None]] = set()
        self.most_threads = 0
        self.confirm_dialog: Confirm | None = None
        self.question: list[str] = []

    def echo(self, caller: Caller, params: str) -> str:
        """Return the text unchanged."""
        self.most_threads = max(self.most_threads, threading.active_count())
        return params

    def threads(self, caller: Caller) -> int:
        """The most Python threads during any `echo`."""
        return self.most_threads

    def objects(self, caller: Caller) -> int:
        """How many memory blocks Python has allocated, after a garbage collection."""
        gc.collect()
        return sys.getallocatedblocks()

    def say(self, caller: Caller, params: str) -> None:
        """Print the text to stderr, for a test without a browser."""
        print(f"SAID {params}", file=sys.stderr, flush=True)

    def menu(self, caller: Caller) -> bool:
        """Print the items of the open context menu, and close it."""
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        application = QApplication.instance()
        assert application is not None
        QTimer.singleShot(0, application, _print_menu)
        return True

    def zoom(self, caller: Caller, params: str) -> None:
        """Press Ctrl and this key."""
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        application = QApplication.instance()
        assert application is not None
        QTimer.singleShot(0, application, lambda: _press_with_control(ord(params)))

    def panel(self, caller: Caller) -> None:
        """Print whether the panel covers a page that keeps crashing, and press its button."""
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        application = QApplication.instance()
        assert application is not None
        QTimer.singleShot(0, application, _press)

    def choose(self, caller: Caller, params: str) -> None:
        """Choose this file in the open file dialog; an empty path cancels it."""
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        application = QApplication.instance()
        assert application is not None
        QTimer.singleShot(0, application, lambda: _choose(params))

    async def confirm(self, caller: Caller, params: str) -> bool | None:
        """Ask the person at the window."""
        assert self.confirm_dialog is not None
        return await self.confirm_dialog(caller.id, "Run this?", params)

    def answer(self, caller: Caller, params: bool | None) -> None:
        """Press OK or Cancel in the open question; None closes it."""
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        application = QApplication.instance()
        assert application is not None
        QTimer.singleShot(0, application, lambda: self._answer(params))

    def _answer(self, agrees: bool | None) -> None:
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication, QMessageBox

        boxes = [
            widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMessageBox)
        ]
        if not boxes or not boxes[0].isVisible():
            QTimer.singleShot(20, lambda: self._answer(agrees))
            return
        box = boxes[0]
        default = next((widget for widget in box.buttons() if widget.property("default")), None)
        self.question = [
            box.text(),
            *sorted(each.text().replace("&", "") for each in box.buttons()),
            "" if default is None else default.text().replace("&", ""),
        ]
        if agrees is None:
            box.reject()
            return
        name = "Ok" if agrees else "Cancel"
        box.button(getattr(QMessageBox.StandardButton, name)).click()

    def last_question(self, caller: Caller) -> list[str]:
        """The text, the buttons and the default button of the last question."""
        return self.question

    def background(self, caller: Caller) -> str:
        """The background color of the web view, before the page is drawn."""
        native: Any = webview.windows[0].native
        return str(native.webview.page().backgroundColor().name())

    def identity(self, caller: Caller) -> list[str]:
        """Title of the first window, and the names by which a desktop knows the program."""
        from PySide6.QtGui import QGuiApplication

        native: Any = webview.windows[0].native
        return [
            native.windowTitle(),
            QGuiApplication.applicationName(),
            QGuiApplication.desktopFileName(),
        ]

    def has_icon(self, caller: Caller) -> bool:
        """Whether the first window shows an icon."""
        native: Any = webview.windows[0].native
        return not native.windowIcon().isNull()

    def close_last(self, caller: Caller) -> None:
        """Close the window that was opened last, as its user would."""
        threading.Thread(target=webview.windows[-1].destroy).start()

    def shape_last(self, caller: Caller) -> None:
        """Make the window that was opened last another size, and its page larger."""
        from PySide6.QtCore import QTimer
        from PySide6.QtWidgets import QApplication

        application = QApplication.instance()
        assert application is not None
        QTimer.singleShot(0, application, _shape_last)

    def stream(self, caller: Caller, params: StreamRequest) -> bool:
        """Write tokens `0 `, `1 ` … into a log that pages can attach to."""
        log = self.logs[params.id] = InferenceLog(params.id, None)
        task = asyncio.ensure_future(_write(log, params))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        for old in list(self.logs)[:-MAX_LOGS]:
            del self.logs[old]
        return True

    def attach(self, caller: Caller, params: AttachRequest) -> AttachReply:
        """Attach to one of the toy's logs, like the real method."""
        log = self.logs.get(params.inference_id)
        if log is None:
            raise NotFound("There is no such log")
        events = log.read(params.after_seq)
        after = log.last_seq
        caller.feed.follow(caller.load, log, after)
        return AttachReply(events=events, live=log.ending is None, more=False)


def _choose(path: str) -> None:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit

    dialogs = [
        widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QFileDialog)
    ]
    if not dialogs or not dialogs[0].isVisible():
        QTimer.singleShot(20, lambda: _choose(path))
        return
    dialog = dialogs[0]
    if path == "":
        dialog.reject()
        return
    line = dialog.findChild(QLineEdit)
    assert isinstance(line, QLineEdit)
    line.setText(path)
    dialog.accept()


def _print_menu() -> None:
    from PySide6.QtWidgets import QApplication

    menu = QApplication.activePopupWidget()
    names = [] if menu is None else [each.text() for each in menu.actions() if each.isEnabled()]
    print(f"MENU {names}", file=sys.stderr, flush=True)
    if menu is not None:
        menu.close()


def _press_with_control(key: int) -> None:
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    window = QApplication.topLevelWindows()[0]
    QTest.keyClick(window, Qt.Key(key), Qt.KeyboardModifier.ControlModifier)


def _shape_last() -> None:
    native: Any = webview.windows[-1].native
    native.resize(*SHAPE)
    native.webview.setZoomFactor(ZOOM)


def _press() -> None:
    from shell.bridge.desktop.webviews.qt_view import CrashPanel

    (panel,) = (
        panel
        for window in webview.windows
        for panel in cast("Any", window.native).webview.findChildren(CrashPanel)
    )
    view = panel.parentWidget()
    print(f"PANEL {panel.isVisible() and panel.size() == view.size()}", file=sys.stderr, flush=True)
    panel.button.click()


async def _write(log: InferenceLog, request: StreamRequest) -> None:
    for number in range(request.tokens):
        log.append_text("llm:token", f"{number} ")
        await asyncio.sleep(request.milliseconds / 1000)
    usage = Usage(
        input_tokens=0,
        output_tokens=request.tokens,
        reasoning_tokens=0,
        cached_tokens=0,
        estimated=False,
    )
    log.append(
        DoneEvent(
            **log.stamp(),
            total_tokens=request.tokens,
            usage=usage,
            finish_reason="stop",
            cancelled=False,
            timing=Timing(first_token_ms=None, total_ms=log.elapsed_ms),
        )
    )


class PageHandler(http.server.BaseHTTPRequestHandler):
    """Serves the toy's page and script, and a second page that must not be opened."""

    def do_GET(self) -> None:
        name = {"/": "toy.html", "/toy.js": "toy.js"}.get(self.path.split("?")[0])
        if self.path == "/away":
            self.send_response(302)
            host = self.headers["Host"].replace("127.0.0.1", "localhost")
            self.send_header("Location", f"http://{host}/other")
            self.end_headers()
            return
        print(f"GET {self.path}", file=sys.stderr, flush=True)
        body = (HERE / name).read_bytes() if name else b"<!doctype html>elsewhere"
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if name == "toy.js" else "text/html")
        self.send_header("Content-Security-Policy", LOOSE if "loose" in self.path else STRICT)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Print nothing; `do_GET` prints the path."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--debug-port", type=int)
    parser.add_argument("--dark", action="store_true", help="a desktop with dark colours")
    parser.add_argument("--query", default="", help="of the page's address")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), PageHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    windows: Windows
    toy = Toy()
    shell = ShellApi(
        "test",
        lambda: Defaults(provider_id="toy", model_id="toy"),
        lambda: windows.open(),
        lambda link: print(f"OPEN {link}", file=sys.stderr, flush=True) is None,
        lambda caller_id: windows.dialogs.choose_file(caller_id),
        lambda caller_id, action: windows.control(caller_id, action),
    )
    windows = Windows(
        loop,
        Door({"shell": shell, "toy": toy}).post,
        f"http://127.0.0.1:{server.server_port}/{arguments.query}",
        name="toy",
        debug_port=arguments.debug_port,
        on_closed=lambda window: print(f"CLOSED {window}", file=sys.stderr, flush=True),
    )
    toy.confirm_dialog = windows.dialogs.confirm
    if arguments.dark:
        from PySide6.QtCore import Qt
        from PySide6.QtWidgets import QApplication

        application = QApplication(sys.argv)
        application.styleHints().setColorScheme(Qt.ColorScheme.Dark)
    windows.run()
    print("ENDED", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
