"""Checks the bridge and its refusals in GTK's web view.

Not in the suite, because the GTK binding belongs to the system's Python, which must have the same
version as ours (Debian: python3-gi, gir1.2-webkit2-4.1, xvfb).
"""

import json
import os
import subprocess
import sys
import sysconfig

from tests.host_process import HostProcess
from tests.soak.result import Check, Result

PYTHON = "/usr/bin/python3"
PROBE = "import gi; gi.require_version('WebKit2', '4.1'); import sys; print(sys.version_info[:2])"
EXPECTED = {
    "popup": False,
    "microphone": False,
    "notifications": False,
    "dialogs": [None, False, None],
    "echo": ",".join(f"word {number}" for number in range(10)),
    "stream": True,
    "text": "ä🙂\u2028",
}


def smoke() -> Result:
    """Open a hostile page in a real window: all its attempts are refused, and its calls work."""
    probe = subprocess.run(
        [PYTHON, "-c", PROBE], capture_output=True, encoding="utf-8", check=False
    )
    if probe.stdout.strip() != str(sys.version_info[:2]):
        return Result(False, {"missing": "python3-gi and gir1.2-webkit2-4.1 for this Python"})
    display = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"]
    with subprocess.Popen(
        display, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        environment = {
            "PYTHONPATH": sysconfig.get_path("purelib"),
            "DISPLAY": f":{server.stdout.readline().strip()}",
            "GDK_BACKEND": "x11",
        }
        try:
            with HostProcess("tests.window.gtk", env=environment, python=PYTHON) as program:
                program.wait_for("SAID {")
        finally:
            server.terminate()
    (line,) = (line for line in program.stderr_lines if line.startswith("SAID {"))
    figures = {
        "asWanted": json.loads(line.removeprefix("SAID ")) == EXPECTED,
        "gone": program.count("GET /other"),
        "loads": program.count("SAID hello"),
        "refused": program.count("was refused"),
        "tracebacks": program.count("Traceback"),
        "status": program.process.returncode,
    }
    ok = figures["refused"] >= 6 and {**figures, "refused": 0} == {
        "asWanted": True,
        "gone": 0,
        "loads": 1,
        "refused": 0,
        "tracebacks": 0,
        "status": os.EX_OK,
    }
    return Result(ok, figures)


CHECKS: dict[str, Check] = {"smoke": smoke}
