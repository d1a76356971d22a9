"""Qt's names, as pywebview's Qt backend asks for them, straight from PySide6.

pywebview asks qtpy, which hides the differences between four bindings and for that copies every
name of Qt, making each class as it goes: 0.3 s, a third of the time to start. There is one binding
here and a pinned pywebview, whose few names PySide6 has under the same modules, but for some that
moved.
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


def lend_names() -> None:
    """Take qtpy's place, unless it was imported before. Before pywebview's backend is imported."""
    if "qtpy" in sys.modules:
        return
    _lend("qtpy", PYQT6=False, PYSIDE6=True)
    for module in (QtCore, QtGui, QtNetwork, QtWebChannel, QtWebEngineCore):
        _put(f"qtpy.{module.__name__.rpartition('.')[2]}", module)
    # Qt 5 had these elsewhere, and pywebview still looks for them there.
    _lend("qtpy.QtWidgets", QtWidgets, QAction=QtGui.QAction)
    _lend(
        "qtpy.QtWebEngineWidgets",
        QtWebEngineWidgets,
        QWebEnginePage=QtWebEngineCore.QWebEnginePage,
        QWebEngineProfile=QtWebEngineCore.QWebEngineProfile,
        QWebEngineSettings=QtWebEngineCore.QWebEngineSettings,
    )


def _lend(name: str, source: ModuleType | None = None, **names: object) -> None:
    """A module of this name with these names, and all those of `source` when they are asked for."""
    module = ModuleType(name)
    vars(module).update(names)
    if source is not None:
        vars(module)["__getattr__"] = lambda asked: getattr(source, asked)
    _put(name, module)


def _put(name: str, module: ModuleType) -> None:
    sys.modules[name] = module
    package, _, own = name.rpartition(".")
    if package:
        vars(sys.modules[package])[own] = module
