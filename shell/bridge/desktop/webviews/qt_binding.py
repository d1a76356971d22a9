"""The Qt binding, loaded so that it leaves Python's imports alone."""

import builtins
import importlib


def load_binding() -> None:
    """Load PySide6's foundation, and take its hook out of `import` again. Before all else of Qt.

    The hook is there for PySide6's other spellings of names (`from __feature__ import …`), which
    we do not use. It reads the source of every module that is imported from then on, which
    makes imports a third slower; and it asks modules for attributes while they are still being
    made: with pydantic half imported, as it may be in another thread, that is an ImportError.
    """
    plain = builtins.__import__
    importlib.import_module("shiboken6")
    builtins.__import__ = plain
