"""Finds out whether a window can open here before Qt tries, because Qt would abort the process."""

import contextlib
import ctypes
import importlib.util
import os
import socket
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

RUNTIME = r"SOFTWARE\Microsoft\EdgeUpdate\Clients\{F3017226-FE2A-4295-8BDF-00C3A9A7E4C5}"
"""The registry key with the installed version of WebView2."""
PATIENCE_S = 3.0
"""How long a display server may take to answer. A working one takes a millisecond."""


def display_problem(environment: Mapping[str, str] = os.environ) -> str | None:
    """Return a sentence that says why no window can open here; None when one can.

    macOS and Windows always have a display. Some versions of Windows lack the web view.
    """
    if sys.platform == "win32":
        return _runtime()
    if sys.platform != "linux":
        return None
    package = importlib.util.find_spec("PySide6")
    if package is None or package.origin is None:
        return (
            "Cannot open a window: PySide6, which provides the web view, is not installed. "
            "The extra `qt` of tidewire-bridge brings it."
        )
    problems: list[str] = []
    for name in _platforms(environment):
        # Qt tries them in this order too, and takes the first that works.
        problem = _display(name, environment) or _libraries(Path(package.origin).parent, name)
        if problem is None:
            return None
        problems.append(problem)
    why = ", and ".join(problems) or "there is no display (DISPLAY and WAYLAND_DISPLAY are not set)"
    return f"Cannot open a window: {why}."


def _runtime() -> str | None:
    """The problem if WebView2 is not installed, else None.

    (Untested on Windows: from Microsoft's documentation.)
    """
    if sys.platform == "win32":
        import winreg

        machine = (winreg.HKEY_LOCAL_MACHINE, winreg.KEY_READ | winreg.KEY_WOW64_32KEY)
        for place, access in (machine, (winreg.HKEY_CURRENT_USER, winreg.KEY_READ)):
            with contextlib.suppress(OSError), winreg.OpenKey(place, RUNTIME, 0, access) as key:
                # An uninstalled runtime leaves zeros.
                if winreg.QueryValueEx(key, "pv")[0].strip("0."):
                    return None
    return (
        "Cannot open a window: the WebView2 runtime is not installed. Windows 11 includes it; "
        "on Windows 10, install the WebView2 Evergreen runtime from Microsoft."
    )


def _platforms(environment: Mapping[str, str]) -> list[str]:
    """The platforms that Qt would try, by the names of its plugins."""
    chosen = environment.get("QT_QPA_PLATFORM", "")
    if chosen:
        # Alternatives stand between semicolons; a platform's own options follow a colon.
        return [name.partition(":")[0] for name in chosen.split(";") if name]
    names = ["xcb"] if environment.get("DISPLAY") else []
    if environment.get("XDG_SESSION_TYPE") == "wayland":
        return ["wayland", *names]
    return [*names, "wayland"] if environment.get("WAYLAND_DISPLAY") else names


def _display(name: str, environment: Mapping[str, str]) -> str | None:
    if name == "xcb":
        return _x(environment.get("DISPLAY", ""))
    if name.startswith("wayland"):
        return _wayland(environment)
    return None  # offscreen and similar platforms need no server


def _x(display: str) -> str | None:
    """Connect to the X server: an open socket alone does not show that it accepts us."""
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError as error:
        return _missing(error)
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    answers: list[bool] = []

    def connect() -> None:
        connection = xcb.xcb_connect(os.fsencode(display), None)
        answers.append(xcb.xcb_connection_has_error(connection) == 0)
        xcb.xcb_disconnect(connection)

    thread = threading.Thread(target=connect, name="display", daemon=True)
    thread.start()
    thread.join(PATIENCE_S)
    if answers == [True]:
        return None
    return f"the X display {display!r} cannot be reached"


def _wayland(environment: Mapping[str, str]) -> str | None:
    name = environment.get("WAYLAND_DISPLAY") or "wayland-0"
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(PATIENCE_S)
            client.connect(str(Path(environment.get("XDG_RUNTIME_DIR", "/"), name)))
    except OSError:
        return f"the Wayland display {name!r} cannot be reached"
    return None


def _libraries(package: Path, name: str) -> str | None:
    """Load the libraries that Qt would load a moment later anyway."""
    plugin = package / "Qt" / "plugins" / "platforms" / f"libq{name.partition('-')[0]}.so"
    if not plugin.exists():
        return f"Qt has no platform {name!r} (from QT_QPA_PLATFORM)"
    try:
        for library in (plugin, package / "Qt" / "lib" / "libQt6WebEngineCore.so.6"):
            ctypes.CDLL(str(library))
    except OSError as error:
        return _missing(error)
    return None


def _missing(error: OSError) -> str:
    """The problem, from an error such as "libfoo.so.1: cannot open shared object file: …"."""
    library = str(error).partition(":")[0]
    return f"the system library {library} is missing ('python3 dev.py run' installs it)"
