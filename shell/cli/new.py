"""`tidewire new`: a program of one's own, from a template."""

from pathlib import Path

from shell.program.new import create, next_steps
from shell.support.data_directory import DataDirectory


def new(data: DataDirectory, name: str, npm: Path | None) -> None:
    """Make a folder with a program that runs; prints what to type next."""
    print(next_steps(create(Path.cwd(), name, npm), npm))
