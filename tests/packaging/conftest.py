"""What tests of packages share."""

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
    """Installs and builds in this tree; what it has started ends with it."""
    children = Children()
    yield Setup(ROOT, children)
    children.end()


@pytest.fixture(scope="session")
def bridge_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of `tidewire-bridge`."""
    made = bridge.build(tmp_path_factory.mktemp("bridge"))
    return next(path for path in made if path.suffix == ".whl")


@pytest.fixture(scope="session")
def bridge_python(bridge_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with that wheel and all that it and its extras need, linked from where tests run."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    site = Path(sysconfig.get_path("purelib", "venv", {"base": str(folder)}))
    with zipfile.ZipFile(bridge_wheel) as archive:
        archive.extractall(site)
    (own,) = metadata.distributions(name=bridge.NAME, path=[str(site)])
    for distribution in dependencies(own, ("", "qt", "test")):
        for file in distribution.files or ():
            if file.parts[0] != "..":
                link, place = site / file.parts[0], distribution.locate_file(file.parts[0])
                if not link.exists():
                    link.symlink_to(Path(str(place)))
    return folder / "bin" / "python"


def dependencies(
    distribution: metadata.Distribution, extras: tuple[str, ...]
) -> list[metadata.Distribution]:
    """Everything that a distribution needs, and that its dependencies need."""
    found: dict[str, metadata.Distribution] = {}
    waiting = [(distribution, extras)]
    while waiting:
        needing, asked = waiting.pop()
        for text in needing.requires or ():
            needed = Requirement(text)
            marker = needed.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in asked):
                name = re.sub(r"[-_.]+", "-", needed.name).lower()
                if name not in found:
                    found[name] = metadata.distribution(name)
                    waiting.append((found[name], ("", *needed.extras)))
    return [*found.values()]
