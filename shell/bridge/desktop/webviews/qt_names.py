"""Provides the names that pywebview imports from qtpy, taken directly from PySide6.

qtpy hides the differences between four bindings. For that it copies every name of Qt and makes each
class, which takes 0.3 s, a third of the time to start. Here are one binding and a pinned pywebview.
It uses few names, and PySide6 has them in modules of the same names, except for some that moved.
"""

import sys
from types import ModuleType

from PySide6 import (
    QtCore,
    QtGui,
    QtNetwork,
    QtWebChannel,
    QtWebEngineCore,
    QtWebEngineWidgets,
    QtWidgets,
)


def install_names() -> None:
    """Replace qtpy, unless it is imported already. For use before pywebview's backend."""
    if "qtpy" in sys.modules:
        return
    _add("qtpy", PYQT6=False, PYSIDE6=True)
    for module in (QtCore, QtGui, QtNetwork, QtWebChannel, QtWebEngineCore):
        _register(f"qtpy.{module.__name__.rpartition('.')[2]}", module)
    # Qt 5 had these elsewhere, and pywebview still looks for them there.
    _add("qtpy.QtWidgets", QtWidgets, QAction=QtGui.QAction)
    _add(
        "qtpy.QtWebEngineWidgets",
        QtWebEngineWidgets,
        QWebEnginePage=QtWebEngineCore.QWebEnginePage,
        QWebEngineProfile=QtWebEngineCore.QWebEngineProfile,
        QWebEngineSettings=QtWebEngineCore.QWebEngineSettings,
    )


def _add(name: str, source: ModuleType | None = None, **names: object) -> None:
    """Add a module with these names; it looks up all others in `source`."""
    module = ModuleType(name)
    vars(module).update(names)
    if source is not None:
        vars(module)["__getattr__"] = lambda attribute: getattr(source, attribute)
    _register(name, module)


def _register(name: str, module: ModuleType) -> None:
    sys.modules[name] = module
    package, _, own = name.rpartition(".")
    if package:
        vars(sys.modules[package])[own] = module
