"""Finds Node and the packages of a program's page."""

import shutil
from pathlib import Path

from shell.errors import ShellError


def find_vite(folder: Path) -> list[str]:
    """Find the command that runs Vite for a program's page.

    Raises:
        ShellError: Node or the page's packages are not installed.
    """
    vite = folder / "page" / "node_modules" / "vite" / "bin" / "vite.js"
    node = shutil.which("node")
    if node is None:
        raise ShellError("Install Node 20.19, then type `npm install` in the folder page")
    if not vite.exists():
        raise ShellError("Type `npm install` in the folder page")
    return [node, str(vite)]
