"""A desktop home for every language model, and the bridge under it.

As a library it gives a window of your own its bridge: a door to typed methods, and streams that a
page can follow over reloads. These names are for that; each is imported when it is first used.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shell.bridge.caller import Caller
    from shell.bridge.desktop.windows import Windows
    from shell.bridge.door import Door
    from shell.bridge.stream import Stream
    from shell.embed import App
    from shell.errors import ProgramError, ShellError
    from shell.inference.log import InferenceLog

__version__ = "0.1.0"
__all__ = [
    "App",
    "Caller",
    "Door",
    "InferenceLog",
    "ProgramError",
    "ShellError",
    "Stream",
    "Windows",
    "__version__",
]

_PLACES = {
    "App": "shell.embed",
    "Caller": "shell.bridge.caller",
    "Door": "shell.bridge.door",
    "InferenceLog": "shell.inference.log",
    "ProgramError": "shell.errors",
    "ShellError": "shell.errors",
    "Stream": "shell.bridge.stream",
    "Windows": "shell.bridge.desktop.windows",
}


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'shell' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)
