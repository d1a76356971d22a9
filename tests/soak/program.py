"""Creates, builds and tests a program with nothing but the built packages."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from devtools.processes import Children
from devtools.setup import Setup
from shell import __version__
from tests.command import ROOT
from tests.packaging.installed import megabytes
from tests.soak.packages import DIST, environment_of
from tests.soak.result import Check, Figure, Result

MOST_MB = 460
BUILT = """
import pytest

@pytest.fixture(scope="session")
def tidewire_command():
    return ("dist/demo/demo",)
"""


def built() -> Result:
    """Run `python -m tidewire_bridge new demo`, and its test against the PyInstaller build."""
    figures: dict[str, Figure] = {}
    (wheel,) = DIST.glob(f"tidewire_bridge-{__version__}-*.whl")
    children = Children()
    node, npm = Setup(ROOT, children).node()
    children.end()
    env = {**os.environ, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryDirectory() as workspace:
        python = environment_of(Path(workspace), f"{wheel}[qt,test]", figures, "environment")
        folder = Path(workspace) / "demo"

        def run(name: str, command: list[str], cwd: Path = folder) -> None:
            started_at = time.monotonic()
            subprocess.run(command, cwd=cwd, env=env, check=True, stdout=sys.stderr)
            figures[f"{name}S"] = round(time.monotonic() - started_at, 1)

        bridge = [str(python), "-m", "tidewire_bridge"]
        npm_package = str(DIST / f"tidewire-{__version__}.tgz")
        run(
            "pyinstaller",
            [str(python), "-m", "pip", "install", "-q", "pyinstaller"],
            Path(workspace),
        )
        run("new", [*bridge, "new", "demo", "--npm", npm_package], Path(workspace))
        run("npm", [*npm, "install", "--no-audit", "--no-fund"], folder / "page")
        run("build", [*bridge, "build"])
        run("test", [str(python), "-m", "pytest", "-q"])
        (folder / "conftest.py").write_text(BUILT, "utf-8")
        run("testOfTheBuilt", [str(python), "-m", "pytest", "-q"])
        size = figures["builtMB"] = megabytes(folder / "dist" / "demo")
    return Result(size <= MOST_MB, figures)


CHECKS: dict[str, Check] = {"built": built}
