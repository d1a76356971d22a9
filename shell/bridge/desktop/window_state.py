"""Remembers position, size and zoom of a window from one start to the next."""

import json
import logging
from dataclasses import asdict, dataclass
from pathlib import Path

from shell.support.files import replace_file

FILE = "window.json"
LEAST, MOST = 100, 20_000
LEAST_ZOOM, MOST_ZOOM = 0.25, 5.0
FURTHEST = 100_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WindowState:
    """In the system's pixels. A window without a position is centered on the screen."""

    width: int
    height: int
    x: int | None = None
    y: int | None = None
    maximized: bool = False
    """If set, the other values are those of the window after it is restored."""
    zoom: float = 1.0
    """Scale of the page; 1 is normal."""


def read_placement(path: Path) -> WindowState | None:
    """Read the state that was written last; None for a missing or invalid file."""
    try:
        stored: dict[str, object] = {"zoom": 1.0, **json.loads(path.read_bytes())}
        found = WindowState(**stored)  # type: ignore[arg-type]  # checked below
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return found if _is_sensible(stored) and (found.x is None) == (found.y is None) else None


def _is_sensible(stored: dict[str, object]) -> bool:
    for name, value in stored.items():
        match name, value:
            case "maximized", bool():
                continue
            case _, bool():
                return False
            case (("x" | "y"), None):
                continue
            case (("x" | "y"), int()) if abs(value) <= FURTHEST:
                continue
            case (("width" | "height"), int()) if LEAST <= value <= MOST:
                continue
            case "zoom", int() | float() if LEAST_ZOOM <= value <= MOST_ZOOM:
                continue
        return False
    return True


def write_placement(path: Path, placement: WindowState) -> None:
    """Write the state. Only logs a failure."""
    try:
        replace_file(path, json.dumps(asdict(placement)).encode())
    except OSError as error:
        _log.info("The position of the window cannot be saved: %s", error.strerror)
