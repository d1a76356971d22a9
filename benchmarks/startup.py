"""From the start of the process to a page that can be used, beside a bare pywebview window.

python -m benchmarks startup [--rounds N] [--json FILE]

Both use the same web view and begin in turns. A page can be used when its first call has reached
the host and a frame with its text box was drawn; the bare window has a text box, one function of a
js_api, and nothing else.
"""

import argparse
import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit

from websockets.sync.client import connect

from benchmarks.machine import load, machine

BAR = 1.3
"""Limit on the ratio of our time to the bare window's."""
PATIENCE_S = 60.0
PACKAGES = ("pywebview", "PySide6-Essentials")
USABLE = """
new Promise((resolve) => {
  const look = () => requestAnimationFrame(() => {
    if (document.querySelector("textarea")) requestAnimationFrame(() => resolve(true));
    else look();
  });
  look();
})
"""
"""Resolves in the second frame with a text box. Chromium's own paint timing is of no use here,
since Qt reports a frame to it only with the next one.
"""


def main(arguments: list[str]) -> int:
    """Measure, and print a table and one line of JSON. Returns 1 when the bar was missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="of each of the two")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    chosen = parser.parse_args(arguments)
    load_before = load()
    times: dict[str, list[float]] = {"bare window": [], "tidewire": []}
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "bare window": [sys.executable, "-m", "benchmarks.startup"],
            "tidewire": [sys.executable, "-m", "shell", "--debug-port", "0", "--data-dir", folder],
        }
        for round_number in range(chosen.rounds + 1):
            for name, command in commands.items():
                seconds = start(command)
                if round_number > 0:  # the first one fills the caches of the system
                    times[name].append(seconds)
    return _report(times, (load_before, load()), chosen.json)


def start(command: list[str]) -> float:
    """Seconds until the page can be used."""
    environment = {**os.environ}
    # An installed program has its bytecode. Here the first round writes it.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if not environment.get("DISPLAY"):
        environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    start_s = time.monotonic()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    )
    assert process.stdout is not None
    with process, process.stdout:
        try:
            line = process.stdout.readline()
            _wait_until_usable(json.loads(line)["debugUrl"])
            return time.monotonic() - start_s
        finally:
            process.kill()


def _wait_until_usable(debug_url: str) -> None:
    server = http.client.HTTPConnection(urlsplit(debug_url).netloc, timeout=PATIENCE_S)
    with contextlib.closing(server):
        server.request("GET", "/json")
        targets = json.load(server.getresponse())
    address = next(each["webSocketDebuggerUrl"] for each in targets if each["type"] == "page")
    with connect(address) as page:
        parameters = {"expression": USABLE, "awaitPromise": True}
        page.send(json.dumps({"id": 1, "method": "Runtime.evaluate", "params": parameters}))
        while json.loads(page.recv(timeout=PATIENCE_S)).get("id") != 1:
            pass


def _report(
    times: dict[str, list[float]], loads: tuple[float | None, float | None], file: Path | None
) -> int:
    middle = {name: median(each) for name, each in times.items()}
    ratio = middle["tidewire"] / middle["bare window"]
    print(f"{'':12}  {'median s':>8}  {'least s':>8}  {'most s':>8}")
    for name, each in times.items():
        print(f"{name:12}  {middle[name]:8.3f}  {min(each):8.3f}  {max(each):8.3f}")
    figures = {
        "benchmark": "startup",
        "ok": ratio <= BAR,
        "ratio": round(ratio, 3),
        "bar": BAR,
        "seconds": {name: [round(value, 3) for value in each] for name, each in times.items()},
        "load": loads,
        "machine": machine(PACKAGES),
    }
    line = json.dumps(figures)
    print(line)
    if file is not None:
        file.write_text(line + "\n", "utf-8")
    return int(ratio > BAR)


# --- the bare window, as a process of its own -----------------------------------------------

HELLO = """<!doctype html><meta charset="utf-8"><title>Hello</title>
<p>Hello</p><textarea autofocus></textarea>
<script>addEventListener("pywebviewready", () => pywebview.api.hello());</script>
"""


class Hello:
    """The js_api of the bare window's page."""

    def __init__(self, port: int) -> None:
        self._port = port

    def hello(self) -> bool:
        """Print the debugging address. This is the first call, so the page is usable now."""
        print(json.dumps({"debugUrl": f"http://127.0.0.1:{self._port}"}), flush=True)
        return True


def bare() -> None:
    """Open a window with nothing but pywebview."""
    import socket

    import webview

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.environ["QTWEBENGINE_DISABLE_SANDBOX"] = "1"
    webview.settings["REMOTE_DEBUGGING_PORT"] = port
    webview.create_window("Hello", html=HELLO, js_api=Hello(port), width=1100, height=800)
    webview.start(gui="qt" if sys.platform == "linux" else None)


if __name__ == "__main__":
    bare()
