"""Builds a program: its page with Vite, and everything as one folder with PyInstaller."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

from shell.errors import ShellError
from tidewire_bridge.program.node import find_vite

APPLICATION = ["shell.app", "shell.cli", "shell.conversations", "shell.settings", "shell.store"]
"""Tidewire's own program, which only `App(data=...)` needs."""
SPEC = """\
from PyInstaller.utils.hooks import collect_data_files, collect_submodules
from tidewire_bridge.program.qt_parts import is_needed

modules = [name for package in {packages!r} for name in collect_submodules(package)]
analysis = Analysis(
    [{script!r}],
    datas=[*{data!r}, *collect_data_files("shell.providers")],
    hiddenimports=["shell.embed", *modules],
    excludes={excluded!r},
)
for name in ("binaries", "datas"):
    packed = [entry for entry in getattr(analysis, name) if {whole_qt} or is_needed(entry[0])]
    setattr(analysis, name, packed)
program = EXE(PYZ(analysis.pure), analysis.scripts, exclude_binaries=True, name={name!r})
COLLECT(program, analysis.binaries, analysis.datas, name={name!r})
"""


def build(folder: Path, *, needs_application: bool, whole_qt: bool) -> int:
    """Build the page into `page/dist` and the program into `dist/NAME/`; returns the exit status.

    Args:
        folder: of the program.
        needs_application: whether it uses the providers of a data directory of Tidewire.
        whole_qt: whether to pack also the parts of Qt that a web view does not use.

    Raises:
        ShellError: Node, the page's packages or PyInstaller are missing.
    """
    find_vite(folder)
    npm = shutil.which("npm")
    if npm is None:
        raise ShellError("There is no npm. It comes with Node: install that anew")
    done = subprocess.run([npm, "run", "build"], cwd=folder / "page", check=False)  # noqa: S603
    if done.returncode != 0:
        return done.returncode
    if importlib.util.find_spec("PyInstaller") is None:
        raise ShellError("The page is built. For the program, type `pip install pyinstaller`")
    spec = folder / "build" / f"{folder.name}.spec"
    spec.parent.mkdir(exist_ok=True)
    bridge = Path(__file__).parents[1] / "page" / "bridge.js"
    text = SPEC.format(
        script=str(folder / "app.py"),
        name=folder.name,
        packages=["shell"] if needs_application else ["shell.bridge", "shell.contract"],
        data=[(str(folder / "page" / "dist"), "page/dist"), (str(bridge), "shell/page")],
        excluded=["pytest", *([] if needs_application else APPLICATION)],
        whole_qt=whole_qt,
    )
    spec.write_text(text, "utf-8")
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", str(spec)]
    return subprocess.run(command, cwd=folder, check=False).returncode  # noqa: S603
