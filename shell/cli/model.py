"""`tidewire model`: fetches the embedded model's weights, says where they are, removes them."""

import sys
from pathlib import Path

from shell.providers.local.download import Download
from shell.providers.local.model_files import EMBEDDED_FILE, ModelFiles
from shell.support.data_directory import DataDirectory

MODELS = "models"
"""The folder of weights in the data directory."""


def fetch(data: DataDirectory, source: str | None, folder: Path | None = None) -> int:
    """Fetch the weights, showing how far it is.

    Args:
        data: whose folder of models takes them when no other folder is given.
        source: a file or an address; None asks pip.
        folder: where they go instead.

    Raises:
        ShellError: they could not be fetched; says what to do.
    """
    if folder is None:
        data.prepare()
        folder = data.path / MODELS
    progress = ProgressMeter()
    path = Download(folder, progress.show).fetch(source)
    progress.end()
    print(path)
    return 0


def path(data: DataDirectory) -> int:
    """Print where the weights are that would be used now.

    Raises:
        ShellError: there are none; says what to do.
    """
    print(ModelFiles(data.path).default().path)
    return 0


def remove(data: DataDirectory) -> int:
    """Delete the weights that were fetched; those of the package or of a person stay."""
    fetched = data.path / MODELS / EMBEDDED_FILE
    if not fetched.exists():
        print(f"Nothing was fetched into {fetched.parent}", file=sys.stderr)
        return 0
    fetched.unlink()
    print(fetched)
    return 0


class ProgressMeter:
    """How far something is, in one line of a terminal, or a line a quarter elsewhere."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._shown = 0

    def show(self, done: int, total: int) -> None:
        """So many bytes are there."""
        step = 1 if self._live else 25
        percent = done * 100 // total // step * step if total else 0
        if percent <= self._shown:
            return
        self._shown = percent
        text = f"Fetching the local model: {percent} % of {total / 1_000_000:.0f} MB"
        print(f"\r{text}" if self._live else text, end="" if self._live else "\n", file=sys.stderr)
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if self._live and self._shown:
            print(file=sys.stderr)
