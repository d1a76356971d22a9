"""Runs the tests."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

from devtools.checks import follow_all, static_checks
from devtools.console import print_note
from devtools.setup import Setup, prepare
from devtools.system_packages import chromium, missing_qt_packages


def prepare_tests(setup: Setup) -> dict[str, str]:
    """Install the requirements of tests; returns their additional environment variables."""
    packages = missing_qt_packages()
    if sys.platform == "linux" and not shutil.which("Xvfb"):
        packages.append("xvfb")
    if sys.platform == "linux" and not shutil.which("zstd"):
        packages.append("zstd")
    # Ubuntu's chromium is a snap, and other systems have none: there Playwright installs its own.
    release = Path("/etc/os-release")
    ubuntu = release.exists() and "ID=ubuntu" in release.read_text("utf-8").split()
    if shutil.which("apt-get") and not ubuntu and not chromium():
        packages.append("chromium")

    def page() -> None:
        setup.modules()
        setup.page()

    def libraries() -> None:
        setup.apt(packages, "the tests")

    prepare(setup, "dev", page, libraries, lambda: setup.packages("docs"), weights=True)
    # Without bytecode each program that tests start would compile all its modules.
    env = {"PYTHONDONTWRITEBYTECODE": ""}
    if browser := chromium():
        return {**env, "TIDEWIRE_CHROMIUM": browser}
    install = [setup.python, "-m", "playwright", "install", "chromium"]
    setup.children.run_quietly("Installing Chromium", *install)
    return env


def test(setup: Setup, arguments: list[str]) -> int:
    """Every check and every test. Arguments go to pytest and run nothing else; with --page in
    front of them they go to Vitest.
    """
    if arguments[:1] == ["--page"]:
        prepare(setup, "dev", setup.modules)
        return setup.children.follow(*vitest(setup, setup.modules()), *arguments[1:])
    env = prepare_tests(setup)
    # Three at a time on two processors: most of them wait for a page, a process or a socket.
    pytest = [setup.python, "-m", "pytest", "-n", "3", "--dist", "loadscope", *arguments]
    if arguments:
        return setup.children.follow(*pytest, env=env)
    node = setup.modules()
    failed = static_checks(setup, node)
    report = setup.environment / "vitest.json"
    report.unlink(missing_ok=True)
    command = vitest(setup, node)
    both = ["--reporter=default", "--reporter=json", f"--outputFile.json={report}"]
    failed += follow_all(setup, {"vitest": [*command, *both]})
    print_note("== pytest")
    status = setup.children.follow(*pytest, env=env)
    if failed:
        for line in failures_of_the_page(report):
            print_note(line)
        print_note(f"FAILED before pytest: {', '.join(failed)}")
    return status or int(bool(failed))


def vitest(setup: Setup, node: str) -> list[str]:
    """Return the command that runs the page's tests."""
    return [node, setup.script("vitest/vitest.mjs"), "run", "--config", "web/vite.config.ts"]


def failures_of_the_page(report: Path) -> list[str]:
    """List the failures in Vitest's report, because its output is far above pytest's."""
    try:
        files = json.loads(report.read_text("utf-8"))["testResults"]
        return [
            f"FAILED {Path(file['name']).name}: {test['fullName']}"
            for file in files
            for test in file["assertionResults"]
            if test["status"] == "failed"
        ]
    except (OSError, ValueError, LookupError, TypeError):
        return []
