"""What `dev.py build` has made, as it is installed: the wheel, the frozen app, their manners."""

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
"""Of the frozen app, as many times as from source."""
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
    """In an environment of its own, without Node: asks, serves, and answers in a window."""
    made = DIST / f"tidewire-{__version__}-py3-none-any.whl"
    with tempfile.TemporaryDirectory() as place, driver() as playwright, xvfb() as display:
        home, data = Path(place) / "venv", Path(place) / "data"
        venv.create(home, with_pip=True, symlinks=True)
        install = [str(home / "bin" / "python"), "-m", "pip", "install", "-q", str(made)]
        subprocess.run(install, check=True, stdout=sys.stderr)
        # Nothing else is on the path, so that no Node is.
        environment = {"PATH": str(home / "bin"), "DISPLAY": display}
        # Nor is this tree, or another model than the one that is fetched.
        environment |= {"PYTHONPATH": "", "TIDEWIRE_MODEL_FILE": ""}
        program = Installed((str(home / "bin" / "tidewire"),), environment)
        with_model = Installed(
            program.command, {**environment, "TIDEWIRE_MODEL_FILE": str(WEIGHTS)}
        )
        common = ("--data-dir", str(data))
        missing = program.run("ask", "hello", *common)
        clicked = program.fetches_by_a_click(playwright, data)
        program.run("model", "remove", *common)
        fetched = program.run("model", "fetch", "--from", str(WEIGHTS), *common)
        figures = {
            "wheelMB": megabytes(made),
            "sdistMB": megabytes(DIST / f"tidewire-{__version__}.tar.gz"),
            "environmentMB": megabytes(home),
            "node": shutil.which("node", path=environment["PATH"]),
            "saysWhatToDo": "tidewire model fetch" in missing.stderr and missing.returncode == 1,
            "fetchesTheModelByAClick": clicked,
            "takesTheModelFromAFile": fetched.returncode == 0,
            "asks": program.run(*ASK, *common).returncode == 0,
            "runsTools": runs_tools(program, data),
            "doctor": program.run("doctor", *common).returncode == 0,
            "serves": serves(program, data),
            "answersInAWindow": with_model.answers(playwright, Path(place) / "window"),
        }
    return Result(figures["node"] is None and all_true(figures), figures)


def app() -> Result:
    """The frozen app: its size, its window, how it starts and how it ends when it is killed."""
    environment = {"TIDEWIRE_MODEL_FILE": str(WEIGHTS)}
    with tempfile.TemporaryDirectory() as place, driver() as playwright, xvfb() as display:
        program = Installed((PROGRAM,), {**environment, "DISPLAY": display})
        data = Path(place) / "data"
        frozen, source = start_ratio(program.command, data)
        processes, gone_s = program.leftovers_of_a_kill(playwright, Path(place) / "killed")
        figures: dict[str, Figure] = {
            "bundleMB": megabytes(BUNDLE),
            "asks": program.run(*ASK, "--data-dir", str(data)).returncode == 0,
            "runsTools": runs_tools(program, data),
            "doctor": program.run("doctor", "--data-dir", str(data)).returncode == 0,
            "serves": serves(program, data),
            "answersInAWindow": program.answers(playwright, Path(place) / "window"),
            "startS": round(frozen, 3),
            "startFromSourceS": round(source, 3),
            "startRatio": round(frozen / source, 3),
            "processesKilled": processes,
            "goneAfterKillS": round(gone_s, 2),
        }
    sizes = {}
    for name, most in MOST_PACKAGE_MB.items():
        for package in DIST.glob(f"{name}_{__version__}_*.deb"):
            sizes[name] = megabytes(package) <= most
            figures[f"{name}.deb MB"] = megabytes(package)
    ok = (
        all_true(figures)
        and all(sizes.values())
        and megabytes(BUNDLE) <= MOST_BUNDLE_MB
        and frozen / source <= SLOWEST_START
        and gone_s <= LONGEST_END_S
        and processes > 1
    )
    return Result(ok, figures)


def runs_tools(program: Installed, data: Path) -> bool:
    """Whether a tool that ships runs, and a person's own that imports modules of Python."""
    own = data / "tools" / "own.py"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text(OWN_TOOL, "utf-8")
    calls = (("calculate", '{"expression": "2**10"}', "1024"), ("middle", '{"n": [1, 9, 5]}', "5"))
    return all(
        program.run("tools", "run", name, "--arguments", given, "--data-dir", str(data)).stdout
        == f"{result}\n"
        for name, given, result in calls
    )


def silence() -> Result:
    """Where every packet that leaves the machine is caught: the window, the browser's host and a
    local answer send none. A question to a provider that is elsewhere does: the trap works.
    """
    if os.geteuid() != 0:
        return Result(False, {"missing": "root, for a network of its own"})
    trap = ["unshare", "--net", sys.executable, "-m", "tests.packaging.trap", PROGRAM]
    environment = {**os.environ, "TIDEWIRE_MODEL_FILE": str(WEIGHTS)}
    done = subprocess.run(trap, cwd=ROOT, env=environment, stdout=subprocess.PIPE, check=True)
    told = json.loads(done.stdout)
    figures = {
        "answersInAWindow": bool(told["answersInAWindow"]),
        "serves": bool(told["serves"]),
        "unasked": len(told["unasked"]),
        "to": ", ".join(told["unasked"])[:200] or None,
        "asked": ", ".join(told["asked"])[:200],
    }
    return Result(all_true(figures) and not told["unasked"] and bool(told["asked"]), figures)


def start_ratio(command: tuple[str, ...], data: Path) -> tuple[float, float]:
    """Seconds to a window that can be used: the installed program, and this tree; in turns."""
    arguments = ["--debug-port", "0", "--data-dir", str(data)]
    commands = ([*command, *arguments], [sys.executable, "-m", "shell", *arguments])
    times: list[list[float]] = [[], []]
    for number in range(ROUNDS + 1):
        for seconds, each in zip(times, commands, strict=True):
            took = start(each)
            if number > 0:  # the first one fills the caches of the system
                seconds.append(took)
    return median(times[0]), median(times[1])


def bridge() -> Result:
    """`tidewire-bridge` and its extras, each in an environment of its own: how much they bring, how
    long their import takes, and the tests of the example, in both shells.
    """
    figures: dict[str, Figure] = {}
    (made,) = DIST.glob(f"tidewire_bridge-{__version__}-*.whl")
    for extras in ("", "[qt]", "[test]", "[qt,test]"):
        with tempfile.TemporaryDirectory() as place:
            python = environment_of(Path(place), f"{made}{extras}", figures, extras or "alone")
            if extras == "":
                figures["importMs"] = import_ms(python, "import tidewire_bridge")
                figures["importOfAppMs"] = import_ms(python, "from tidewire_bridge import App")
            if extras == "[qt,test]":
                shutil.copytree(ROOT / "examples", Path(place) / "examples")
                command = [str(python), "-m", "pytest", "-q", "examples/counter"]
                env = {**os.environ, "PYTHONPATH": place}
                done = subprocess.run(command, cwd=place, env=env, check=False, stdout=sys.stderr)
                figures["examplePasses"] = done.returncode == 0
    small = (figures["alone MB"], MOST_BRIDGE_MB), (figures["importMs"], LONGEST_IMPORT_MS)
    return Result(all_true(figures) and all(float(a or 0) <= b for a, b in small), figures)


def environment_of(place: Path, wanted: str, figures: dict[str, Figure], name: str) -> Path:
    """Install a package into a new environment and note what it brings; returns its Python."""
    home = place / "venv"
    venv.create(home, with_pip=True, symlinks=True)
    empty, packages = megabytes(home), len([*home.rglob("*.dist-info")])
    python = home / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "-q", wanted]
    subprocess.run(install, check=True, stdout=sys.stderr)
    figures[f"{name} MB"] = round(megabytes(home) - empty, 1)
    figures[f"{name} packages"] = len([*home.rglob("*.dist-info")]) - packages
    return python


def import_ms(python: Path, line: str) -> float:
    """The time of an import, beyond the interpreter's own start: the median of many."""
    clock = f"import time; a = time.perf_counter(); {line}; print(time.perf_counter() - a)"
    command = [str(python), "-P", "-c", clock]
    runs = [subprocess.run(command, capture_output=True, check=True).stdout for _ in range(21)]
    return round(median(float(each) for each in runs) * 1_000, 1)


def all_true(figures: Mapping[str, Figure]) -> bool:
    """Whether nothing that was tried has failed."""
    return all(value for value in figures.values() if isinstance(value, bool))


CHECKS: dict[str, Check] = {"wheel": wheel, "bridge": bridge, "app": app, "silence": silence}
