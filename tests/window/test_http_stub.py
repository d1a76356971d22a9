"""Unused parts of pywebview are not loaded."""

import subprocess
import sys

CODE = """
import sys
from shell.bridge.desktop import windows
import webview
print(webview.__file__, *sorted({"bottle", "http.server", "wsgiref"} & sys.modules.keys()))
"""


def test_a_window_loads_no_server_of_pywebview() -> None:
    command = [sys.executable, "-c", CODE]
    completed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert completed.stdout.split()[1:] == []
