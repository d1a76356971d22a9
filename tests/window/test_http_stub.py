"""What pywebview brings along and no window here uses is not loaded."""

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
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split()[1:] == []
