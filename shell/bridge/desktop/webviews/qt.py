"""Qt's web view under pywebview, restricted before pywebview makes the first one."""

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
from shell.bridge.desktop.webviews.qt_page import RestrictedPage
from shell.bridge.desktop.webviews.qt_view import RestrictedView
from shell.bridge.desktop.webviews.qt_zoom import add_zoom
from shell.bridge.desktop.window_state import WindowState

GUI: Gui = "qt"
_log = logging.getLogger(__name__)


class _Native(Protocol):
    """The attributes of pywebview's own window, its `BrowserView`, that are used here."""

    pywebview_window: Window
    webview: QWebEngineView
    js_bridge: Bridge
    request_interceptor: QObject
    _confirmation_dialog_results: dict[str, dict[str, Any]]


def prepare(options: ViewOptions) -> None:
    """Set what Chromium reads once, and put restricted parts where pywebview looks for its own."""
    if options.debug_port is None:
        os.environ.pop("QTWEBENGINE_REMOTE_DEBUGGING", None)
    else:
        os.environ["QTWEBENGINE_REMOTE_DEBUGGING"] = f"127.0.0.1:{options.debug_port}"
    if not _log.isEnabledFor(logging.INFO):
        # Messages of Qt and Chromium about the machine, such as its graphics, are shown on request.
        QLoggingCategory.setFilterRules("*.info=false\n*.warning=false")
        flags = os.environ.get("QTWEBENGINE_CHROMIUM_FLAGS", "")
        os.environ["QTWEBENGINE_CHROMIUM_FLAGS"] = f"{flags} --log-level=3".strip()
    if sys.platform == "linux" and os.geteuid() == 0:
        os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
        _log.warning("Running as root: the web view's sandbox is off")

    if options.name is not None:  # Qt would take the name of the script, `__main__.py`
        QCoreApplication.setApplicationName(options.name)
        QGuiApplication.setDesktopFileName(options.name)
    cleanup = QtCleanup()

    def bridge(native: _Native) -> Bridge:
        return Bridge(partial(options.post, native.pywebview_window))

    def new_page(native: _Native, profile: QWebEngineProfile) -> RestrictedPage:
        url = native.pywebview_window.original_url or ""
        page = RestrictedPage(url, native.js_bridge, profile, native.webview, options.paper)
        interceptor, window = native.request_interceptor, cast("QObject", native)
        page.setZoomFactor(options.zoom())  # the view's own zoom ends with its present page
        add_zoom(native.webview)
        page.titleChanged.connect(lambda title: _show_title(native, page, title))
        page.iconChanged.connect(cast("QWidget", native).setWindowIcon)
        cleanup.follow(page, profile, interceptor, native.js_bridge, window)
        return page

    parts = {
        "JSBridge": bridge,
        "WebView": RestrictedView,
        "WebPage": new_page,
        "_set_js_api": _report_loaded,
        "on_window_restore": _bring_forward,
        "on_confirmation_dialog": _confirm,
    }
    for attribute, part in parts.items():
        setattr(platform.BrowserView, attribute, part)
    # pywebview's handler would end Qt's loop before the windows close. `Windows` handles signals.
    vars(platform)["_sigint_handler"] = signal.getsignal(signal.SIGINT)


def runner(window: Window) -> RunScript:
    """Return the function that runs scripts in a window's page."""
    return Runner(cast("_Native", window.native).webview.page()).run


def placement(window: Window) -> WindowState:
    """Return the position, size and zoom of a window."""
    native = cast("QWidget", window.native)
    inner, frame, maximized = native.normalGeometry(), native.pos(), native.isMaximized()
    if maximized:
        frame = inner.topLeft()
    zoom = cast("_Native", window.native).webview.zoomFactor()
    return WindowState(inner.width(), inner.height(), frame.x(), frame.y(), maximized, zoom)


def bring_forward(window: Window) -> None:
    """Bring a window to the front."""
    window.restore()


def finish() -> None:
    """Let Qt delete the objects of pending `deleteLater` calls, in its own order."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def _bring_forward(native: QWidget) -> None:
    """Replace pywebview's function, which makes a maximized window small."""
    native.setWindowState(native.windowState() & ~Qt.WindowState.WindowMinimized)
    native.raise_()
    native.activateWindow()


def _confirm(native: _Native, title: str, text: str, question: str) -> None:
    """Replace pywebview's function, which may take a text for HTML, and Enter for a yes."""
    box = QMessageBox(cast("QWidget", native))
    box.setWindowTitle(title)
    box.setIcon(QMessageBox.Icon.Question)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setText(text)
    box.setStandardButtons(QMessageBox.StandardButton.Ok | QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(QMessageBox.StandardButton.Cancel)
    agreed = box.exec() == QMessageBox.StandardButton.Ok
    box.deleteLater()
    result = native._confirmation_dialog_results[question]  # noqa: SLF001, pywebview waits for it
    result["result"] = agreed
    result["semaphore"].release()


def _show_title(native: _Native, page: RestrictedPage, title: str) -> None:
    # Chromium uses the address as the title of a page that has none (yet).
    if title and title not in page.requestedUrl().toString():
        cast("QWidget", native).setWindowTitle(title)


def _report_loaded(native: _Native) -> None:
    """Replace pywebview's function, whose thread injects its script into every load."""
    events = native.pywebview_window.events
    for name in ("before_load", "_pywebviewready", "loaded"):
        getattr(events, name).set()
