"""The reference design's own renderer, byte for byte, with our `window.llm`, in both shells."""

import hashlib
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright

from devtools.processes import Children
from devtools.setup import Setup
from tests.e2e.app import Kind
from tests.e2e.reference.renderer import CASES, HERE, Renderer, rendering
from tests.host_process import ROOT

TIMES = 5
"""Runs of each case, with and without another stream; `dev.py soak reference` makes 1,000."""
PRINTED = {
    "hooks/useLlmInference.ts": "7b6a617b27da8a44ddb327f0576bf08320186c37aeb964d7548626b3392892c6",
    "components/ChatComponent.tsx": (
        "f801861445f7e4eecabc20d4305311f6ef3d60607629c57c39cb0d7c03152977"
    ),
}
"""SHA-256 of the code blocks in the printed design."""


@pytest.fixture(scope="module")
def renderer(
    kind: Kind, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Renderer]:
    with rendering(kind, playwright, tmp_path_factory.mktemp("reference")) as started:
        yield started


@pytest.mark.shows("B55", "B56", "B59", "B61", "B62", "D23", "D68", "D69", "D70")
@pytest.mark.parametrize("beside", [False, True], ids=["alone", "beside another stream"])
@pytest.mark.parametrize("case", CASES)
def test_the_design_s_renderer_is_whole(renderer: Renderer, case: str, beside: bool) -> None:
    if beside:
        renderer.stream_beside()
    try:
        failures = [failure for _ in range(TIMES) if (failure := renderer.run(case)) is not None]
        assert failures == []
        assert renderer.is_beside is beside
    finally:
        renderer.stop_beside()


@pytest.mark.parametrize("file", PRINTED)
def test_the_design_s_code_is_as_it_is_printed(file: str) -> None:
    printed = (HERE / file).read_bytes().partition(b"// ---\n")[2]
    assert hashlib.sha256(printed).hexdigest() == PRINTED[file]


@pytest.mark.shows("D60")
def test_the_design_s_code_compiles_strictly_with_our_preload() -> None:
    setup = Setup(ROOT, Children())
    node, _ = setup.node()
    tsc = [node, str(setup.script("typescript/bin/tsc")), "-p", str(HERE), "--noEmit"]
    completed = subprocess.run(tsc, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert (completed.stdout, completed.returncode) == ("", 0)
