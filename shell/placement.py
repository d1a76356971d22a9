"""Placement: where a window stands and how large it is, kept from one start to the next."""

import contextlib
import json
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "window.json"
LEAST, MOST = 100, 20_000
FURTHEST = 100_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Placement:
    """In the system's pixels. Without a place the window is put in the middle of the screen."""

    width: int
    height: int
    x: int | None = None
    y: int | None = None
    maximized: bool = False
    """Then the rest is what it becomes when it is not any more."""


def read_placement(path: Path) -> Placement | None:
    """What was written last; None for nothing, and for anything that makes no sense."""
    try:
        kept = json.loads(path.read_bytes())
        found = Placement(**kept)
        sensible = (
            all(type(size) is int and LEAST <= size <= MOST for size in (found.width, found.height))
            and all(
                place is None or (type(place) is int and abs(place) <= FURTHEST)
                for place in (found.x, found.y)
            )
            and (found.x is None) == (found.y is None)
            and type(found.maximized) is bool
        )
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return found if sensible else None


def write_placement(path: Path, placement: Placement) -> None:
    """Keep it. That it cannot be kept is no reason to say more than a line in the log."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(json.dumps(asdict(placement)), "utf-8")
        draft.replace(path)
    except OSError as error:
        _log.info("Where the window stands cannot be kept: %s", error.strerror)
        with contextlib.suppress(OSError):
            draft.unlink()
