"""The web views that pywebview drives, each sealed in its own module: here, what they share."""

from collections.abc import Callable
from typing import Literal, Protocol

from webview.window import Window

from shell.bridge.desktop.pump import RunScript
from shell.bridge.desktop.window_state import WindowState

Post = Callable[[Window, str, object, object], None]
"""Takes what a page says: its window, a name, a text and a number."""
Gui = Literal["qt", "gtk", "cocoa", "edgechromium"]


class View(Protocol):
    """A kind of web view; its module is one."""

    GUI: Gui | None
    """pywebview's name for it; None for the system's own."""

    def prepare(
        self, post: Post, debug_port: int | None, paper: tuple[str, str], zoom: Callable[[], float]
    ) -> None:
        """Once, before pywebview begins. `paper` is the page's background, light and dark; `zoom`
        tells for each new window how large its page is to be, where the view does not know that
        by itself.
        """

    def runner(self, window: Window) -> RunScript:
        """The way to a window's page. On the thread of the user interface."""

    def placement(self, window: Window) -> WindowState | None:
        """Where a window that is about to close stands; None where that cannot be told. On the
        thread of the user interface.
        """

    def finish(self) -> None:
        """Once, after the last window was closed. On the thread of the user interface."""
