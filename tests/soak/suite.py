"""Runs the whole suite again and again while other work keeps the machine busy.

Each run is in a clone, the first one in a new clone with empty caches. `TIDEWIRE_SUITE_RUNS` is the
number of runs, by default 10, and `TIDEWIRE_SUITE_TOGETHER` how many of them run in parallel, by
default 1. No run begins after a failed one.
"""

import os
import queue
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.host_process import ROOT
from tests.soak.result import Result

RUNS = 10
LAST_LINES = 60
"""How much of a failed run's log to print. `dev.py test` prints the failures last."""
CACHES = {"XDG_CACHE_HOME": "", "PIP_CACHE_DIR": "pip", "npm_config_cache": "npm"}
"""Environment variables of cache folders, and the path of each below an empty folder."""
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


def runs(root: Path = ROOT, count: int | None = None, together: int | None = None) -> Result:
    """Run the suite under load; returns how many runs passed, and the log of the failed one."""
    count = int(os.environ.get("TIDEWIRE_SUITE_RUNS", RUNS)) if count is None else count
    if together is None:
        together = int(os.environ.get("TIDEWIRE_SUITE_TOGETHER", 1))
    logs = Path(tempfile.mkdtemp(prefix="tidewire-suite-"))
    passed: list[int] = []
    failed: list[Path] = []
    numbers = queue.SimpleQueue[int]()
    for number in range(count):
        numbers.put(number + 1)

    def run_in_clone(folder: Path) -> None:
        clone = folder / "clone"
        subprocess.run(["git", "clone", "--quiet", root, clone], check=True)
        while not failed:
            try:
                number = numbers.get_nowait()
            except queue.Empty:
                return
            caches = {name: str(folder / "cache" / path) for name, path in CACHES.items()}
            log = logs / f"run-{number}.log"
            if not _run(clone, log, caches if number == 1 else {}):
                failed.append(log)
                return
            passed.append(number)
            print(f"run {number} of {count} passed", file=sys.stderr, flush=True)

    with (
        tempfile.TemporaryDirectory() as folder,
        busy_machine(),
        ThreadPoolExecutor(together) as pool,
    ):
        Path(folder).chmod(0o755)  # a test runs a program of the clone as another user
        folders = [Path(folder, str(number)) for number in range(together)]
        for future in [pool.submit(run_in_clone, each) for each in folders]:
            future.result()
    figures = {"runs": count, "passed": len(passed), "failed": len(failed)}
    for log in failed:
        lines = log.read_text("utf-8", "replace").splitlines()[-LAST_LINES:]
        print(*lines, sep="\n", file=sys.stderr)
    return Result(not failed, {**figures, "log": str(failed[0] if failed else logs)})


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


def _run(root: Path, log: Path, environment: Mapping[str, str]) -> bool:
    with log.open("wb") as file:
        command = [sys.executable, "dev.py", "test"]
        env = {**os.environ, **environment}
        completed = subprocess.run(
            command, cwd=root, env=env, stdout=file, stderr=subprocess.STDOUT, check=False
        )
    return completed.returncode == 0


CHECKS = {"runs": runs}
