"""The frozen app as a folder and as a tar.zst: `python packaging/app.py [--with-model]`.

Run by `dev.py build` with a Python that has the packages of `requirements/run.txt` and `build.txt`,
and no others.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from archive import copy, pack
from bill import SBOM, write
from source import BUNDLE, DIST, ROOT, WEIGHTS, source_date, version


def freeze() -> Path:
    """The folder, without the embedded model's weights."""
    command = [sys.executable, "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"]
    command += ["--distpath", str(DIST), "--workpath", str(ROOT / "build")]
    command.append(str(ROOT / "packaging" / "tidewire.spec"))
    # The same sources make the same bytes, independent of the time and of a hash seed.
    fixed = {"SOURCE_DATE_EPOCH": str(source_date()), "PYTHONHASHSEED": "0"}
    subprocess.run(command, cwd=ROOT, env={**os.environ, **fixed}, check=True)
    write(BUNDLE, None)
    return BUNDLE


def packed(bundle: Path, weights: Path | None) -> Path:
    """Pack the folder as `dist/tidewire-VERSION-SYSTEM.tar.zst`, and write its bill beside it.

    Outside Linux, where there is no zstd, it is a zip or tar.gz file, which that system unpacks.
    """
    name = f"tidewire{'-with-model' if weights else ''}-{version()}"
    with tempfile.TemporaryDirectory(dir=DIST) as place:
        folder = Path(place) / f"tidewire-{version()}"
        copy(bundle, folder, weights)
        target = DIST / f"{name}-{sys.platform}-{platform.machine()}"
        (folder / SBOM).unlink()
        write(folder, weights)
        shutil.copyfile(folder / SBOM, DIST / f"{name}.cdx.json")
        if sys.platform != "linux":
            form = "zip" if sys.platform == "win32" else "gztar"
            return Path(shutil.make_archive(str(target), form, place, folder.name))
        return pack(Path(place), [folder.name], target.with_name(f"{target.name}.tar.zst"))


def main() -> int:
    """Build, and print the paths of the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--with-model", action="store_true", help="pack the weights as well")
    chosen = parser.parse_args()
    bundle = freeze()
    print(bundle)
    for weights in (None, WEIGHTS) if chosen.with_model else (None,):
        print(packed(bundle, weights))
    return 0


if __name__ == "__main__":
    sys.exit(main())
