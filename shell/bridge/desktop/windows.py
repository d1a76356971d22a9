"""Opens and closes the program's windows, and connects each page to the door and to a pump.

pywebview runs them. Its own bridge would let a page follow any attribute path into the host, so
this module replaces it before a web view exists. A page's calls go only to the door.
"""

import asyncio
import contextlib
import importlib.util
import json
import os
import platform
import secrets
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import webview
import webview.util
from webview.window import Window

from shell.bridge.appearance import Theme
from shell.bridge.desktop.dialogs import Dialogs
from shell.bridge.desktop.menu import Menu, MenuItem, act, for_window
from shell.bridge.desktop.view_threads import ViewThreads
from shell.bridge.desktop.webviews import View, ViewOptions
from shell.bridge.desktop.window_state import WindowState, read_placement, write_placement
from shell.bridge.listener import PortTaken, check_port
from shell.support.open_url import open_path
from shell.support.signals import shutdown_signals

if TYPE_CHECKING:  # it loads the contract, which is not needed before the first call of a page
    from shell.bridge.caller import Caller

TITLE = "Tidewire"
STANDARD = WindowState(1100, 800)
STEP = 32
"""Offset of a further window from the one before it, in pixels."""
LEAST_SIZE = (360, 420)
PAPER = ("#fbfaf7", "#14191b")
"""The page's own background, light and dark, shown until the page is drawn."""
SETTINGS_OFF = (
    "ALLOW_DOWNLOADS",
    "ALLOW_FILE_URLS",
    "OPEN_DEVTOOLS_IN_DEBUG",
    "OPEN_EXTERNAL_LINKS_IN_BROWSER",
)


class Windows:
    """All windows of the program. `run` owns the main thread until the last one is closed."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        door: "Callable[[Caller, str], None]",
        page_url: str,
        *,
        title: str = TITLE,
        name: str | None = None,
        placement: Path | None = None,
        size: tuple[int, int] | None = None,
        close_question: str | None = None,
        menus: Sequence[Menu] = (),
        new_caller: "Callable[[str], Caller] | None" = None,
        theme: Theme | None = None,
        debug_port: int | None = None,
        on_closed: Callable[[str], None],
    ) -> None:
        """Prepare the windows; `run` opens the first one.

        Args:
            loop: runs `door` and `on_closed`.
            door: receives the calls of every page: the `post` of a `Door`.
            page_url: the address that every window shows.
            title: of every window, until its page sets one.
            name: of the program's desktop file; None for the name of the script.
            placement: the file that stores position and size of the last window.
            size: width and height of a window without a stored size.
            close_question: a window shows it before a person closes it.
            menus: of every window.
            new_caller: makes the caller of a window, with its limits; None for the standard ones.
            theme: colors of a window before its page is drawn; None for the system's.
            debug_port: turns on remote debugging, on the loopback address; 0 takes a free port.
                Its address is printed after the first page's hello.
            on_closed: called with the id of a window that was closed; not when it is reloaded.

        Raises:
            PortTaken: another program uses the port.
        """
        self._loop = loop
        self._door = door
        self._page_url = page_url
        self._title = title
        self._name = name
        self._placement_file = placement
        self._paper = PAPER if theme is None else (PAPER[theme == "dark"],) * 2
        self._placement = STANDARD if size is None else WindowState(*size)
        self._close_question = close_question
        self._menus = menus
        self._new_caller = new_caller
        self._debug_port = None if debug_port is None else _free_port(debug_port)
        self._on_closed = on_closed
        self._ends: dict[str, Callable[[], None]] = {}
        self._callers: dict[str, Caller] = {}
        self._closed: set[str] = set()
        """Ids of closed windows, whose pages may still make calls for a moment."""
        self._callers_lock = threading.Lock()
        self._build_lock = threading.Lock()
        self._threads = ViewThreads()
        self._closing = False
        self._announced = debug_port is None
        self.dialogs = Dialogs(self._window_of, title)

    def replace_dispatcher(self) -> None:
        """Replace pywebview's dispatcher, before a backend imports it by name."""
        replaced = {"js_bridge_call": self._post, "environ_append": _ignore_environment}
        vars(webview.util).update(replaced)

    def run(self, on_start: Callable[[], None] = lambda: None) -> None:
        """Open a window and return when the last one is closed or a signal asks the program to
        end. Main thread only, and once.

        Args:
            on_start: called in its own thread when everything is loaded and the web view's
                processes start. Python is then idle for about as long as the start has taken.
        """
        with shutdown_signals() as signals:
            self.replace_dispatcher()
            if self._placement_file is not None:
                self._placement = read_placement(self._placement_file) or self._placement
            self._view = _view()
            options = ViewOptions(
                self._post, self._debug_port, self._paper, lambda: self._placement.zoom, self._name
            )
            self._view.prepare(options)
            webview.settings.update(dict.fromkeys(SETTINGS_OFF, False))

            def wait_for_signal() -> None:
                signals.wait()
                if not self._closing:
                    self.close()

            waiter = threading.Thread(target=wait_for_signal, name="signals", daemon=True)
            waiter.start()
            try:
                self._build()
                # A signal before there was a window had nothing to close.
                if not self._closing:
                    webview.start(on_start, gui=self._view.GUI, private_mode=True)
                self._view.finish()
                for uid in list(self._ends):
                    self._release(uid)
            finally:
                self._closing = True
                signals.wake()
                waiter.join()
                self._threads.finish()

    def open(self) -> bool:
        """Open another window, return at once; False while the program ends. From any thread."""
        if self._closing or not webview.windows:
            return False
        # pywebview takes further windows from any thread but the main one, and may wait.
        self._threads.start("open window", self._build)
        return True

    def show(self, activation: str = "") -> bool:
        """Bring the newest window to the front and return at once; False when there is none. From
        any thread.

        Args:
            activation: the token with which a Wayland desktop lets it come to the front.
        """
        if self._closing or not webview.windows:
            return False
        if activation:
            os.environ["XDG_ACTIVATION_TOKEN"] = activation
        window = webview.windows[-1]
        # pywebview waits for a window that is not there yet.
        self._threads.start("show window", self._view.bring_forward, window)
        return True

    def control(self, caller_id: str, action: Literal["close", "quit", "full_screen"]) -> bool:
        """Close the caller's window, close all of them, or enter and leave full screen. Returns at
        once; False when the window is closed. From any thread.
        """
        window = self._window_of(caller_id)
        if window is None:
            return False
        if action == "quit":
            self.close()
            return True
        work = window.destroy if action == "close" else window.toggle_fullscreen
        # It waits for the thread of the windows.
        self._threads.start(f"window {action}", work)
        return True

    def open_path(self, caller_id: str, path: Path) -> bool:
        """Show a file or a folder in the system's program; False when the caller has no window."""
        return self._window_of(caller_id) is not None and open_path(path)

    def close(self) -> None:
        """Close every window, which ends `run`. From any thread; returns at once."""
        self._closing = True
        self._threads.start("close windows", self._destroy)

    # --- inside -----------------------------------------------------------------------------

    def _build(self) -> None:
        with self._build_lock:
            if self._closing and webview.windows:
                return
            state = self._placement
            # Without `text_select` pywebview adds a style, which the page's policy forbids.
            window = webview.create_window(
                self._title,
                self._page_url,
                width=state.width,
                height=state.height,
                x=state.x,
                y=state.y,
                maximized=state.maximized,
                min_size=LEAST_SIZE,
                background_color=self._paper[0],
                text_select=True,
                zoomable=True,
                confirm_close=self._close_question is not None,
                localization={"global.quitConfirmation": self._close_question or ""},
                menu=for_window(self._menus, lambda item: self._choose(window, item)),
            )
            if window is not None:
                window.events.closing += lambda: self._save_placement(window)
                window.events.closed += lambda: self._release(window.uid)
            if state.x is not None and state.y is not None:
                self._placement = replace(state, x=state.x + STEP, y=state.y + STEP)

    def _window_of(self, caller_id: str) -> Window | None:
        with self._callers_lock:
            uids = (uid for uid, caller in self._callers.items() if caller.id == caller_id)
            uid = next(uids, None)
        return next((window for window in webview.windows if window.uid == uid), None)

    def _save_placement(self, window: Window) -> None:
        """Remember position and size of a window that is about to close, for the next one."""
        self._placement = self._view.placement(window)
        if self._placement_file is not None:
            write_placement(self._placement_file, self._placement)

    def _destroy(self) -> None:
        with self._build_lock:
            for window in list(webview.windows):
                window.confirm_close = False  # the program closes it, not a person
                window.destroy()

    def _post(self, window: Window, name: str, text: object, number: object) -> None:
        """Pass a page's call to the door. A page can reach nothing else here. On the GUI thread."""
        if name != "post" or not isinstance(text, str):
            return
        with self._callers_lock:
            if window.uid in self._closed:
                return
            caller = self._callers.get(window.uid) or self._begin(window)
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._door, caller, text)

    def _choose(self, window: Window | None, item: MenuItem) -> None:
        """Run an item of a window's menu. A window whose page has not called yet has no caller."""
        with self._callers_lock:
            caller = None if window is None else self._callers.get(window.uid)
        if caller is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                asyncio.run_coroutine_threadsafe(act(item, caller), self._loop)

    def _begin(self, window: Window) -> "Caller":
        """Make a caller and a pump for a window at its page's first call."""
        from shell.bridge.caller import Caller
        from shell.bridge.desktop.pump import Pump

        new_caller = self._new_caller or Caller
        caller = self._callers[window.uid] = new_caller(f"window-{secrets.token_hex(8)}")
        pump = Pump(caller.feed, self._view.runner(window), self._announce_debug_url)

        def end() -> None:
            pump.close()
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(caller.feed.close)
                self._loop.call_soon_threadsafe(self._on_closed, caller.id)

        self._ends[window.uid] = end
        self._threads.add(pump.start())
        return caller

    def _release(self, uid: str) -> None:
        """Release a closed window, once. pywebview reports the end in a thread that may be late."""
        with self._callers_lock:
            self._closed.add(uid)
            self._callers.pop(uid, None)
            end = self._ends.pop(uid, None)
        if end is not None:
            end()

    def _announce_debug_url(self) -> None:
        if not self._announced:
            self._announced = True
            print(json.dumps({"debugUrl": f"http://127.0.0.1:{self._debug_port}"}), flush=True)


def _view() -> View:
    if platform.system() == "Darwin":
        from shell.bridge.desktop.webviews import cocoa

        return cocoa
    if platform.system() == "Windows":
        from shell.bridge.desktop.webviews import edgechromium

        return edgechromium
    if importlib.util.find_spec("PySide6") is None:
        from shell.bridge.desktop.webviews import gtk

        return gtk
    from shell.bridge.desktop.webviews.qt_binding import load_binding

    load_binding()
    from shell.bridge.desktop.webviews.qt_names import install_names

    install_names()
    from shell.bridge.desktop.webviews import qt

    return qt


def _ignore_environment(name: str, *values: str) -> None:
    """Do nothing, in place of pywebview's function: that one lets Chromium grant camera and
    microphone without asking, and turns off its sandbox on some systems.
    """


def _free_port(wanted: int) -> int:
    """Return a free port: `wanted`, or any for 0. Chromium would only log that a port is taken."""
    check_port(wanted)
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError as error:
            raise PortTaken(
                f"The debugging port {wanted} cannot be opened: {error.strerror}. "
                "Choose another one with --debug-port, or 0 for any free port."
            ) from error
        port: int = probe.getsockname()[1]
        return port
