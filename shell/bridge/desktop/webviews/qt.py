"""Qt's web view under pywebview, sealed before pywebview makes the first one."""

import logging
import os
import signal
import sys
from functools import partial
from typing import Any, Protocol, cast

import webview.platforms.qt as platform
from PySide6.QtCore import QCoreApplication, QEvent, QLoggingCategory, QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWebEngineCore import QWebEngineProfile
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QMessageBox, QWidget
from webview.window import Window

from shell.bridge.desktop.pump import RunScript
from shell.bridge.desktop.webviews import Gui, ViewOptions
from shell.bridge.desktop.webviews.qt_bridge import Bridge, Runner
from shell.bridge.desktop.webviews.qt_cleanup import QtCleanup
from shell.bridge.desktop.webviews.qt_page import SealedPage
from shell.bridge.desktop.webviews.qt_view import SealedView
from shell.bridge.desktop.webviews.qt_zoom import add_zoom
from shell.bridge.desktop.window_state import WindowState

GUI: Gui = "qt"
_log = logging.getLogger(__name__)


class _Native(Protocol):
    """What is used here of pywebview's own window, its `BrowserView`."""

    pywebview_window: Window
    webview: QWebEngineView
    js_bridge: Bridge
    request_interceptor: QObject
    _confirmation_dialog_results: dict[str, dict[str, Any]]


def prepare(options: ViewOptions) -> None:
    """Set what Chromium reads once, and put sealed parts where pywebview looks for its own."""
    if options.debug_port is None:
        os.environ.pop("QTWEBENGINE_REMOTE_DEBUGGING", None)
    else:
        os.environ["QTWEBENGINE_REMOTE_DEBUGGING"] = f"127.0.0.1:{options.debug_port}"
    if not _log.isEnabledFor(logging.INFO):
        # What Qt and Chromium say of the machine, such as of its graphics, is for who asks for it.
        QLoggingCategory.setFilterRules("*.info=false\n*.warning=false")
        flags = os.environ.get("QTWEBENGINE_CHROMIUM_FLAGS", "")
        os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = f"{flags} --log-level=3".strip()
    if sys.platform == "linux" and os.geteuid() == 0:
        os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
        _log.warning("Running as root: the web view's sandbox is off")

    if options.name is not None:  # Qt would take the name of the script, `__main__.py`
        QCoreApplication.setApplicationName(options.name)
        QGuiApplication.setDesktopFileName(options.name)
    remains = QtCleanup()

    def bridge(native: _Native) -> Bridge:
        return Bridge(partial(options.post, native.pywebview_window))

    def page(native: _Native, profile: QWebEngineProfile) -> SealedPage:
        home = native.pywebview_window.original_url or ""
        made = SealedPage(home, native.js_bridge, profile, native.webview, options.paper)
        interceptor, window = native.request_interceptor, cast("QObject", native)
        made.setZoomFactor(options.zoom())  # the view's own goes with the page that it has now
        add_zoom(native.webview)
        made.titleChanged.connect(lambda title: _show_title(native, made, title))
        made.iconChanged.connect(cast("QWidget", native).setWindowIcon)
        remains.follow(made, profile, interceptor, native.js_bridge, window)
        return made

    parts = {
        "JSBridge": bridge,
        "WebView": SealedView,
        "WebPage": page,
        "_set_js_api": _loaded,
        "on_window_restore": _come_forward,
        "on_confirmation_dialog": _ask,
    }
    for attribute, part in parts.items():
        setattr(platform.BrowserView, attribute, part)
    # pywebview's would end Qt's loop past the windows. `Windows` hears of signals by itself.
    vars(platform)["_sigint_handler"] = signal.getsignal(signal.SIGINT)


def runner(window: Window) -> RunScript:
    """Scripts for the page of a window."""
    native = cast("_Native", window.native)
    return Runner(native.webview.page()).run


def placement(window: Window) -> WindowState:
    """Where a window stands."""
    native = cast("QWidget", window.native)
    inner, frame = native.normalGeometry(), native.pos()
    if native.isMaximized():
        frame = inner.topLeft()
    zoom = cast("_Native", window.native).webview.zoomFactor()
    return WindowState(
        inner.width(), inner.height(), frame.x(), frame.y(), native.isMaximized(), zoom
    )


def bring_forward(window: Window) -> None:
    """Bring a window to the front."""
    window.restore()


def finish() -> None:
    """Let Qt delete what it was asked to delete, in its own order."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _come_forward(native: QWidget) -> None:
    """Instead of pywebview's, which makes a maximized window small."""
    native.setWindowState(native.windowState() & ~Qt.WindowState.WindowMinimized)
    native.raise_()
    native.activateWindow()


def _ask(native: _Native, title: str, text: str, question: str) -> None:
    """Instead of pywebview's, which may take a text for HTML, and Enter for a yes."""
    box = QMessageBox(cast("QWidget", native))
    box.setWindowTitle(title)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    box.setStandardButtons(QMessageBox.StandardButton.Ok | QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    agreed = box.exec() == QMessageBox.StandardButton.Ok
    box.deleteLater()
    waiting = native._confirmation_dialog_results[question]  # noqa: SLF001, nothing else answers it
    waiting["result"] = agreed
    waiting["semaphore"].release()


def _show_title(native: _Native, page: SealedPage, title: str) -> None:
    # Chromium uses the address as the title of a page that has none (yet).
    if title and title not in page.requestedUrl().toString():
        cast("QWidget", native).setWindowTitle(title)


def _loaded(native: _Native) -> None:
    """Instead of pywebview's page script, and of the thread that brings it into every load."""
    events = native.pywebview_window.events
    for name in ("before_load", "_pywebviewready", "loaded"):
        getattr(events, name).set()
