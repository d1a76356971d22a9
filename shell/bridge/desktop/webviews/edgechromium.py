"""Windows' web view (WebView2) under pywebview, sealed. Untested: from Microsoft's documentation.

pywebview adds its own methods as handlers, by name; ours take their place before a window is made.
"""

import contextlib
import json
from collections.abc import Callable
from typing import Any

import webview
import webview.platforms.edgechromium as platform
from webview.window import Window

from shell.bridge.desktop.pump import OnValue, RunScript
from shell.bridge.desktop.webviews import Gui, ViewOptions
from shell.bridge.desktop.webviews.navigation import Crashes, is_home, may_navigate
from shell.bridge.desktop.window_state import WindowState

GUI: Gui = "edgechromium"


def prepare(options: ViewOptions) -> None:
    """Put sealed handlers where pywebview looks for its own."""
    webview.settings["REMOTE_DEBUGGING_PORT"] = options.debug_port
    view = platform.EdgeChrome
    ready: Callable[[Any, Any, Any], None] = view.on_webview_ready

    def sealed(native: Any, sender: Any, told: Any) -> None:
        if told.IsSuccess:
            _seal(native, sender.CoreWebView2)
        ready(native, sender, told)
        if told.IsSuccess:
            sender.CoreWebView2.Settings.AreDefaultScriptDialogsEnabled = False

    def said(native: Any, sender: object, told: Any) -> None:
        if not is_home(native.pywebview_window, str(told.Source)):
            return
        with contextlib.suppress(ValueError, TypeError):
            name, text, number = json.loads(told.get_WebMessageAsJson())
            options.post(native.pywebview_window, name, json.loads(text), number)

    parts = {
        "on_webview_ready": sealed,
        "on_navigation_start": _on_navigation,
        "on_new_window_request": _on_new_window,
        "on_download_starting": _on_download,
        "on_script_notify": said,
    }
    for name, part in parts.items():
        setattr(view, name, part)


def runner(window: Window) -> RunScript:
    """Scripts for the page of a window. Not through pywebview, where a thread waits for each, for
    ever when the page goes away.
    """
    native: Any = window.native
    net: Any = platform
    edge = native.browser
    web = edge.webview

    def run(script: str, answer: OnValue) -> None:
        def done(task: Any) -> None:
            value: object = None
            with contextlib.suppress(Exception):  # .NET's own, when the page is going, or is gone
                value = json.loads(task.Result)
            answer(value)

        def begin() -> None:
            task = web.ExecuteScriptAsync(script)
            told = net.Action[net.Task[net.String]](done)
            task.ContinueWith(told, edge.syncContextTaskScheduler)

        with contextlib.suppress(Exception):  # the window is closed
            web.BeginInvoke(net.Action(begin))

    return run


def placement(window: Window) -> WindowState:
    """Where a window stands."""
    form: Any = window.native
    normal = str(form.WindowState) == "Normal"
    bounds = form.Bounds if normal else form.RestoreBounds
    scale = float(form._scale)  # noqa: SLF001, what pywebview multiplies sizes by
    width, height = int(bounds.Width / scale), int(bounds.Height / scale)
    maximized = str(form.WindowState) == "Maximized"
    return WindowState(width, height, int(bounds.X / scale), int(bounds.Y / scale), maximized)


def bring_forward(window: Window) -> None:
    """Bring a window to the front; a maximized one stays so."""
    window.events.shown.wait(20)
    form: Any = window.native
    if str(form.WindowState) == "Minimized":
        window.restore()
    window.show()


def finish() -> None:
    """Nothing is left to do."""


def _seal(native: Any, core: Any) -> None:
    crashes = Crashes()

    def permission(sender: object, asked: Any) -> None:
        asked.State = type(asked.State).Deny
        asked.Handled = True

    def cancel(sender: object, asked: Any) -> None:
        asked.Cancel = True

    def failed(sender: object, told: Any) -> None:
        how = str(told.ProcessFailedKind)
        if how == "RenderProcessExited" and crashes.one_more(how):
            core.Navigate(native.pywebview_window.original_url)

    core.PermissionRequested += permission
    core.FrameNavigationStarting += cancel
    core.ProcessFailed += failed
    core.LaunchingExternalUriScheme += cancel


def _on_navigation(native: Any, sender: object, asked: Any) -> None:
    asked.Cancel = not may_navigate(native.pywebview_window, str(asked.Uri))


def _on_new_window(native: Any, sender: object, asked: Any) -> None:
    asked.Handled = True  # and none is made


def _on_download(native: Any, sender: object, asked: Any) -> None:
    asked.Cancel = True
