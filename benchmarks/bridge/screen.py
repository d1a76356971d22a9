"""Starts an X server without a screen for the peers' windows."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping


@contextlib.contextmanager
def screen() -> Iterator[Mapping[str, str]]:
    """The environment variables of a program with a window. Empty if there is no display."""
    server = shutil.which("Xvfb")
    if server is None:
        yield {"DISPLAY": os.environ["DISPLAY"]} if os.environ.get("DISPLAY") else {}
        return
    reading, writing = os.pipe()
    size = ["-screen", "0", "1280x1024x24", "-nolisten", "tcp"]
    process = subprocess.Popen(
        [server, "-displayfd", str(writing), *size],
        pass_fds=[writing],
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    try:
        with os.fdopen(reading) as output:
            number = output.readline().strip()
        yield {"DISPLAY": f":{number}", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": "xcb"}
    finally:
        process.terminate()
        process.wait()
