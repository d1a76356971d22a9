"""Runs the whole suite again and again while other work keeps the machine busy.

The first run is in a fresh clone with empty caches, the others are in this tree. It ends with the
first run that fails. `TIDEWIRE_SUITE_RUNS` says how many runs there are, by default 10.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.host_process import ROOT
from tests.soak.result import Result

RUNS = 10
LAST_LINES = 60
"""Of a failed run. What failed is printed last by `dev.py test`."""
CACHES = {"XDG_CACHE_HOME": "", "PIP_CACHE_DIR": "pip", "npm_config_cache": "npm"}
"""Variables that name the folders of caches, and where they are in an empty folder."""
SPINNER = """
import os
parent = os.getppid()
while os.getppid() == parent:
    pass
"""
WRITER = """
import os, sys
parent, block = os.getppid(), os.urandom(1 << 20)
while os.getppid() == parent:
    with open(sys.argv[1], "wb") as file:
        for _ in range(64):
            file.write(block)
            file.flush()
            os.fsync(file.fileno())
"""


def runs(root: Path = ROOT, count: int | None = None) -> Result:
    """Run the suite under load; tells how many runs passed, and where the failed one is logged."""
    count = int(os.environ.get("TIDEWIRE_SUITE_RUNS", RUNS)) if count is None else count
    logs = Path(tempfile.mkdtemp(prefix="tidewire-suite-"))
    for number in range(count):
        log = logs / f"run-{number + 1}.log"
        with busy_machine():
            passed = _run_in_clone(root, log) if number == 0 else _run(root, log, {})
        if not passed:
            lines = log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:]
            print(*lines, sep="\n", file=sys.stderr)
            return Result(False, {"runs": count, "passed": number, "failed": 1, "log": str(log)})
        print(f"run {number + 1} of {count} passed", file=sys.stderr, flush=True)
    return Result(True, {"runs": count, "passed": count, "failed": 0, "log": str(logs)})


@contextmanager
def busy_machine() -> Iterator[None]:
    """Keep two processors and a disk busy. The processes end with this one."""
    with tempfile.TemporaryDirectory() as folder:
        scripts = ([SPINNER], [SPINNER], [WRITER, f"{folder}/noise"])
        processes = [subprocess.Popen([sys.executable, "-c", *script]) for script in scripts]
        try:
            yield
        finally:
            for process in processes:
                process.kill()
                process.wait()


def _run_in_clone(root: Path, log: Path) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder, "clone")
        subprocess.run(["git", "clone", "--quiet", root, clone], check=True)
        empty = {name: str(Path(folder, "cache", place)) for name, place in CACHES.items()}
        return _run(clone, log, empty)


def _run(root: Path, log: Path, environment: Mapping[str, str]) -> bool:
    with log.open("wb") as file:
        command = [sys.executable, "dev.py", "test"]
        env = {**os.environ, **environment}
        done = subprocess.run(
            command, cwd=root, env=env, stdout=file, stderr=subprocess.STDOUT, check=False
        )
    return done.returncode == 0


CHECKS = {"runs": runs}
