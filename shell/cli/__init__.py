"""The command line: `tidewire`, `python -m shell`."""

from shell.cli.program import main

__all__ = ["main"]
