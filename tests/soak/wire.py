"""Replays recorded streams of services in both shells, and checks previews of requests."""

import itertools
import tempfile
from pathlib import Path

from tests.chromium import driver
from tests.e2e.app import KINDS, running
from tests.e2e.replays import check_replay, recorded_streams
from tests.providers.previews import check_previews
from tests.providers.test_recorded import NAMES
from tests.soak.result import Check, Result

SIZES = (40, 200, 1_000, 10_000)
"""Sizes in bytes of the pieces in which a server sends."""
CONVERSATIONS = 3_000
"""A thousand for each API."""


def replay() -> Result:
    """Answer with every recorded stream in pieces of every size, save it and play it."""
    figures: dict[str, int] = {}
    with driver() as playwright:
        for kind in KINDS:
            with tempfile.TemporaryDirectory() as name:
                data = Path(name) / "data"
                data.mkdir()
                with recorded_streams(data), running(kind, playwright, data) as app:
                    events = [
                        check_replay(app, stream, size, Path(name))
                        for stream, size in itertools.product(NAMES, SIZES)
                    ]
                figures[f"{kind}_streams"] = len(events)
                figures[f"{kind}_events"] = sum(events)
    return Result(min(figures.values()) >= 100, figures)


def previews() -> Result:
    """Compare what random messages would send with what a server receives, for each API."""
    compared = check_previews(CONVERSATIONS)
    return Result(compared >= CONVERSATIONS, {"conversations": compared})


CHECKS: dict[str, Check] = {"replay": replay, "previews": previews}
