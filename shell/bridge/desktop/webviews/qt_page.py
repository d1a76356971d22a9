"""Qt's page, sealed: it shows one address and is denied everything else.

Popups need no word here: a page whose `createWindow` is not overridden has none.
"""

import logging
from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWebEngineCore import (
    QWebEngineDownloadRequest,
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineSettings,
)

from shell.bridge.desktop.webviews.navigation import Crashes
from shell.bridge.desktop.webviews.qt_bridge import Bridge, connect, revive

_log = logging.getLogger(__name__)
_Attribute = QWebEngineSettings.WebAttribute

DENIED = (
    _Attribute.AllowGeolocationOnInsecureOrigins,
    _Attribute.AllowRunningInsecureContent,
    _Attribute.AllowWindowActivationFromJavaScript,
    _Attribute.DnsPrefetchEnabled,
    _Attribute.FullScreenSupportEnabled,
    _Attribute.HyperlinkAuditingEnabled,
    _Attribute.JavascriptCanOpenWindows,
    _Attribute.JavascriptCanPaste,
    _Attribute.LocalContentCanAccessFileUrls,
    _Attribute.LocalContentCanAccessRemoteUrls,
    _Attribute.NavigateOnDropEnabled,
    _Attribute.PdfViewerEnabled,
    _Attribute.PluginsEnabled,
    _Attribute.ScreenCaptureEnabled,
)
ALLOWED = (
    _Attribute.JavascriptCanAccessClipboard,  # to write: reading is `JavascriptCanPaste`
    _Attribute.WebRTCPublicInterfacesOnly,
)
OPENING = (
    QWebEnginePage.FileSelectionMode.FileSelectOpen,
    QWebEnginePage.FileSelectionMode.FileSelectOpenMultiple,
)


class SealedPage(QWebEnginePage):
    """The page of one window. `home` is the only address that it ever shows."""

    given_up = Signal()
    """It has crashed too often to be loaded again by itself."""

    def __init__(
        self,
        home: str,
        bridge: Bridge,
        profile: QWebEngineProfile,
        parent: QObject,
        paper: tuple[str, str],
    ) -> None:
        """`paper` is the background until the page is drawn, on a light and on a dark desktop."""
        super().__init__(profile, parent)
        self._home = QUrl(home)
        super().setWebChannel(connect(self, bridge))
        dark = QGuiApplication.styleHints().colorScheme() is Qt.ColorScheme.Dark
        self.setBackgroundColor(paper[dark])
        self._crashes = Crashes()
        for attribute in DENIED:
            self.settings().setAttribute(attribute, False)
        for attribute in ALLOWED:
            self.settings().setAttribute(attribute, True)
        self.settings().setUnknownUrlSchemePolicy(
            QWebEngineSettings.UnknownUrlSchemePolicy.DisallowUnknownUrlSchemes
        )
        self.urlChanged.connect(self._stay)
        self.permissionRequested.connect(lambda permission: permission.deny())
        self.fileSystemAccessRequested.connect(lambda request: request.reject())
        self.renderProcessTerminated.connect(self._renderer_ended)
        profile.downloadRequested.connect(_deny_download)

    def setWebChannel(self, *channel: object) -> None:  # noqa: N802, Qt's name
        """The page has its channel; pywebview's own would take its place."""

    def acceptNavigationRequest(  # noqa: N802, Qt's name
        self, url: QUrl | str, kind: QWebEnginePage.NavigationType, is_main_frame: bool
    ) -> bool:
        """Home, with any query and fragment, in the main frame."""
        allowed = is_main_frame and _place(QUrl(url)) == _place(self._home)
        if not allowed:
            _log.warning("The page was not let go to another address (%s)", QUrl(url).scheme())
        return allowed

    def _stay(self, url: QUrl) -> None:
        """Come back from about:blank, to which Chromium navigates without a request."""
        if not url.isEmpty() and _place(url) != _place(self._home):
            _log.warning("The page went to another address (%s): back", url.scheme())
            self.setUrl(self._home)

    def chooseFiles(  # noqa: N802, Qt's name
        self,
        mode: QWebEnginePage.FileSelectionMode,
        old: Sequence[str],
        types: Sequence[str],
    ) -> list[str]:
        """The user may pick files to attach; the page gets no folder and writes nothing."""
        if mode in OPENING:
            return super().chooseFiles(mode, old, types)
        return []

    def javaScriptAlert(self, origin: QUrl | str, text: str) -> None:  # noqa: N802
        """No modal dialogs: they would hold up every window."""

    def javaScriptConfirm(self, origin: QUrl | str, text: str) -> bool:  # noqa: N802
        """Answers no."""
        return False

    def javaScriptPrompt(  # noqa: N802, Qt's name
        self, origin: QUrl | str, text: str, default: str
    ) -> tuple[bool, str]:
        """Answers nothing."""
        return False, ""

    def javaScriptConsoleMessage(  # noqa: N802, Qt's name
        self,
        level: QWebEnginePage.JavaScriptConsoleMessageLevel,
        message: str,
        line: int,
        source: str,
    ) -> None:
        """The page's console is for its developer; it may hold what was said in a conversation."""
        _log.debug("console: %s (line %d)", message, line)

    def _renderer_ended(
        self, status: QWebEnginePage.RenderProcessTerminationStatus, code: int
    ) -> None:
        if status is QWebEnginePage.RenderProcessTerminationStatus.NormalTerminationStatus:
            return
        if self._crashes.one_more(status.name):
            QTimer.singleShot(0, self, self.load_again)
        else:
            self.given_up.emit()

    def load_again(self) -> None:
        """What was shown, after a crash."""
        revive(self)


def _place(url: QUrl) -> tuple[str, str, str, int, str]:
    """An address without its query and fragment."""
    return url.scheme(), url.userInfo(), url.host(), url.port(), url.path() or "/"


def _deny_download(download: QWebEngineDownloadRequest) -> None:
    _log.warning("A download was refused")
    download.cancel()
