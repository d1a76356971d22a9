"""Makes the Debian package of the frozen app: `python packaging/deb.py`, after `app.py`."""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from app import DIST, ROOT, source_date, version

LINUX = ROOT / "packaging" / "linux"
SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
MAINTAINER = "Tidewire contributors <tidewire@localhost>"
LEFT = """#!/bin/sh
set -e
if [ "$1" = remove ] || [ "$1" = purge ]; then
  echo "Conversations and settings stay where they are, in each person's ~/.local/share/tidewire"
fi
"""
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: tidewire
Comment: The licences of the libraries in this package are in /usr/lib/tidewire/licences.

Files: *
Copyright: Tidewire contributors
License: MIT
"""


def build(bundle: Path) -> Path:
    """The package `dist/tidewire_VERSION_ARCH.deb` of a frozen app."""
    with tempfile.TemporaryDirectory(dir=DIST) as folder:
        root = Path(folder) / "root"
        place(bundle, root)
        control(root)
        architecture = ARCHITECTURES[platform.machine()]
        target = DIST / f"tidewire_{version()}_{architecture}.deb"
        command = ["dpkg-deb", "-Zzstd", "-z19", "--root-owner-group", "--build", str(root)]
        date = {"SOURCE_DATE_EPOCH": source_date()}
        subprocess.run([*command, str(target)], env={**os.environ, **date}, check=True)
    return target


def place(bundle: Path, root: Path) -> None:
    """Everything where Debian wants it."""
    share = root / "usr/share"
    shutil.copytree(bundle, root / "usr/lib/tidewire", symlinks=True)
    (root / "usr/bin").mkdir()
    (root / "usr/bin/tidewire").symlink_to("../lib/tidewire/tidewire")
    copies = {
        "tidewire.desktop": share / "applications/tidewire.desktop",
        "tidewire.svg": share / "icons/hicolor/scalable/apps/tidewire.svg",
    }
    for name, target in copies.items():
        target.parent.mkdir(parents=True)
        shutil.copyfile(LINUX / name, target)
    draw_icons(share / "icons/hicolor")
    documents = share / "doc/tidewire"
    documents.mkdir(parents=True)
    licence = "".join(f" {line or '.'}\n" for line in (ROOT / "LICENSE").read_text().splitlines())
    (documents / "copyright").write_text(COPYRIGHT + licence)
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def draw_icons(hicolor: Path) -> None:
    """The icon in the usual sizes."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from PySide6.QtGui import QGuiApplication, QImage, QPainter
    from PySide6.QtSvg import QSvgRenderer

    application = QGuiApplication([])
    drawing = QSvgRenderer(str(LINUX / "tidewire.svg"))
    for size in SIZES:
        image = QImage(size, size, QImage.Format.Format_ARGB32)
        image.fill(0)
        painter = QPainter(image)
        drawing.render(painter)
        painter.end()
        target = hicolor / f"{size}x{size}/apps/tidewire.png"
        target.parent.mkdir(parents=True)
        image.save(str(target))
    application.quit()


def control(root: Path) -> None:
    """What the package says of itself; what it needs is read from its own libraries."""
    size = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file()) // 1024
    fields = {
        "Package": "tidewire",
        "Version": version(),
        "Architecture": ARCHITECTURES[platform.machine()],
        "Maintainer": MAINTAINER,
        "Installed-Size": str(size),
        "Depends": depends(root / "usr/lib/tidewire"),
        "Section": "net",
        "Priority": "optional",
        "Description": "A desktop home for every language model",
    }
    folder = root / "DEBIAN"
    folder.mkdir()
    text = "".join(f"{name}: {value}\n" for name, value in fields.items())
    (folder / "control").write_text(
        f"{text} Talks to models on this machine and elsewhere, and keeps every word.\n"
    )
    script = folder / "postrm"
    script.write_text(LEFT)
    script.chmod(0o755)


def depends(bundle: Path) -> str:
    """The packages of the libraries that the bundle links to and does not bring."""
    files = [path for path in bundle.rglob("*") if path.is_file() and is_elf(path)]
    inside = sorted({str(path.parent) for path in files})
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "debian").mkdir()
        (Path(folder) / "debian/control").write_text("Source: tidewire\n")
        command = ["dpkg-shlibdeps", "-O", "--ignore-missing-info", "--warnings=0"]
        command += [f"-l{place}" for place in inside] + [f"-e{path}" for path in files]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    found = done.stdout.strip().removeprefix("shlibs:Depends=")
    # Qt loads these by name.
    return f"{found}, libnss3, libegl1, libgl1"


def is_elf(path: Path) -> bool:
    """Whether a file is a program or a library."""
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


if __name__ == "__main__":
    print(build(DIST / "tidewire"))
    sys.exit(0)
