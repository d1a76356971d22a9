"""Detecting whether a window can open, without Qt, which would abort."""

import contextlib
import ctypes
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from shell.bridge.desktop import display
from shell.bridge.desktop.display import display_problem

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have a display")


def sentence(**environment: str) -> str:
    problem = display_problem(environment)
    assert problem is not None
    assert problem.startswith("Cannot open a window: ")
    assert problem.endswith(".")
    assert "\n" not in problem
    return problem


def test_no_display() -> None:
    assert "there is no display" in sentence()


@pytest.mark.parametrize("name", [":99", ":4711.0", "nonsense", "127.0.0.1:99", "", "\udcff"])
def test_a_dead_x_display(name: str) -> None:
    assert "cannot be reached" in sentence(DISPLAY=name, QT_QPA_PLATFORM="xcb")


def test_an_x_display_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "PATIENCE_S", 0.1)
    with socket.socket() as server:
        for port in range(6100, 6200):
            try:
                server.bind(("127.0.0.1", port))
                break
            except OSError:
                continue
        server.listen()
        name = f"127.0.0.1:{server.getsockname()[1] - 6000}"
        started_at = time.monotonic()
        assert "cannot be reached" in sentence(DISPLAY=name)
        assert time.monotonic() - started_at < 20


def test_a_dead_wayland_display(tmp_path: Path) -> None:
    socket_path = tmp_path / "wayland-7"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(socket_path))  # a socket's file without anybody behind it
    problem = sentence(WAYLAND_DISPLAY="wayland-7", XDG_RUNTIME_DIR=str(tmp_path))
    assert "Wayland display 'wayland-7' cannot be reached" in problem


def test_every_display_that_was_tried_is_named(tmp_path: Path) -> None:
    problem = sentence(DISPLAY=":99", WAYLAND_DISPLAY="wayland-7", XDG_RUNTIME_DIR=str(tmp_path))
    assert "':99'" in problem
    assert "'wayland-7'" in problem


def test_a_wayland_display_that_answers(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-7"))
        server.listen()
        environment = {"WAYLAND_DISPLAY": "wayland-7", "XDG_RUNTIME_DIR": str(tmp_path)}
        assert display_problem(environment) is None


def test_an_x_display_that_answers(xvfb: str) -> None:
    assert display_problem({"DISPLAY": xvfb}) is None
    assert display_problem({"DISPLAY": xvfb, "XDG_SESSION_TYPE": "wayland"}) is None


@pytest.mark.parametrize("name", ["offscreen", "minimal", "vnc:size=640x480", "foo;offscreen"])
def test_a_platform_without_a_screen_is_a_display(name: str) -> None:
    assert display_problem({"QT_QPA_PLATFORM": name}) is None


def test_an_unknown_platform() -> None:
    assert "Qt has no platform 'foo'" in sentence(QT_QPA_PLATFORM="foo")


@pytest.mark.parametrize(
    "environment", [{"QT_QPA_PLATFORM": "offscreen"}, {"DISPLAY": ":0", "QT_QPA_PLATFORM": "xcb"}]
)
def test_a_missing_library_is_named(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    load = ctypes.CDLL

    def load_missing(name: str) -> ctypes.CDLL:
        return load("libno-such-thing.so.3")

    monkeypatch.setattr("ctypes.CDLL", load_missing)
    problem = sentence(**environment)
    assert "the system library libno-such-thing.so.3 is missing" in problem


def test_a_missing_web_view_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "PySide6" in sentence(QT_QPA_PLATFORM="offscreen")


def test_macos_and_windows_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(display, "sys", SimpleNamespace(platform="darwin"))
    assert display_problem({}) is None


class Registry:
    """Windows' registry with one value in it, or none."""

    HKEY_LOCAL_MACHINE, HKEY_CURRENT_USER = "machine", "user"
    KEY_READ, KEY_WOW64_32KEY = 1, 2

    def __init__(self, version: str | None) -> None:
        self._version = version

    def OpenKey(self, *path: object) -> contextlib.nullcontext[str | None]:  # noqa: N802
        if path[0] == "machine" or self._version is None:
            raise FileNotFoundError
        return contextlib.nullcontext(self._version)

    def QueryValueEx(self, key: str, name: str) -> tuple[str, int]:  # noqa: N802
        assert name == "pv"
        return key, 1


@pytest.mark.parametrize(
    ("version", "is_installed"), [("139.0.1", True), ("0.0.0", False), (None, False)]
)
def test_a_windows_without_its_web_view_is_told_so(
    monkeypatch: pytest.MonkeyPatch, version: str | None, is_installed: bool
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setitem(sys.modules, "winreg", Registry(version))
    assert display_problem() is None if is_installed else "WebView2" in sentence()
