"""Qt's view of a restricted page, with a context menu that only edits text and a crash panel."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWebEngineCore import QWebEnginePage
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QFrame, QLabel, QMenu, QPushButton, QVBoxLayout

from shell.bridge.desktop.webviews.qt_page import RestrictedPage

CRASHED = "The page keeps crashing. Close this window and open a new one."
AGAIN = "Try again"
_Action = QWebEnginePage.WebAction


class CrashPanel(QFrame):
    """Covers a page that keeps crashing. A widget, because the engine of pages has failed."""

    def __init__(self, page: RestrictedPage, view: QWebEngineView) -> None:
        super().__init__(view)
        self._page = page
        self.setAutoFillBackground(True)
        text = QLabel(CRASHED, self)
        text.setWordWrap(True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.button = QPushButton(AGAIN, self)
        self.button.clicked.connect(self._again)
        layout = QVBoxLayout(self)
        layout.addStretch()
        layout.addWidget(text)
        layout.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addStretch()
        self.setGeometry(view.rect())
        self.show()
        self.raise_()
        self.button.setFocus()

    def _again(self) -> None:
        self.hide()
        self._page.load_again()
        self.deleteLater()


class RestrictedView(QWebEngineView):
    """The widget of a restricted page."""

    def setPage(self, page: QWebEnginePage) -> None:  # noqa: N802, Qt's name
        """Show a page, and a panel over it when it has given up."""
        super().setPage(page)
        if isinstance(page, RestrictedPage):
            page.given_up.connect(self._give_up)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802, Qt's name
        """Keep a panel over the page as large as the page."""
        super().resizeEvent(event)
        for panel in self.findChildren(CrashPanel):
            panel.setGeometry(self.rect())

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802, Qt's name
        """Move a window onto a screen: the screens may have changed since the last start."""
        super().showEvent(event)
        window = self.window()
        screen = QGuiApplication.screenAt(window.frameGeometry().center())
        room = (screen or QGuiApplication.primaryScreen()).availableGeometry()
        window.resize(window.size().boundedTo(room.size()))
        if screen is None:
            window.move(room.center() - window.rect().center())

    def setContextMenuPolicy(self, policy: Qt.ContextMenuPolicy) -> None:  # noqa: N802
        """Ignore pywebview, which turns off the menu because its own has an inspector."""

    def _give_up(self) -> None:
        page = self.page()
        if isinstance(page, RestrictedPage):
            CrashPanel(page, self)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802, Qt's name
        """Show those of undo, redo, cut, copy, paste and select all that apply."""
        request = self.lastContextMenuRequest()
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if request.isContentEditable():
            actions = [_Action.Undo, _Action.Redo, _Action.Cut, _Action.Copy, _Action.Paste]
        else:
            actions = [_Action.Copy]
        for action in (*actions, _Action.SelectAll):
            menu.addAction(self.page().action(action))
        menu.popup(event.globalPos())
