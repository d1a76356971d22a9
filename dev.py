#!/usr/bin/env python3
"""Installs what Tidewire needs, then runs, tests or builds it.

It needs Python 3.11 to 3.14 and nothing else. Every step remembers in a stamp what it was made
from, and is done again only after a change. Everything is installed in this folder (.venv,
node_modules, .models, shell/page), except system libraries on Linux, which apt installs when it
is run by root. The parts are in `devtools/`.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

if sys.version_info < (3, 11) or sys.version_info >= (3, 15):
    sys.exit(f"Tidewire needs Python 3.11 to 3.14, and this is Python {sys.version.split()[0]}.")

from devtools.build import build
from devtools.checks import follow_all, static_checks
from devtools.console import Failure, WrongUsage, print_note, refuse_arguments
from devtools.processes import WINDOWS, Children, join_windows_job
from devtools.setup import Setup, prepare
from devtools.suite import prepare_tests, test
from devtools.system_packages import missing_qt_packages
from devtools.web import web

ROOT = Path(__file__).resolve().parent


def install(setup: Setup, arguments: list[str]) -> int:
    """Install everything that running and testing need, and nothing else."""
    refuse_arguments(arguments)
    prepare_tests(setup)
    return 0


def run(setup: Setup, arguments: list[str]) -> int:
    """Install what is missing, then become the program."""

    def libraries() -> None:
        others = {"-h", "--help", "--version"}
        if not (arguments and (arguments[0][0] != "-" or others & {*arguments})):
            try:
                setup.apt(missing_qt_packages(), "the window")
            except Failure as failure:
                print_note(f"{failure}\nUntil then Tidewire opens in the browser.")
                arguments.insert(0, "serve")

    prepare(setup, "run", setup.page, libraries, weights=True)
    # -P: a folder called shell in the current directory is not this program.
    command = [setup.python, "-P", "-m", "shell", *arguments]
    if not WINDOWS:
        os.execv(command[0], command)  # noqa: S606 - becoming the program is the point
    return setup.children.follow(*command)


def check(setup: Setup, arguments: list[str]) -> int:
    """Lint, format, types and layers, in Python and in TypeScript."""
    refuse_arguments(arguments)
    prepare(setup, "dev", setup.modules)
    failed = static_checks(setup, setup.modules())
    layers = [setup.python, "-m", "pytest", "-q", "tests/test_layers.py"]
    failed += follow_all(setup, {"layers": layers})
    print_note(f"FAILED: {', '.join(failed)}" if failed else "All checks passed.")
    return int(bool(failed))


def types(setup: Setup, arguments: list[str]) -> int:
    """Write the page's contract anew from the Python models."""
    refuse_arguments(arguments)
    prepare(setup, "run")
    return setup.children.follow(setup.python, "-m", "devtools.contract_ts")


def soak(setup: Setup, arguments: list[str]) -> int:
    """The long reliability checks, one JSON line of result each: all, or one by name."""
    env = prepare_tests(setup)
    return setup.children.follow(setup.python, "-m", "tests.soak", *arguments, env=env)


def bench(setup: Setup, arguments: list[str]) -> int:
    """The benchmarks, one JSON line of result each: all, or one by name."""
    env = prepare_tests(setup)
    return setup.children.follow(setup.python, "-m", "benchmarks", *arguments, env=env)


def main(arguments: list[str]) -> int:
    """Carry out one command; returns the exit status."""
    commands: dict[str, tuple[Callable[[Setup, list[str]], int], str]] = {
        "run": (run, "[-- ARGUMENT ...]"),
        "setup": (install, ""),
        "test": (test, "[--page] [ARGUMENT ...]"),
        "check": (check, ""),
        "types": (types, ""),
        "soak": (soak, "[NAME]"),
        "bench": (bench, "[NAME]"),
        "web": (web, "[--window] [-- ARGUMENT ...]"),
        "build": (build, "[wheel|bridge|docs|npm|app|deb|all]"),
    }
    name, *rest = arguments or ["--help"]
    if name in ("-h", "--help") or rest[:1] in (["-h"], ["--help"]):
        print(f"usage: python3 dev.py COMMAND [ARGUMENT ...]\n\n{__doc__}")
        for known, (command, takes) in commands.items():
            print(f"  {known} {takes}\n      {command.__doc__}")
        return 0 if arguments else WrongUsage.status
    if "--" in rest:
        rest.remove("--")
    for number in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    join_windows_job()
    children = Children()
    try:
        if name not in commands:
            raise WrongUsage(f"dev.py knows no command {name!r}, only {', '.join(commands)}.")
        return commands[name][0](Setup(ROOT, children), rest)
    except Failure as failure:
        print_note(str(failure))
        return failure.status
    except OSError as error:
        print_note(f"dev.py {name}: {error.strerror or error}: {error.filename or 'no file named'}")
        return 1
    except KeyboardInterrupt:
        print_note("Interrupted.")
        return 130
    finally:
        children.end()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
