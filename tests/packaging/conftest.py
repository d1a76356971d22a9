"""Shared fixtures of the tests of packages."""

import re
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import bridge
import pytest
from packaging.requirements import Requirement

from devtools.processes import Children
from devtools.setup import Setup
from tests.command import ROOT


@pytest.fixture(scope="module")
def setup() -> Iterator[Setup]:
    """Installs and builds in this tree. Its child processes end with it."""
    children = Children()
    yield Setup(ROOT, children)
    children.end()


@pytest.fixture(scope="session")
def bridge_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of `tidewire-bridge`."""
    files = bridge.build(tmp_path_factory.mktemp("bridge"))
    return next(path for path in files if path.suffix == ".whl")


@pytest.fixture(scope="session")
def bridge_python(bridge_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with that wheel and links to the dependencies of it and its extras."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    with zipfile.ZipFile(bridge_wheel) as archive:
        archive.extractall(site)
    (own,) = metadata.distributions(name=bridge.NAME, path=[str(site)])
    for distribution in dependencies(own, ("", "qt", "test")):
        for file in distribution.files or ():
            if file.parts[0] != "..":
                entry, place = site / file.parts[0], distribution.locate_file(file.parts[0])
                if not entry.exists():
                    entry.symlink_to(Path(str(place)))
    return folder / "bin" / "python"


def dependencies(
    distribution: metadata.Distribution, extras: tuple[str, ...]
) -> list[metadata.Distribution]:
    """All direct and indirect dependencies of a distribution."""
    distributions: dict[str, metadata.Distribution] = {}
    waiting = [(distribution, extras)]
    while waiting:
        dependent, active_extras = waiting.pop()
        for text in dependent.requires or ():
            needed = Requirement(text)
            marker = needed.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in active_extras):
                name = re.sub(r"[-_.]+", "-", needed.name).lower()
                if name not in distributions:
                    distributions[name] = metadata.distribution(name)
                    waiting.append((distributions[name], ("", *needed.extras)))
    return [*distributions.values()]
