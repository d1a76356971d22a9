"""Describes the machine of a benchmark: processor, system, and versions of packages."""

import importlib.metadata
import os
import platform
from collections.abc import Iterable
from pathlib import Path


def machine(packages: Iterable[str] = ()) -> dict[str, str]:
    """Facts by name, as text. `packages` are those whose installed versions matter."""
    facts = {
        "processor": f"{os.cpu_count()} x {_processor()}",
        "memory": _memory(),
        "system": f"{_system()}, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
    for name in packages:
        try:
            facts[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            facts[name] = "not installed"
    return facts


def load() -> float | None:
    """The load average of the last minute. None where the system does not give it.

    Benchmarks report it before and after, because figures of a busy machine mean little.
    """
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def _processor() -> str:
    return _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()


def _memory() -> str:
    kilobytes = (_field("/proc/meminfo", "MemTotal") or "").partition(" ")[0]
    return f"{int(kilobytes) / 2**20:.0f} GB" if kilobytes else "unknown"


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.platform(terse=True)


def _field(file: str, name: str) -> str | None:
    """The first value of this name in a file of `name : value` lines."""
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return None
