"""`tidewire model`: downloads the embedded model's weights, finds them, removes them."""

import sys
from pathlib import Path

from shell.providers.local.download import Download
from shell.providers.local.model_files import EMBEDDED_FILE, ModelFiles
from shell.support.data_directory import DataDirectory

MODELS = "models"
"""The folder of weights in the data directory."""


def fetch(data: DataDirectory, *, source: str | None, folder: Path | None) -> None:
    """Download the weights and show the progress."""
    if folder is None:
        data.prepare()
        folder = data.path / MODELS
    progress = ProgressMeter()
    try:
        path = Download(folder, progress.show).fetch(source)
    finally:
        progress.end()
    print(path)


def path(data: DataDirectory) -> None:
    """Print the path of the weights in use."""
    print(ModelFiles(data.path).default().path)


def remove(data: DataDirectory) -> None:
    """Delete the downloaded weights. Weights of a package or of the person stay."""
    fetched = data.path / MODELS / EMBEDDED_FILE
    if fetched.exists():
        fetched.unlink()
        print(fetched)
    else:
        print(f"Nothing was downloaded to {fetched.parent}", file=sys.stderr)


class ProgressMeter:
    """Prints a download's progress: one changing line on a terminal, else a line each quarter."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._shown = 0

    def show(self, done: int, total: int) -> None:
        """Show how many bytes have arrived."""
        step = 1 if self._live else 25
        percent = done * 100 // total // step * step if total else 0
        if percent <= self._shown:
            return
        self._shown = percent
        text = f"Downloading the local model: {percent} % of {total / 1_000_000:.0f} MB"
        print(f"\r{text}" if self._live else text, end="" if self._live else "\n", file=sys.stderr)
        sys.stderr.flush()

    def end(self) -> None:
        """End the line on a terminal."""
        if self._live and self._shown:
            print(file=sys.stderr)
