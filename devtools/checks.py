"""Linters, types and the other quick checks."""

from __future__ import annotations

from devtools.console import print_note
from devtools.setup import Setup


def static_checks(setup: Setup, node: str) -> list[str]:
    """Run lint, format, types and the contract check; returns the names of failed stages."""
    folders = ("shell", "tidewire_bridge", "devtools", "tests", "benchmarks", "packaging")
    typed = [name for name in folders if (setup.root / name).exists()]
    python = [setup.python, "-m"]
    stages = {
        "ruff check": [*python, "ruff", "check", "."],
        "ruff format": [*python, "ruff", "format", "--check", "."],
        "mypy": [*python, "mypy", "--strict", "dev.py", *typed],
        "contract": [*python, "devtools.contract_ts", "--check"],
        "biome": [node, setup.script("@biomejs/biome/bin/biome"), "check"],
        "tsc": [node, setup.script("typescript/bin/tsc"), "-p", "web", "--noEmit"],
    }
    return follow_all(setup, stages)


def follow_all(setup: Setup, stages: dict[str, list[str]]) -> list[str]:
    """Run every stage, also after a failed one; returns the names of failed stages."""
    failed = []
    for name, command in stages.items():
        print_note(f"== {name}")
        if setup.children.follow(*command) != 0:
            failed.append(name)
    return failed
