"""What tests of packages share."""

from collections.abc import Iterator

import pytest

from devtools.processes import Children
from devtools.setup import Setup
from tests.command import ROOT


@pytest.fixture(scope="module")
def setup() -> Iterator[Setup]:
    """Installs and builds in this tree; what it has started ends with it."""
    children = Children()
    yield Setup(ROOT, children)
    children.end()
