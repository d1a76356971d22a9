"""Qt's page, restricted: it shows one address and may do little else.

Popups need no code here: a page whose `createWindow` is not overridden cannot open any.
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
_Mode = QWebEnginePage.FileSelectionMode
OPEN_MODES = (_Mode.FileSelectOpen, _Mode.FileSelectOpenMultiple)


class RestrictedPage(QWebEnginePage):
    """The page of one window. `page_url` is the only address that it ever shows."""

    given_up = Signal()
    """The page has crashed too often to be loaded again automatically."""

    def __init__(
        self,
        page_url: str,
        bridge: Bridge,
        profile: QWebEngineProfile,
        parent: QObject,
        paper: tuple[str, str],
    ) -> None:
        """`paper` is the background until the page is drawn, on a light and on a dark desktop."""
        super().__init__(profile, parent)
        self._page_url = QUrl(page_url)
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
        self.urlChanged.connect(self._return_to_page)
        self.permissionRequested.connect(lambda permission: permission.deny())
        self.fileSystemAccessRequested.connect(lambda request: request.reject())
        self.renderProcessTerminated.connect(self._renderer_ended)
        profile.downloadRequested.connect(_deny_download)

    def setWebChannel(self, *channel: object) -> None:  # noqa: N802, Qt's name
        """Ignore pywebview's own channel, which would replace the page's."""

    def acceptNavigationRequest(  # noqa: N802, Qt's name
        self, url: QUrl | str, kind: QWebEnginePage.NavigationType, is_main_frame: bool
    ) -> bool:
        """Allow the page's own address in the main frame. Query and fragment may differ."""
        allowed = is_main_frame and _without_query(QUrl(url)) == _without_query(self._page_url)
        if not allowed:
            _log.warning("A navigation to another address was refused (%s)", QUrl(url).scheme())
        return allowed

    def _return_to_page(self, url: QUrl) -> None:
        """Return from about:blank, to which Chromium navigates without a request."""
        if not url.isEmpty() and _without_query(url) != _without_query(self._page_url):
            _log.warning("The page went to another address (%s): back", url.scheme())
            self.setUrl(self._page_url)

    def chooseFiles(  # noqa: N802, Qt's name
        self, mode: _Mode, old: Sequence[str], types: Sequence[str]
    ) -> list[str]:
        """Let the person choose files to attach. The page gets no folder and writes no file."""
        if mode in OPEN_MODES:
            return super().chooseFiles(mode, old, types)
        return []

    def javaScriptAlert(self, origin: QUrl | str, text: str) -> None:  # noqa: N802
        """Show no modal dialogs: they would block every window."""

    def javaScriptConfirm(self, origin: QUrl | str, text: str) -> bool:  # noqa: N802
        """Answers no."""
        return False

    def javaScriptPrompt(  # noqa: N802, Qt's name
        self, origin: QUrl | str, text: str, default: str
    ) -> tuple[bool, str]:
        """Answers nothing."""
        return False, ""

    def javaScriptConsoleMessage(  # noqa: N802, Qt's name
        self, level: QWebEnginePage.JavaScriptConsoleMessageLevel, text: str, line: int, source: str
    ) -> None:
        """Log at debug level only: the console may contain text of a conversation."""
        _log.debug("console: %s (line %d)", text, line)

    def _renderer_ended(
        self, status: QWebEnginePage.RenderProcessTerminationStatus, code: int
    ) -> None:
        if status is QWebEnginePage.RenderProcessTerminationStatus.NormalTerminationStatus:
            return
        if self._crashes.count(status.name):
            QTimer.singleShot(0, self, self.load_again)
        else:
            self.given_up.emit()

    def load_again(self) -> None:
        """Load the page again after a crash."""
        revive(self)


def _without_query(url: QUrl) -> tuple[str, str, str, int, str]:
    """Split an address, and leave out query and fragment."""
    return url.scheme(), url.userInfo(), url.host(), url.port(), url.path() or "/"


def _deny_download(download: QWebEngineDownloadRequest) -> None:
    _log.warning("A download was refused")
    download.cancel()
