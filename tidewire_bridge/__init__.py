"""The bridge for programs of your own: `App` and its parts.

Each name is imported at its first use. The code is that of Tidewire's own host, in the package
`shell`. The distribution `tidewire-bridge` has only the part of it that `App` needs.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import shell

if Path(shell.__file__).parent.parent != Path(__file__).parent.parent:
    raise ImportError(
        f"{shell.__file__} hides the package `shell`, which the bridge needs: give it another name"
    )
from shell import __version__

if TYPE_CHECKING:
    from shell.bridge.caller import Caller, CallLimits
    from shell.bridge.desktop.menu import Menu, MenuItem
    from shell.bridge.desktop.windows import Windows
    from shell.bridge.door import Door
    from shell.bridge.stream import Stream
    from shell.embed import App, NoWindow
    from shell.errors import LimitReached, ProgramError, ShellError
    from shell.inference.log import InferenceLog

__all__ = [
    "App",
    "CallLimits",
    "Caller",
    "Door",
    "InferenceLog",
    "LimitReached",
    "Menu",
    "MenuItem",
    "NoWindow",
    "ProgramError",
    "ShellError",
    "Stream",
    "Windows",
    "__version__",
]

_MODULES = {
    "App": "shell.embed",
    "CallLimits": "shell.bridge.caller",
    "Caller": "shell.bridge.caller",
    "Door": "shell.bridge.door",
    "InferenceLog": "shell.inference.log",
    "LimitReached": "shell.errors",
    "Menu": "shell.bridge.desktop.menu",
    "MenuItem": "shell.bridge.desktop.menu",
    "NoWindow": "shell.embed",
    "ProgramError": "shell.errors",
    "ShellError": "shell.errors",
    "Stream": "shell.bridge.stream",
    "Windows": "shell.bridge.desktop.windows",
}


def __dir__() -> list[str]:
    return __all__


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module 'tidewire_bridge' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)
