"""The peers that this machine can run, and the preparation of each."""

import hashlib
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.bridge.peer import ROOT, Peer
from devtools.processes import Children
from devtools.setup import Setup

SYSTEM_PYTHON = "/usr/bin/python3"
BUILT = ROOT / ".bench"
TAURI_REQUIREMENTS = ROOT / "benchmarks" / "bridge" / "tauri" / "requirements.txt"
_GTK = "import gi; gi.require_version('WebKit2', '4.1'); import sys; print(sys.version_info[:2])"


class Missing(Exception):
    """A peer cannot be measured here. The message gives the reason."""


def build_page() -> None:
    """Build the page that every peer shows."""
    node, _ = Setup(ROOT, Children()).node()
    vite = ROOT / "node_modules" / "vite" / "bin" / "vite.js"
    config = ROOT / "benchmarks" / "bridge" / "pages" / "vite.config.ts"
    _run(node, str(vite), "build", "--config", str(config), "--logLevel", "warn")


def peers() -> Mapping[str, Callable[[], Peer]]:
    """Functions that prepare each peer, by its name. One may take a minute, or raise `Missing`."""
    return {"qt": lambda: Peer("door"), "gtk": gtk, "plain": lambda: Peer("plain"), "tauri": tauri}


def gtk() -> Peer:
    """Our own window on WebKitGTK, whose Python binding belongs to the system's Python.

    Raises:
        Missing: there is none, or the system's Python is of another version than this one.
    """
    try:
        version = _run(SYSTEM_PYTHON, "-c", _GTK).strip()
    except Missing as error:
        raise Missing("python3-gi with gir1.2-webkit2-4.1 is not installed") from error
    if version != str(sys.version_info[:2]):
        raise Missing(f"the system's Python is {version}, and packages here are for another one")
    packages = sysconfig.get_path("purelib")
    return Peer("door", SYSTEM_PYTHON, ("gtk",), {"PYTHONPATH": packages})


def tauri() -> Peer:
    """pytauri-wheel in an environment of its own, made when it is not there.

    Raises:
        Missing: it cannot be installed, or a library of the system is missing.
    """
    folder = BUILT / f"pytauri-{hashlib.sha256(TAURI_REQUIREMENTS.read_bytes()).hexdigest()[:12]}"
    python = str(folder / "bin" / "python")
    ready = folder / "ready"
    if not ready.exists():
        _run(sys.executable, "-m", "venv", "--clear", str(folder))
        install = [python, "-m", "pip", "install", "--no-input", "--quiet", "--require-hashes"]
        _run(*install, "-r", str(TAURI_REQUIREMENTS))
        ready.touch()
    _run(python, "-c", "import pytauri_wheel.ext_mod")
    return Peer("tauri", python)


def _run(*command: str, cwd: Path = ROOT) -> str:
    try:
        done = subprocess.run(command, cwd=cwd, capture_output=True, encoding="utf-8", check=True)
    except FileNotFoundError as error:
        raise Missing(f"{command[0]} is not there") from error
    except subprocess.CalledProcessError as error:
        last = (error.stderr or error.stdout).strip().splitlines() or ["it said nothing"]
        raise Missing(f"{Path(command[0]).name} failed: {last[-1]}") from error
    return done.stdout
