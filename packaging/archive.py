"""Packs files so that the same content gives the same bytes, and writes their checksums."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from source import DIST, source_date, version

SUMS = DIST / "SHA256SUMS"
ZSTD = ("zstd", "-q", "-f", "-T2", "-10", "--long=27")
"""Two cores take 10 s for the app. Level 19 takes minutes and saves 2 %. What unpacks a Debian
package refuses to look back farther than 2 to the 27th."""


def pack(folder: Path, names: list[str], target: Path) -> Path:
    """Write these entries of a folder as `target`, a tar.zst that names no owner and no hour."""
    tar = ["tar", "--format=gnu", "--sort=name", f"--mtime=@{source_date()}", "--owner=0"]
    tar += ["--group=0", "--numeric-owner", "--hard-dereference", "-C", str(folder), "-c", *names]
    with subprocess.Popen(tar, stdout=subprocess.PIPE) as writing:
        subprocess.run([*ZSTD, "-o", str(target)], stdin=writing.stdout, check=True)
    if writing.returncode != 0:
        raise subprocess.CalledProcessError(writing.returncode, tar)
    return target


def copy(bundle: Path, target: Path, weights: Path | None) -> None:
    """Copy the frozen app to another folder, with the embedded model's weights or without.

    The files are hard links, because they are only read.
    """
    shutil.copytree(bundle, target, symlinks=True, copy_function=os.link)
    if weights is not None:
        models = target / "_internal" / "shell" / "models"
        models.mkdir()
        shutil.copyfile(weights, models / weights.name)


def write_sums() -> Path:
    """The sums of everything in `dist` that is of this version, as `sha256sum -c` reads them."""
    lines = []
    for path in sorted(DIST.iterdir()):
        if path.is_file() and any(f"{mark}{version()}" in path.name for mark in "-_"):
            with path.open("rb") as file:
                lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {path.name}\n")
    SUMS.write_text("".join(lines), "utf-8")
    return SUMS


if __name__ == "__main__":
    print(write_sums())
    sys.exit(0)
