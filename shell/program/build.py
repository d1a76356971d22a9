"""Builds a program: its page with Vite, and everything as one folder with PyInstaller."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

from shell.errors import ShellError


def build(folder: Path) -> int:
    """Build the page into `page/dist` and the program into `dist/NAME/`; returns the exit status.

    Raises:
        ShellError: npm or PyInstaller is missing.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise ShellError("Install Node 20.19, then type `npm install` in the folder page")
    done = subprocess.run([npm, "run", "build"], cwd=folder / "page", check=False)  # noqa: S603
    if done.returncode != 0:
        return done.returncode
    if importlib.util.find_spec("PyInstaller") is None:
        raise ShellError("The page is built. For the program, type `pip install pyinstaller`")
    shell = Path(__file__).parents[1]
    data = {folder / "page" / "dist": "page/dist", shell / "page" / "bridge.js": "shell/page"}
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--name", folder.name]
    for source, target in data.items():
        command += ["--add-data", f"{source}{os.pathsep}{target}"]
    command += ["--collect-submodules", "shell", "--exclude-module", "pytest"]
    return subprocess.run([*command, "app.py"], cwd=folder, check=False).returncode  # noqa: S603
