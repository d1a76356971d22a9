"""Processor time of this process, and of all that it started."""

import os
import time
from pathlib import Path


def own_s() -> float:
    """Seconds that this process's threads have computed."""
    return time.process_time()


def all_s() -> float:
    """Processor seconds of this process and its living descendants. Outside Linux, only its own."""
    if not Path("/proc/self/stat").exists():
        return own_s()
    parents: dict[int, list[int]] = {}
    spent: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold any characters. The numbers follow it.
            fields = stat.read_text("utf-8", "replace").rpartition(")")[2].split()
        except OSError:
            continue  # it has ended
        pid = int(stat.parent.name)
        parents.setdefault(int(fields[1]), []).append(pid)
        spent[pid] = int(fields[11]) + int(fields[12])
    family = [os.getpid()]
    for pid in family:
        family += parents.get(pid, [])
    return sum(spent.get(pid, 0) for pid in family) / os.sysconf("SC_CLK_TCK")


def busy_s() -> float:
    """Busy seconds of all the machine's processors. Outside Linux, only this process's own."""
    try:
        first = Path("/proc/stat").read_text("utf-8").partition("\n")[0].split()
    except OSError:
        return own_s()
    user, nice, system, _idle, _waiting, *other_times = map(int, first[1:9])
    return (user + nice + system + sum(other_times)) / os.sysconf("SC_CLK_TCK")
