"""`tidewire new`: a program of one's own, from a template."""

from pathlib import Path

from shell.support.data_directory import DataDirectory
from tidewire_bridge.program.new import create, next_steps


def new(data: DataDirectory, name: str, npm: Path | None) -> None:
    """Make a folder with a program that runs; prints what to type next."""
    print(next_steps(create(Path.cwd(), name, npm), npm))
