"""The web views that pywebview drives, one module each, and the protocol they share."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from webview.window import Window

from shell.bridge.desktop.pump import RunScript
from shell.bridge.desktop.window_state import WindowState

Post = Callable[[Window, str, object, object], None]
"""Receives a page's call: its window, a name, a text, and the page's load, which is not used."""
Gui = Literal["qt", "gtk", "cocoa", "edgechromium"]


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """Options of a web view, set before the first window."""

    post: Post
    """Receives the calls of every page."""
    debug_port: int | None
    """For remote debugging; None for none."""
    paper: tuple[str, str]
    """The page's background, light and dark."""
    zoom: Callable[[], float]
    """Returns the zoom of a new window, for views that do not remember it."""
    name: str | None
    """Name of the program's desktop file, by which a desktop groups windows and finds their icon.
    None for the name of the script."""


class View(Protocol):
    """The functions of each web view's module."""

    GUI: Gui
    """pywebview's name for it."""

    def prepare(self, options: ViewOptions) -> None:
        """Set the web view up, once, before pywebview starts."""

    def runner(self, window: Window) -> RunScript:
        """Return the function that runs scripts in a window's page. GUI thread only."""

    def placement(self, window: Window) -> WindowState:
        """Return the state of a window that is about to close. On the GUI thread."""

    def bring_forward(self, window: Window) -> None:
        """Bring a window forward, even a minimized one, and wait for it. Not on the GUI thread."""

    def finish(self) -> None:
        """Clean up, once, after the last window was closed. On the GUI thread."""
