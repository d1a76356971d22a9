"""GTK's web view (WebKitGTK) under pywebview, sealed before pywebview makes the first one."""

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
    """Put sealed parts where pywebview looks for its own. WebKitGTK has no port for debugging."""
    if options.debug_port is not None:
        _log.warning("This web view cannot be debugged by remote; the port is not opened")
    _pass_signals_on()
    view = platform.BrowserView
    begin: Callable[[Any, Window], None] = view.__init__

    def sealed(native: Any, window: Window) -> None:
        begin(native, window)
        _seal(native)

    def said(native: Any, manager: object, message: Any) -> None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            body = json.loads(message.get_js_value().to_string())
            options.post(native.pywebview_window, body["funcName"], body["params"], body["id"])

    parts = {"__init__": sealed, "on_navigation": _on_navigation, "on_js_bridge_call": said}
    for name, part in parts.items():
        setattr(view, name, part)


def runner(window: Window) -> RunScript:
    """Scripts for the page of a window; the answer comes on the thread of the user interface."""
    web: Any = platform.BrowserView.instances[window.uid].webview

    def run(script: str, answer: OnValue) -> None:
        def done(_: object, task: object) -> None:
            value: object = None
            with contextlib.suppress(GLib.Error):  # the page is going, or is gone
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


def _pass_signals_on() -> None:
    """To the socket that Python writes to until GTK's loop puts another one in its place."""
    socket = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(socket, warn_on_full_buffer=False)

    def heard() -> bool:
        os.write(socket, b"\0")
        return True

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        GLib.unix_signal_add(GLib.PRIORITY_HIGH, number, heard)


def _seal(native: Any) -> None:
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

    def dialog(_: object, asked: Any) -> bool:
        if asked.get_dialog_type() == WebKit2.ScriptDialogType.CONFIRM:
            asked.confirm_set_confirmed(False)
        return True

    def crashed(_: object, reason: Any) -> None:
        if crashes.one_more(str(reason)):
            web.load_uri(native.pywebview_window.original_url)

    web.connect("create", lambda *_: None)
    web.connect("permission-request", permission)
    web.connect("script-dialog", dialog)
    web.connect("show-notification", lambda *_: True)
    web.connect("print", lambda *_: True)
    web.connect("web-process-terminated", crashed)
    web.get_context().connect("download-started", lambda _, download: download.cancel())


def _on_navigation(native: Any, web: object, decision: Any, kind: object) -> bool:
    """Home may be shown; nothing opens a window, and nothing is downloaded."""
    if kind is WebKit2.PolicyDecisionType.RESPONSE:
        allowed = bool(decision.is_mime_type_supported())
    elif kind is WebKit2.PolicyDecisionType.NAVIGATION_ACTION:
        url = decision.get_navigation_action().get_request().get_uri()
        allowed = may_navigate(native.pywebview_window, url)
    else:
        allowed = False
    (decision.use if allowed else decision.ignore)()
    return True
