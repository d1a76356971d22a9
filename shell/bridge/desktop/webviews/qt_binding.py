"""Loads the Qt binding without its hook into Python's imports."""

import builtins
import importlib


def load_binding() -> None:
    """Load PySide6's foundation and remove its hook from `import`. Call it before all else of Qt.

    The hook supports PySide6's other spellings of names (`from __feature__ import …`), which we do
    not use. It reads the source of every module that is imported from then on, which makes imports
    a third slower. It also reads attributes of modules that are still loading. If another thread is
    importing pydantic at that moment, this raises an ImportError.
    """
    plain = builtins.__import__
    importlib.import_module("shiboken6")
    builtins.__import__ = plain
