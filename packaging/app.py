"""Makes the frozen app: a folder, and the same as a tar.zst. `python packaging/app.py [--weights]`.

Run by `dev.py build app` with the Python that has the program's packages and PyInstaller's.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
SPEC = ROOT / "packaging" / "tidewire.spec"
WEIGHTS = ROOT / ".models" / "SmolLM2-135M-Instruct.Q4_1.gguf"


def version() -> str:
    """The program's, from the one place that has it."""
    sys.path.insert(0, str(ROOT))
    from shell import __version__

    return __version__


def freeze(weights: Path | None) -> Path:
    """The folder `dist/tidewire`, with or without the embedded model's weights."""
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR"]
    command += ["--distpath", str(DIST), "--workpath", str(ROOT / "build"), str(SPEC)]
    bundled = {"TIDEWIRE_BUNDLED_MODEL": str(weights)} if weights else {}
    # The same sources make the same bytes: nothing of the hour or of a hash seed goes in.
    fixed = {"SOURCE_DATE_EPOCH": source_date(), "PYTHONHASHSEED": "0"}
    subprocess.run(command, cwd=ROOT, env={**os.environ, **fixed, **bundled}, check=True)
    return DIST / "tidewire"


def source_date() -> str:
    """Seconds since the epoch of the last commit, or of this file where there is no history."""
    git = ["git", "log", "-1", "--format=%ct"]
    done = subprocess.run(git, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or str(int(SPEC.stat().st_mtime))


def pack(folder: Path, name: str) -> Path:
    """The folder as `dist/NAME.tar.zst`, the same bytes for the same content."""
    packed = DIST / f"{name}.tar.zst"
    tar = ["tar", "--sort=name", f"--mtime=@{source_date()}", "--owner=0", "--group=0"]
    tar += ["--numeric-owner", "-C", str(folder.parent), "-c", folder.name]
    zstd = ["zstd", "-q", "-f", "-T0", "-19", "-o", str(packed)]
    with subprocess.Popen(tar, stdout=subprocess.PIPE) as writing:
        subprocess.run(zstd, stdin=writing.stdout, check=True)
    if writing.returncode != 0:
        raise subprocess.CalledProcessError(writing.returncode, tar)
    return packed


def main() -> int:
    """Build; prints what was made."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", action="store_true", help="with the embedded model")
    chosen = parser.parse_args()
    folder = freeze(WEIGHTS if chosen.weights else None)
    print(folder)
    if shutil.which("zstd"):
        system = f"{sys.platform}-{platform.machine()}"
        print(pack(folder, f"tidewire-{version()}-{system}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
