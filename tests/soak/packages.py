"""Checks the packages of `dev.py build` as installed: the wheel, the frozen app, the bridge."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks.startup import start
from shell import __version__
from tests.chromium import driver
from tests.command import ROOT
from tests.packaging.installed import Installed, megabytes, xvfb
from tests.packaging.trap import serves
from tests.soak.result import Check, Figure, Result

DIST = ROOT / "dist"
BUNDLE = DIST / "tidewire"
PROGRAM = str(BUNDLE / "tidewire")
WEIGHTS = ROOT / ".models" / "SmolLM2-135M-Instruct.Q4_1.gguf"
MOST_BUNDLE_MB = 430
MOST_BRIDGE_MB = 60
LONGEST_IMPORT_MS = 30
MOST_PACKAGE_MB = {"tidewire": 160, "tidewire-with-model": 260}
SLOWEST_START = 1.3
"""The most that the frozen app's start may take, relative to a start from source."""
LONGEST_END_S = 3.0
ROUNDS = 5
OWN_TOOL = """
import colorsys, csv, graphlib, statistics, xml.dom.minidom
from shell.tools import tool

@tool(reads=False, brings=False, sends=False)
def middle(n: list[int]) -> int:
    return statistics.median(n)
"""
ASK = ("ask", "hello", "--max-tokens", "20")


def wheel() -> Result:
    """Install the wheel in a new environment without Node: it asks, serves, and opens a window."""
    wheel_file = DIST / f"tidewire-{__version__}-py3-none-any.whl"
    with tempfile.TemporaryDirectory() as folder, driver() as playwright, xvfb() as display:
        environment_folder, data = Path(folder) / "venv", Path(folder) / "data"
        venv.create(environment_folder, with_pip=True, symlinks=True)
        install = [
            str(environment_folder / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "-q",
            str(wheel_file),
        ]
        subprocess.run(install, check=True, stdout=sys.stderr)
        # Nothing else is on the path, in particular no Node.
        environment = {"PATH": str(environment_folder / "bin"), "DISPLAY": display}
        # Neither this tree nor another model than the fetched one is available.
        environment |= {"PYTHONPATH": "", "TIDEWIRE_MODEL_FILE": ""}
        program = Installed((str(environment_folder / "bin" / "tidewire"),), environment)
        with_model = Installed(
            program.command, {**environment, "TIDEWIRE_MODEL_FILE": str(WEIGHTS)}
        )
        common = ("--data-dir", str(data))
        missing = program.run("ask", "hello", *common)
        fetched_by_click = program.fetches_by_a_click(playwright, data)
        program.run("model", "remove", *common)
        fetched = program.run("model", "fetch", "--from", str(WEIGHTS), *common)
        figures = {
            "wheelMB": megabytes(wheel_file),
            "sdistMB": megabytes(DIST / f"tidewire-{__version__}.tar.gz"),
            "environmentMB": megabytes(environment_folder),
            "node": shutil.which("node", path=environment["PATH"]),
            "saysWhatToDo": "tidewire model fetch" in missing.stderr and missing.returncode == 1,
            "fetchesTheModelByAClick": fetched_by_click,
            "takesTheModelFromAFile": fetched.returncode == 0,
            "asks": program.run(*ASK, *common).returncode == 0,
            "runsTools": runs_tools(program, data),
            "doctor": program.run("doctor", *common).returncode == 0,
            "serves": serves(program, data),
            "answersInAWindow": with_model.answers(playwright, Path(folder) / "window"),
        }
    return Result(figures["node"] is None and all_true(figures), figures)


def app() -> Result:
    """Check the frozen app: its size, its window, its start, and its end after a kill."""
    environment = {"TIDEWIRE_MODEL_FILE": str(WEIGHTS)}
    with tempfile.TemporaryDirectory() as folder, driver() as playwright, xvfb() as display:
        program = Installed((PROGRAM,), {**environment, "DISPLAY": display})
        data = Path(folder) / "data"
        frozen, source = start_ratio(program.command, data)
        processes, exit_s = program.leftovers_of_a_kill(playwright, Path(folder) / "killed")
        figures: dict[str, Figure] = {
            "bundleMB": megabytes(BUNDLE),
            "asks": program.run(*ASK, "--data-dir", str(data)).returncode == 0,
            "runsTools": runs_tools(program, data),
            "doctor": program.run("doctor", "--data-dir", str(data)).returncode == 0,
            "serves": serves(program, data),
            "answersInAWindow": program.answers(playwright, Path(folder) / "window"),
            "startS": round(frozen, 3),
            "startFromSourceS": round(source, 3),
            "startRatio": round(frozen / source, 3),
            "processesKilled": processes,
            "goneAfterKillS": round(exit_s, 2),
        }
    sizes = {}
    for name, max_mb in MOST_PACKAGE_MB.items():
        for package in DIST.glob(f"{name}_{__version__}_*.deb"):
            sizes[name] = megabytes(package) <= max_mb
            figures[f"{name}.deb MB"] = megabytes(package)
    ok = (
        all_true(figures)
        and all(sizes.values())
        and megabytes(BUNDLE) <= MOST_BUNDLE_MB
        and frozen / source <= SLOWEST_START
        and exit_s <= LONGEST_END_S
        and processes > 1
    )
    return Result(ok, figures)


def runs_tools(program: Installed, data: Path) -> bool:
    """Whether a shipped tool runs, and a user's tool that imports standard modules."""
    own = data / "tools" / "own.py"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(OWN_TOOL, "utf-8")
    calls = (("calculate", '{"expression": "2**10"}', "1024"), ("middle", '{"n": [1, 9, 5]}', "5"))
    return all(
        program.run("tools", "run", name, "--arguments", arguments, "--data-dir", str(data)).stdout
        == f"{result}\n"
        for name, arguments, result in calls
    )


def silence() -> Result:
    """Check that the program sends no packets by itself, in a network that records them all.

    The window, the browser's host and a local answer must send none. A question to a remote
    provider must send some, which shows that the recording works.
    """
    if os.geteuid() != 0:
        return Result(False, {"missing": "root, for a network of its own"})
    trap = ["unshare", "--net", sys.executable, "-m", "tests.packaging.trap", PROGRAM]
    environment = {**os.environ, "TIDEWIRE_MODEL_FILE": str(WEIGHTS)}
    completed = subprocess.run(trap, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    report = json.loads(completed.stdout)
    figures = {
        "answersInAWindow": bool(report["answersInAWindow"]),
        "serves": bool(report["serves"]),
        "unasked": len(report["unasked"]),
        "to": ", ".join(report["unasked"])[:200] or None,
        "asked": ", ".join(report["asked"])[:200],
    }
    return Result(all_true(figures) and not report["unasked"] and bool(report["asked"]), figures)


def start_ratio(command: tuple[str, ...], data: Path) -> tuple[float, float]:
    """Median seconds to a usable window, of the installed program and of this tree, in turns."""
    arguments = ["--debug-port", "0", "--data-dir", str(data)]
    commands = ([*command, *arguments], [sys.executable, "-m", "shell", *arguments])
    times: list[list[float]] = [[], []]
    for number in range(ROUNDS + 1):
        for seconds, each in zip(times, commands, strict=True):
            start_s = start(each)
            if number > 0:  # the first one fills the caches of the system
                seconds.append(start_s)
    return median(times[0]), median(times[1])


def bridge() -> Result:
    """Check `tidewire-bridge` and its extras, each in a new environment.

    Measures the size of the installation and the time of an import, and runs the example's tests in
    both shells.
    """
    figures: dict[str, Figure] = {}
    (wheel_file,) = DIST.glob(f"tidewire_bridge-{__version__}-*.whl")
    for extras in ("", "[qt]", "[test]", "[qt,test]"):
        with tempfile.TemporaryDirectory() as folder:
            python = environment_of(
                Path(folder), f"{wheel_file}{extras}", figures, extras or "alone"
            )
            if extras == "":
                figures["importMs"] = import_ms(python, "import tidewire_bridge")
                figures["importOfAppMs"] = import_ms(python, "from tidewire_bridge import App")
            if extras == "[qt,test]":
                shutil.copytree(ROOT / "examples", Path(folder) / "examples")
                command = [str(python), "-m", "pytest", "-q", "examples/counter"]
                env = {**os.environ, "PYTHONPATH": folder}
                completed = subprocess.run(
                    command, cwd=folder, env=env, check=False, stdout=sys.stderr
                )
                figures["examplePasses"] = completed.returncode == 0
    bounds = (figures["alone MB"], MOST_BRIDGE_MB), (figures["importMs"], LONGEST_IMPORT_MS)
    return Result(all_true(figures) and all(float(a or 0) <= b for a, b in bounds), figures)


def environment_of(folder: Path, requirement: str, figures: dict[str, Figure], name: str) -> Path:
    """Install a package into a new environment and record its size; returns its Python."""
    environment = folder / "venv"
    venv.create(environment, with_pip=True, symlinks=True)
    empty, packages = megabytes(environment), len([*environment.rglob("*.dist-info")])
    python = environment / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "-q", requirement]
    subprocess.run(install, check=True, stdout=sys.stderr)
    figures[f"{name} MB"] = round(megabytes(environment) - empty, 1)
    figures[f"{name} packages"] = len([*environment.rglob("*.dist-info")]) - packages
    return python


def import_ms(python: Path, line: str) -> float:
    """The median time of an import in milliseconds, without the start of the interpreter."""
    clock = f"import time; a = time.perf_counter(); {line}; print(time.perf_counter() - a)"
    command = [str(python), "-P", "-c", clock]
    runs = [subprocess.run(command, capture_output=True, check=True).stdout for _ in range(21)]
    return round(median(float(seconds) for seconds in runs) * 1_000, 1)


def all_true(figures: Mapping[str, Figure]) -> bool:
    """Whether all boolean figures are true."""
    return all(value for value in figures.values() if isinstance(value, bool))


CHECKS: dict[str, Check] = {"wheel": wheel, "bridge": bridge, "app": app, "silence": silence}
