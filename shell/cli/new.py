"""`tidewire new`: makes a program on the bridge from a template."""

from pathlib import Path

from shell.support.data_directory import DataDirectory
from tidewire_bridge.program.new import create, next_steps


def new(data: DataDirectory, name: str, npm: Path | None) -> None:
    """Make a folder with a working program, and print the next steps."""
    print(next_steps(create(Path.cwd(), name, npm), npm))
