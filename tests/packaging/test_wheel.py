"""The content of the wheel and of the source distribution."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from shell import __version__
from tests.command import ROOT

FOREIGN = ("node_modules", "/tests/", ".test.", ".map", ".stamp", ".gguf", "__pycache__", ".venv")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution of this tree."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def wheel(built: Path) -> list[str]:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        return archive.namelist()


def source(built: Path) -> list[str]:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        return archive.getnames()


def test_neither_has_tests_maps_or_packages_of_others(built: Path) -> None:
    names = [*wheel(built), *source(built)]
    assert [name for name in names if any(part in f"/{name}" for part in FOREIGN)] == []


def test_both_have_the_built_page_and_the_licences_in_it(built: Path) -> None:
    prefix = f"tidewire-{__version__}/"
    for names, root in ((wheel(built), ""), (source(built), prefix)):
        for needed in (".vite/manifest.json", ".vite/licences.json", "bridge.js"):
            assert f"{root}shell/page/{needed}" in names
        assert [name for name in names if name.startswith(f"{root}shell/page/assets/index-")]
        assert f"{root}shell/providers/models.toml" in names
        assert f"{root}shell/bridge/index.html" in names
        for tool in ("calculator", "fetch_page", "read_file"):
            assert f"{root}shell/tools/shipped/{tool}.py" in names
        assert f"{root}shell/py.typed" in names
        assert f"{root}tidewire_bridge/py.typed" in names


def test_the_version_is_the_one_of_the_program(built: Path) -> None:
    names = sorted(path.name for path in built.iterdir())
    assert names == [f"tidewire-{__version__}-py3-none-any.whl", f"tidewire-{__version__}.tar.gz"]


def test_it_is_a_command_and_a_program_without_a_console(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as archive:
        name = f"tidewire-{__version__}.dist-info/entry_points.txt"
        entry_points = archive.read(name).decode()
    assert "[console_scripts]\ntidewire = shell.cli.program:main" in entry_points
    assert "[pytest11]\ntidewire = tidewire_bridge.pytest_plugin" in entry_points
    assert "[gui_scripts]\ntidewire-window = shell.cli.program:main" in entry_points


def test_the_same_tree_makes_the_same_wheel(built: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    second = next(tmp_path.glob("*.whl"))
    assert second.read_bytes() == (built / second.name).read_bytes()
