"""GTK's web view (WebKitGTK) under pywebview, restricted before pywebview makes the first one."""

import contextlib
import json
import logging
import os
import signal
from collections.abc import Callable
from typing import Any

import webview.platforms.gtk as platform
from gi.repository import GLib, WebKit2  # type: ignore[import-not-found]
from webview.window import Window

from shell.bridge.desktop.pump import OnValue, RunScript
from shell.bridge.desktop.webviews import Gui, ViewOptions
from shell.bridge.desktop.webviews.navigation import Crashes, may_navigate
from shell.bridge.desktop.window_state import WindowState

GUI: Gui = "gtk"
_log = logging.getLogger(__name__)


def prepare(options: ViewOptions) -> None:
    """Put restricted parts where pywebview looks for its own. WebKitGTK has no debugging port."""
    if options.debug_port is not None:
        _log.warning("This web view cannot be debugged by remote; the port is not opened")
    _forward_signals()
    view = platform.BrowserView
    pywebview_init: Callable[[Any, Window], None] = view.__init__

    def init(native: Any, window: Window) -> None:
        pywebview_init(native, window)
        _restrict(native)

    def on_message(native: Any, manager: object, message: Any) -> None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            body = json.loads(message.get_js_value().to_string())
            options.post(native.pywebview_window, body["funcName"], body["params"], body["id"])

    parts = {"__init__": init, "on_navigation": _on_navigation, "on_js_bridge_call": on_message}
    for name, part in parts.items():
        setattr(view, name, part)


def runner(window: Window) -> RunScript:
    """Return the function that runs scripts in a window's page. Values come on the GUI thread."""
    web: Any = platform.BrowserView.instances[window.uid].webview

    def run(script: str, answer: OnValue) -> None:
        def done(_: object, task: object) -> None:
            value: object = None
            with contextlib.suppress(GLib.Error):  # the page is closing or closed
                found = web.evaluate_javascript_finish(task)
                value = found.is_boolean() and found.to_boolean()
            answer(value)

        def begin() -> bool:
            web.evaluate_javascript(script, len(script), None, None, None, done)
            return False

        GLib.idle_add(begin)

    return run


def placement(window: Window) -> WindowState:
    """Return the position and size of a window."""
    native: Any = window.native
    width, height = native.get_size()
    x, y = native.get_position()
    return WindowState(width, height, x, y, bool(native.is_maximized()))


def bring_forward(window: Window) -> None:
    """Bring a window to the front."""
    window.restore()


def finish() -> None:
    """Nothing is left to do."""


def _forward_signals() -> None:
    """Write to Python's wakeup socket at each signal, because GTK's loop replaces that socket."""
    socket = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(socket, warn_on_full_buffer=False)

    def wake() -> bool:
        os.write(socket, b"\0")
        return True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        GLib.unix_signal_add(GLib.PRIORITY_HIGH, number, wake)


def _restrict(native: Any) -> None:
    web, crashes = native.webview, Crashes()
    settings = web.get_settings().props
    for name in (
        "allow_file_access_from_file_urls",
        "allow_universal_access_from_file_urls",
        "enable_dns_prefetching",
        "enable_fullscreen",
        "enable_media_stream",
        "javascript_can_access_clipboard",
        "javascript_can_open_windows_automatically",
    ):
        setattr(settings, name, False)

    def permission(_: object, request: Any) -> bool:
        request.deny()
        return True

    def refuse(_: object, dialog: Any) -> bool:
        if dialog.get_dialog_type() == WebKit2.ScriptDialogType.CONFIRM:
            dialog.confirm_set_confirmed(False)
        return True

    def crashed(_: object, reason: Any) -> None:
        if crashes.count(str(reason)):
            web.load_uri(native.pywebview_window.original_url)

    web.connect("create", lambda *_: None)
    web.connect("permission-request", permission)
    web.connect("script-dialog", refuse)
    web.connect("show-notification", lambda *_: True)
    web.connect("print", lambda *_: True)
    web.connect("web-process-terminated", crashed)
    web.get_context().connect("download-started", lambda _, download: download.cancel())


def _on_navigation(native: Any, web: object, decision: Any, kind: object) -> bool:
    """Allow only the page's own address; refuse new windows and downloads."""
    if kind is WebKit2.PolicyDecisionType.RESPONSE:
        allowed = bool(decision.is_mime_type_supported())
    elif kind is WebKit2.PolicyDecisionType.NAVIGATION_ACTION:
        url = decision.get_navigation_action().get_request().get_uri()
        allowed = may_navigate(native.pywebview_window, url)
    else:
        allowed = False
    (decision.use if allowed else decision.ignore)()
    return True
