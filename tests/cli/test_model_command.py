"""`tidewire model fetch` on a terminal."""

import http.server
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.tools.terminal import Terminal


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The address of a file that is not the weights."""
    (tmp_path / "other.gguf").write_bytes(b"GGUF" * 100_000)
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/other.gguf"
        server.shutdown()
        thread.join()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_the_reason_of_a_failed_download_has_a_line_of_its_own(
    tmp_path: Path, address: str
) -> None:
    with Terminal("model", "fetch", "--from", address, "--folder", str(tmp_path)) as terminal:
        terminal.until("100 % of 0 MB")
        assert terminal.wait_for_exit() == 1
    assert terminal.output.splitlines()[-1].startswith("tidewire: The local model was not")
