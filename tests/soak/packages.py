"""What `dev.py build` has made, as it is installed: the wheel, the frozen app, their manners."""

import re
import subprocess
import sys
import tempfile
import urllib.request
import venv
from pathlib import Path
from shutil import which
from statistics import median

from benchmarks.startup import start
from shell import __version__
from tests.chromium import driver
from tests.command import ROOT
from tests.host_process import HostProcess
from tests.packaging.installed import Installed, megabytes, xvfb
from tests.soak.result import Check, Result

DIST = ROOT / "dist"
BUNDLE = DIST / "tidewire"
PROGRAM = str(BUNDLE / "tidewire")
WEIGHTS = ROOT / ".models" / "SmolLM2-135M-Instruct.Q4_1.gguf"
MOST_BUNDLE_MB = 430
MOST_PACKAGE_MB = {"tidewire": 160, "tidewire-with-model": 260}
SLOWEST_START = 1.3
"""Of the frozen app, as many times as from source."""
LONGEST_END_S = 3.0
ROUNDS = 5


def wheel() -> Result:
    """In an environment of its own, without Node: asks, serves, and answers in a window."""
    made = DIST / f"tidewire-{__version__}-py3-none-any.whl"
    with tempfile.TemporaryDirectory() as place, driver() as playwright, xvfb() as display:
        home, data = Path(place) / "venv", Path(place) / "data"
        venv.create(home, with_pip=True, symlinks=True)
        install = [str(home / "bin" / "python"), "-m", "pip", "install", "-q", str(made)]
        subprocess.run(install, check=True, stdout=sys.stderr)
        # Nothing else is on the path, so that no Node is.
        environment = {"PATH": str(home / "bin"), "DISPLAY": display, "TIDEWIRE_MODEL_FILE": ""}
        program = Installed((str(home / "bin" / "tidewire"),), environment)
        common = ("--data-dir", str(data))
        missing = program.run("ask", "hello", *common)
        fetched = program.run("model", "fetch", "--from", str(WEIGHTS), *common)
        figures = {
            "wheelMB": megabytes(made),
            "sdistMB": megabytes(DIST / f"tidewire-{__version__}.tar.gz"),
            "environmentMB": megabytes(home),
            "node": which("node", path=environment["PATH"]),
            "saysWhatToDo": "tidewire model fetch" in missing.stderr and missing.returncode == 1,
            "takesTheModelFromAFile": fetched.returncode == 0,
            "asks": program.run("ask", "hello", *common).returncode == 0,
            "doctor": program.run("doctor", *common).returncode == 0,
            "serves": serves(program, data),
            "answersInAWindow": program.answers(playwright, data),
        }
    return Result(figures["node"] is None and all_true(figures), figures)


def app() -> Result:
    """The frozen app: its size, its window, how it starts and how it ends when it is killed."""
    environment = {"TIDEWIRE_MODEL_FILE": str(WEIGHTS)}
    with tempfile.TemporaryDirectory() as place, driver() as playwright, xvfb() as display:
        program = Installed((PROGRAM,), {**environment, "DISPLAY": display})
        data = Path(place) / "data"
        frozen, source = start_ratio(program.command, data)
        processes, gone_s = program.leftovers_of_a_kill(playwright, data)
        figures: dict[str, float | int | str | bool | None] = {
            "bundleMB": megabytes(BUNDLE),
            "asks": program.run("ask", "hello", "--data-dir", str(data)).returncode == 0,
            "doctor": program.run("doctor", "--data-dir", str(data)).returncode == 0,
            "serves": serves(program, data),
            "answersInAWindow": program.answers(playwright, data),
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


def silence() -> Result:
    """The frozen app under strace: the window, the browser's host and a local answer reach nobody;
    a question to a provider that is elsewhere does, which shows that the trap works.
    """
    if which("strace") is None:
        return Result(False, {"missing": "strace"})
    environment = {
        "TIDEWIRE_MODEL_FILE": str(WEIGHTS),
        # An address that is kept for documents: nobody is there.
        "OPENAI_BASE_URL": "http://192.0.2.1:9/v1",
        "OPENAI_API_KEY": "sk-nobody",
    }
    with tempfile.TemporaryDirectory() as place, driver() as playwright, xvfb() as display:
        log, data = Path(place) / "trace", Path(place) / "data"
        # -D: the program, not strace, is the process that is asked to end.
        traced = ("strace", "-D", "-f", "-qq", "-e", "trace=connect,sendto,sendmsg,sendmmsg")
        command = (*traced, "-o", str(log), PROGRAM)
        program = Installed(command, {**environment, "DISPLAY": display})
        answered = program.answers(playwright, data)
        served = serves(program, data)
        calls = log.read_text("utf-8", "replace")
        quiet = far(calls)
        log.write_text("", "utf-8")
        program.run("ask", "hello", "--provider", "openai", "--timeout-ms", "3000")
        asked = far(log.read_text("utf-8", "replace"))
    figures = {
        "answersInAWindow": answered,
        "serves": served,
        "connections": calls.count("connect("),
        "off the machine": len(quiet),
        "who": ", ".join(sorted(set(quiet)))[:200] or None,
        "when asked to": len(asked),
    }
    return Result(answered and served and not quiet and bool(asked), figures)


def far(trace: str) -> list[str]:
    """The addresses in a trace that are not of this machine."""
    lines = [line for line in trace.splitlines() if "AF_INET" in line]
    named = [name for line in lines for name in re.findall(r'"([0-9a-fA-F.:]+)"', line)]
    return [name for name in named if not name.startswith("127.") and name not in ("::1", "::")]


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


def serves(program: Installed, data: Path) -> bool:
    """Whether its page can be fetched, and it ends as it should when it is asked to."""
    arguments = ("serve", "--no-open", "--data-dir", str(data))
    with HostProcess(
        "shell", *arguments, env=program.environment, installed=program.command
    ) as host:
        address = str(host.json_line()["url"])
        with urllib.request.urlopen(address) as page:  # noqa: S310 - it has just told it
            return b"/assets/index-" in page.read()


def all_true(figures: dict[str, float | int | str | bool | None]) -> bool:
    """Whether nothing that was tried has failed."""
    return all(value for value in figures.values() if isinstance(value, bool))


CHECKS: dict[str, Check] = {"wheel": wheel, "app": app, "silence": silence}
