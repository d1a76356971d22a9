"""The Qt binding beside imports that another thread has begun."""

import subprocess
import sys

import pytest

from tests.command import environment

HALF = "import builtins, pydantic.main; plain = builtins.__import__\n"
REST = "import PySide6.QtWidgets\nimport pydantic.types, shell.contract, shell.app.host\n"
OURS = "from shell.bridge.desktop.webviews.qt_binding import load_binding; load_binding()\n"


def run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(sys.platform != "linux", reason="Qt is for Linux")
def test_what_is_half_imported_can_be_imported_to_its_end() -> None:
    done = run(f"{HALF}{OURS}{REST}assert builtins.__import__ is plain")
    assert done.returncode == 0, done.stderr
    # When this no longer fails, the binding needs nothing of us any more.
    assert "partially initialized module" in run(f"{HALF}{REST}").stderr
