"""Windows' web view (WebView2) under pywebview, restricted. Untested, from Microsoft's documents.

pywebview adds its own methods as handlers, by name. Ours replace them before a window is made.
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
from shell.bridge.desktop.webviews.navigation import Crashes, is_page_url, may_navigate
from shell.bridge.desktop.window_state import WindowState

GUI: Gui = "edgechromium"


def prepare(options: ViewOptions) -> None:
    """Put restricted handlers where pywebview looks for its own."""
    webview.settings["REMOTE_DEBUGGING_PORT"] = options.debug_port
    view = platform.EdgeChrome
    pywebview_ready: Callable[[Any, Any, Any], None] = view.on_webview_ready

    def on_ready(native: Any, sender: Any, event: Any) -> None:
        if event.IsSuccess:
            _restrict(native, sender.CoreWebView2)
        pywebview_ready(native, sender, event)
        if event.IsSuccess:
            sender.CoreWebView2.Settings.AreDefaultScriptDialogsEnabled = False

    def on_message(native: Any, sender: object, event: Any) -> None:
        if not is_page_url(native.pywebview_window, str(event.Source)):
            return
        with contextlib.suppress(ValueError, TypeError):
            name, text, number = json.loads(event.get_WebMessageAsJson())
            options.post(native.pywebview_window, name, json.loads(text), number)

    parts = {
        "on_webview_ready": on_ready,
        "on_navigation_start": _on_navigation,
        "on_new_window_request": _on_new_window,
        "on_download_starting": _on_download,
        "on_script_notify": on_message,
    }
    for name, part in parts.items():
        setattr(view, name, part)


def runner(window: Window) -> RunScript:
    """Return the function that runs scripts in a window's page. Not through pywebview, where a
    thread waits for each script, and for ever if the page is closed.
    """
    native: Any = window.native
    net: Any = platform
    edge = native.browser
    web = edge.webview

    def run(script: str, answer: OnValue) -> None:
        def done(task: Any) -> None:
            value: object = None
            with contextlib.suppress(Exception):  # .NET's own, while the page is closing or closed
                value = json.loads(task.Result)
            answer(value)

        def begin() -> None:
            task = web.ExecuteScriptAsync(script)
            on_done = net.Action[net.Task[net.String]](done)
            task.ContinueWith(on_done, edge.syncContextTaskScheduler)

        with contextlib.suppress(Exception):  # the window is closed
            web.BeginInvoke(net.Action(begin))

    return run


def placement(window: Window) -> WindowState:
    """Return the position and size of a window."""
    form: Any = window.native
    normal = str(form.WindowState) == "Normal"
    bounds = form.Bounds if normal else form.RestoreBounds
    scale = float(form._scale)  # noqa: SLF001, what pywebview multiplies sizes by
    width, height = int(bounds.Width / scale), int(bounds.Height / scale)
    maximized = str(form.WindowState) == "Maximized"
    return WindowState(width, height, int(bounds.X / scale), int(bounds.Y / scale), maximized)


def bring_forward(window: Window) -> None:
    """Bring a window to the front. A maximized window stays maximized."""
    window.events.shown.wait(20)
    form: Any = window.native
    if str(form.WindowState) == "Minimized":
        window.restore()
    window.show()


def finish() -> None:
    """Nothing is left to do."""


def _restrict(native: Any, core: Any) -> None:
    crashes = Crashes()

    def permission(sender: object, event: Any) -> None:
        event.State = type(event.State).Deny
        event.Handled = True

    def cancel(sender: object, event: Any) -> None:
        event.Cancel = True

    def failed(sender: object, event: Any) -> None:
        how = str(event.ProcessFailedKind)
        if how == "RenderProcessExited" and crashes.count(how):
            core.Navigate(native.pywebview_window.original_url)

    core.PermissionRequested += permission
    core.FrameNavigationStarting += cancel
    core.ProcessFailed += failed
    core.LaunchingExternalUriScheme += cancel


def _on_navigation(native: Any, sender: object, event: Any) -> None:
    event.Cancel = not may_navigate(native.pywebview_window, str(event.Uri))


def _on_new_window(native: Any, sender: object, event: Any) -> None:
    event.Handled = True  # so no window is opened


def _on_download(native: Any, sender: object, event: Any) -> None:
    event.Cancel = True
