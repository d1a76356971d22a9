"""Loading the Qt binding while another thread is in the middle of an import."""

import subprocess
import sys

import pytest

from tests.command import environment

PARTIAL_IMPORT = "import builtins, pydantic.main; plain = builtins.__import__\n"
IMPORTS = "import PySide6.QtWidgets\nimport pydantic.types, shell.contract, shell.app.host\n"
LOAD_BINDING = "from shell.bridge.desktop.webviews.qt_binding import load_binding; load_binding()\n"


def run(code: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(sys.platform != "linux", reason="Qt is for Linux")
def test_what_is_half_imported_can_be_imported_to_its_end() -> None:
    completed = run(f"{PARTIAL_IMPORT}{LOAD_BINDING}{IMPORTS}assert builtins.__import__ is plain")
    assert completed.returncode == 0, completed.stderr
    # When this no longer fails, our workaround is no longer needed.
    assert "partially initialized module" in run(f"{PARTIAL_IMPORT}{IMPORTS}").stderr
