"""`dev.py build`: its own environment, with the packages of the locks only."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from devtools import build as building
from devtools.build import build
from devtools.console import WrongUsage
from devtools.processes import Children
from devtools.setup import Setup


class RecordedChildren(Children):
    """Starts no process, and records the commands."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[tuple[str, ...]] = []

    def run_quietly(self, title: str, *command: str, env: dict[str, str] | None = None) -> str:
        self.commands.append(command)
        return ""


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The requested locks. Nothing is installed."""
    locks: list[str] = []

    def prepare(
        setup: Setup, lock: str, *steps: Callable[[], object], weights: bool = False
    ) -> None:
        locks.append(f"{setup.environment.parent.name}/{setup.environment.name} {lock}")

    monkeypatch.setattr(building, "prepare", prepare)
    monkeypatch.setattr(building, "missing_qt_packages", list)
    monkeypatch.setattr(building, "package", lambda *_: locks.append("npm package"))
    monkeypatch.setattr(Setup, "modules", lambda _: "node")
    monkeypatch.setattr(Setup, "node", lambda _: ("node", ["npm"]))
    return locks


def test_what_is_built_comes_from_two_locks_and_no_other(
    tmp_path: Path, prepared: list[str]
) -> None:
    children = RecordedChildren()
    assert build(Setup(tmp_path, children), ["app"]) == 0
    assert prepared == ["build/venv run", "build/venv build"]
    python = str(tmp_path / "build" / "venv")
    assert all(command[0].startswith(python) for command in children.commands)
    assert [command[1] for command in children.commands] == [
        "packaging/app.py",
        "packaging/archive.py",
    ]


def test_nothing_of_an_earlier_lock_is_left_to_be_frozen(
    tmp_path: Path, prepared: list[str]
) -> None:
    stale_file = tmp_path / "build" / "venv" / "lib" / "left-over.py"
    stale_file.parent.mkdir(parents=True)
    stale_file.touch()
    build(Setup(tmp_path, RecordedChildren()), ["wheel"])
    assert not stale_file.exists()


def test_only_everything_packs_the_model(tmp_path: Path, prepared: list[str]) -> None:
    for target, packed in (("app", False), ("all", True)):
        children = RecordedChildren()
        build(Setup(tmp_path, children), [target])
        (freezing,) = (each for each in children.commands if "packaging/app.py" in each)
        assert ("--with-model" in freezing) is packed


@pytest.mark.parametrize(
    ("target", "scripts"),
    [
        ("wheel", ["archive.py"]),
        ("bridge", ["bridge.py", "archive.py"]),
        ("all", ["bridge.py", "app.py", "deb.py", "archive.py"]),
    ],
)
def test_the_bridge_is_built_alone_and_with_everything(
    tmp_path: Path, prepared: list[str], target: str, scripts: list[str]
) -> None:
    children = RecordedChildren()
    assert build(Setup(tmp_path, children), [target]) == 0
    commands = [command[1] for command in children.commands if command[1] != "-m"]
    assert commands == [f"packaging/{script}" for script in scripts]


@pytest.mark.parametrize(("target", "count"), [("npm", 1), ("wheel", 0), ("app", 0), ("all", 1)])
def test_the_npm_package_is_part_of_everything(
    tmp_path: Path, prepared: list[str], target: str, count: int
) -> None:
    assert build(Setup(tmp_path, RecordedChildren()), [target]) == 0
    assert prepared.count("npm package") == count


def test_a_debian_package_is_refused_elsewhere(
    tmp_path: Path, prepared: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(WrongUsage, match="works on Linux"):
        build(Setup(tmp_path, RecordedChildren()), ["deb"])
    assert prepared == []
