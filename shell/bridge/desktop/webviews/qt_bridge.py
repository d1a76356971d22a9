"""Connects Qt's page to the host: one method that the page can call, and scripts for the page."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QFile, QIODevice, QObject, Signal, Slot
from PySide6.QtWebChannel import QWebChannel
from PySide6.QtWebEngineCore import QWebEnginePage, QWebEngineScript

from shell.bridge.desktop.pump import OnValue

Post = Callable[[str, str, str], None]

_CLIENT = """
(() => {
  if (window !== window.top || qt.webChannelTransport.onmessage) return;
  new QWebChannel(qt.webChannelTransport, (channel) => {
    const call = channel.objects.external.call;
    window.pywebview = {
      platform: "qtwebengine",
      api: {},
      _QWebChannel: channel,
      _jsApiCallback: (name, text, id) => void call(name, text, id),
    };
    window.dispatchEvent(new CustomEvent("pywebviewready"));
  });
})();
"""
"""The part of pywebview's own page script that is needed here. It runs when the document begins,
not after the load, and has none of the parts that a hostile page could use against the host."""


class Bridge(QObject):
    """The only object that the web channel shows to a page. It has one method, `call`."""

    def __init__(self, post: Post) -> None:
        super().__init__()
        self._post = post

    @Slot(str, str, str)
    def call(self, name: str, text: str, number: str) -> None:
        """Pass the page's call to the window. Returns nothing: replies are pushed."""
        self._post(name, text, number)

    def event(self, event: QEvent) -> bool:
        """Ignore `deleteLater`, which the channel also shows to a page, as of every QObject."""
        return event.type() is QEvent.Type.DeferredDelete or super().event(event)


class Runner(QObject):
    """Runs scripts in a page, on the GUI thread."""

    _requested = Signal(str, object)

    def __init__(self, page: QWebEnginePage) -> None:
        super().__init__(page)
        self._page = page
        self._requested.connect(self._run)

    def run(self, script: str, answer: OnValue) -> None:
        """Run a script. From any thread; returns at once. `answer` is called on the GUI thread. If
        the page is deleted, it is called with None in this thread, or not at all.
        """
        try:
            self._requested.emit(script, answer)
        except RuntimeError:
            answer(None)  # Qt has deleted the page and this object

    @Slot(str, object)
    def _run(self, script: str, answer: OnValue) -> None:
        self._page.runJavaScript(script, QWebEngineScript.ScriptWorldId.MainWorld.value, answer)


def connect(page: QWebEnginePage, bridge: Bridge) -> QWebChannel:
    """Give the page its end of a channel in every document that it will load."""
    channel = QWebChannel(page)
    channel.registerObject("external", bridge)
    library = QFile(":/qtwebchannel/qwebchannel.js")
    library.open(QIODevice.OpenModeFlag.ReadOnly)
    script = QWebEngineScript()
    script.setName("bridge")
    script.setSourceCode(bytes(library.readAll().data()).decode() + _CLIENT)
    script.setInjectionPoint(QWebEngineScript.InjectionPoint.DocumentCreation)
    script.setWorldId(QWebEngineScript.ScriptWorldId.MainWorld)
    script.setRunsOnSubFrames(False)
    # Not the page's own collection: Qt forgets that one when a navigation to another site is
    # refused, and the next load would come up without a bridge.
    page.profile().scripts().insert(script)
    return channel


def revive(page: QWebEnginePage) -> None:
    """Load a page again whose process has crashed, with its bridge."""
    # Qt gives a profile's scripts to each host of a process once, and after a crash there is a new
    # process behind the old host: a plain load would come up without them. A discarded page comes
    # back behind a new host. While developer tools are attached no page can be discarded. Then the
    # scripts go into the page's own collection.
    visible, state = page.isVisible(), QWebEnginePage.LifecycleState
    page.setVisible(False)
    page.setLifecycleState(state.Discarded)
    if page.lifecycleState() is state.Active:
        page.scripts().clear()
        for script in page.profile().scripts().toList():
            page.scripts().insert(script)
        page.setVisible(visible)
        page.setUrl(page.url())
    page.setLifecycleState(state.Active)
    page.setVisible(visible)
