"""macOS's web view (WKWebView) under pywebview, restricted. Untested: from Apple's documentation.

Subclasses of pywebview's delegates take their place before the first window is made.
"""

# ruff: noqa: N802, E501, the names are Apple's

from typing import Any

import AppKit  # type: ignore[import-not-found]
import objc  # type: ignore[import-not-found]
import webview
import webview.platforms.cocoa as platform
from webview.window import Window

from shell.bridge.desktop.pump import OnValue, RunScript
from shell.bridge.desktop.webviews import Gui, ViewOptions
from shell.bridge.desktop.webviews.navigation import Crashes, may_navigate
from shell.bridge.desktop.window_state import WindowState

GUI: Gui = "cocoa"
CANCEL, ALLOW = 0, 1
"""WKNavigationActionPolicy and WKNavigationResponsePolicy."""
DENY = 2
"""WKPermissionDecision."""


def prepare(options: ViewOptions) -> None:
    """Put restricted delegates where pywebview looks for its own."""
    webview.settings["REMOTE_DEBUGGING_PORT"] = None
    for name, part in (("BrowserDelegate", _delegate()), ("JSBridge", _bridge())):
        setattr(platform.BrowserView, name, part)


def runner(window: Window) -> RunScript:
    """Return the function that runs scripts in a window's page. Not through pywebview, where a
    thread waits for each script, and for ever if the page is closed.
    """
    parts: Any = platform
    web = parts.BrowserView.instances[window.uid].webview

    def run(script: str, answer: OnValue) -> None:
        def done(value: object, error: object) -> None:
            answer(value)

        parts.AppHelper.callAfter(web.evaluateJavaScript_completionHandler_, script, done)

    return run


def placement(window: Window) -> WindowState:
    """Return the position and size of a window."""
    native: Any = window.native
    frame = native.frame()
    height = int(frame.size.height)
    screen = AppKit.NSScreen.screens()[0].frame()
    # Cocoa counts from the bottom, pywebview from the top.
    y = int(screen.size.height - frame.origin.y) - height
    return WindowState(int(frame.size.width), height, int(frame.origin.x), y)


def bring_forward(window: Window) -> None:
    """Bring a window to the front."""
    window.restore()
    window.show()


def finish() -> None:
    """Nothing is left to do."""


def _window(web: object) -> Window:
    views: Any = platform.BrowserView
    window: Window = views.get_instance("webview", web).pywebview_window
    return window


def _delegate() -> type:
    crashes: dict[str, Crashes] = {}

    class RestrictedDelegate(platform.BrowserView.BrowserDelegate):
        """Names are those of WKNavigationDelegate and WKUIDelegate."""

        def webView_createWebViewWithConfiguration_forNavigationAction_windowFeatures_(
            self, web: Any, configuration: Any, action: Any, features: Any
        ) -> None:
            """No popups."""

        def webView_decidePolicyForNavigationAction_decisionHandler_(
            self, web: Any, action: Any, handler: Any
        ) -> None:
            """Allow the page's own address in the main frame. A popup has no target frame."""
            target, url = action.targetFrame(), action.request().URL().absoluteString()
            main = target is not None and bool(target.isMainFrame())
            download = action.shouldPerformDownload()
            wanted = not download and may_navigate(_window(web), str(url), main_frame=main)
            handler(ALLOW if wanted else CANCEL)

        def webView_decidePolicyForNavigationResponse_decisionHandler_(
            self, web: Any, response: Any, handler: Any
        ) -> None:
            """Cancel what cannot be shown: it would be downloaded."""
            handler(ALLOW if response.canShowMIMEType() else CANCEL)

        def webView_requestMediaCapturePermissionForOrigin_initiatedByFrame_type_decisionHandler_(
            self, web: Any, origin: Any, frame: Any, kind: Any, handler: Any
        ) -> None:
            """No camera, no microphone."""
            handler(DENY)

        def webView_runJavaScriptAlertPanelWithMessage_initiatedByFrame_completionHandler_(
            self, web: Any, message: Any, frame: Any, handler: Any
        ) -> None:
            """No modal dialogs."""
            handler()

        def webView_runJavaScriptConfirmPanelWithMessage_initiatedByFrame_completionHandler_(
            self, web: Any, message: Any, frame: Any, handler: Any
        ) -> None:
            """Answers no."""
            handler(False)

        def webView_runJavaScriptTextInputPanelWithPrompt_defaultText_initiatedByFrame_completionHandler_(
            self, web: Any, prompt: Any, text: Any, frame: Any, handler: Any
        ) -> None:
            """Answers nothing."""
            handler(None)

        def webViewWebContentProcessDidTerminate_(self, web: Any) -> None:
            """Reload the page after its process crashed."""
            if crashes.setdefault(_window(web).uid, Crashes()).count("terminated"):
                web.reload()

    return RestrictedDelegate


def _bridge() -> type:
    class RestrictedBridge(platform.BrowserView.JSBridge):
        """Accepts messages only from the main frame."""

        def userContentController_didReceiveScriptMessage_(
            self, controller: Any, message: Any
        ) -> None:
            if message.frameInfo().isMainFrame():
                objc.super(RestrictedBridge, self).userContentController_didReceiveScriptMessage_(
                    controller, message
                )

    return RestrictedBridge
