"""The paths, the version and the date of the packed program."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
BUNDLE = DIST / "tidewire"
"""The frozen app: a folder with the program of the same name in it."""
WEIGHTS = ROOT / ".models" / "SmolLM2-135M-Instruct.Q4_1.gguf"


def version() -> str:
    """The program's version, from its only definition."""
    sys.path.insert(0, str(ROOT))
    from shell import __version__

    return __version__


def source_date() -> int:
    """Seconds since the epoch of the last commit, or of this file where there is no history."""
    git = ["git", "log", "-1", "--format=%ct"]
    try:
        done = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=True)
        return int(done.stdout)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return int(Path(__file__).stat().st_mtime)
