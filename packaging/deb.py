"""The Debian package of the frozen app: `python packaging/deb.py [--with-model]`.

It is written here, since `dpkg-deb` cannot let zstd look back far enough: 3 % of the size. What a
package is made of is fixed: an `ar` archive of three members.
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

LINUX = ROOT / "packaging" / "linux"
ICONS = str(ROOT / "packaging" / "icons.py")
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
MAINTAINER = "Tidewire contributors <tidewire@localhost>"
BY_NAME = (
    "ca-certificates",
    "fonts-dejavu-core | fonts-liberation",
    "libegl1",
    "libgl1",
    "libnss3",
)
"""Dependencies that nothing in the bundle links to: Qt loads some by name, a provider's certificate
needs certificate authorities, and text needs a font."""
COPYRIGHT = """Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: tidewire
Comment: The licences of the libraries in this package are in /usr/lib/tidewire/licences.

Files: *
Copyright: Tidewire contributors
License: MIT
"""


def build(bundle: Path, weights: Path | None) -> Path:
    """The package `dist/NAME_VERSION_ARCH.deb` of a frozen app, with the weights or without."""
    name = "tidewire-with-model" if weights else "tidewire"
    architecture = ARCHITECTURES[platform.machine()]
    with tempfile.TemporaryDirectory(dir=DIST) as place:
        root, control = Path(place) / "data", Path(place) / "control"
        lay_out(bundle, root, weights)
        control.mkdir()
        (control / "control").write_text(describe(name, root, architecture), "utf-8")
        shutil.copyfile(LINUX / "postrm", control / "postrm")
        (control / "postrm").chmod(0o755)
        members = [
            pack(control, ["."], Path(place) / "control.tar.zst"),
            pack(root, ["."], Path(place) / "data.tar.zst"),
        ]
        target = DIST / f"{name}_{version()}_{architecture}.deb"
        join(members, target)
    return target


def join(members: list[Path], target: Path) -> None:
    """Write the members one after another into an `ar` archive."""
    version_file = members[0].with_name("debian-binary")
    version_file.write_text("2.0\n", "ascii")
    with target.open("wb") as file:
        file.write(b"!<arch>\n")
        for member in (version_file, *members):
            size = member.stat().st_size
            header = f"{member.name:<16}{source_date():<12}{0:<6}{0:<6}{100644:<8}{size:<10}`\n"
            file.write(header.encode("ascii"))
            with member.open("rb") as content:
                shutil.copyfileobj(content, file, 1 << 20)
            file.write(b"\n" * (size % 2))


def lay_out(bundle: Path, root: Path, weights: Path | None) -> None:
    """Put every file where Debian expects it."""
    share = root / "usr/share"
    installed = root / "usr/lib/tidewire"
    copy(bundle, installed, weights)
    (installed / SBOM).unlink()  # another name of the file that lies in dist
    write(installed, weights)
    (root / "usr/bin").mkdir()
    (root / "usr/bin/tidewire").symlink_to("../lib/tidewire/tidewire")
    places = {
        "tidewire.desktop": share / "applications",
        "tidewire-import.desktop": share / "applications",
        "tidewire.xml": share / "mime/packages",
        "tidewire.svg": share / "icons/hicolor/scalable/apps",
    }
    for name, target in places.items():
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(LINUX / name, target / name)
    # In a process of its own: Qt's application can be had once in each.
    subprocess.run([sys.executable, ICONS, str(share / "icons/hicolor")], check=True)
    documents = share / "doc/tidewire"
    documents.mkdir(parents=True)
    licence = "".join(f" {line or '.'}\n" for line in (ROOT / "LICENSE").read_text().splitlines())
    (documents / "copyright").write_text(COPYRIGHT + licence)
    root.chmod(0o755)
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)


def describe(name: str, root: Path, architecture: str) -> str:
    """The control file of the package. Its dependencies are read from its own libraries."""
    size = sum(path.lstat().st_size for path in root.rglob("*") if path.is_file()) // 1024
    other = "tidewire" if name != "tidewire" else "tidewire-with-model"
    fields = {
        "Package": name,
        "Version": version(),
        "Architecture": architecture,
        "Maintainer": MAINTAINER,
        "Installed-Size": str(size),
        "Depends": depends(root / "usr/lib/tidewire"),
        "Provides": "" if name == "tidewire" else "tidewire",
        "Conflicts": other,
        "Replaces": other,
        "Section": "net",
        "Priority": "optional",
        "Description": "desktop home for every language model",
    }
    text = "".join(f"{field}: {value}\n" for field, value in fields.items() if value)
    return f"{text} Talks to models on this machine and elsewhere, and keeps every word.\n"


def depends(bundle: Path) -> str:
    """The packages of the libraries that the bundle links to and does not bring."""
    files = [path for path in bundle.rglob("*") if path.is_file() and is_elf(path)]
    inside = sorted({str(path.parent) for path in files})
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "debian").mkdir()
        (Path(folder) / "debian/control").write_text("Source: tidewire\n")
        command = ["dpkg-shlibdeps", "-O", "--ignore-missing-info", "--warnings=0"]
        command += [f"-l{place}" for place in inside] + [f"-e{path}" for path in files]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"dpkg-shlibdeps cannot tell what the package needs:\n{done.stderr}")
    dependencies = done.stdout.strip().removeprefix("shlibs:Depends=").split(", ")
    named = {entry.partition(" ")[0] for entry in dependencies}
    return ", ".join([*dependencies, *(name for name in BY_NAME if name not in named)])


def is_elf(path: Path) -> bool:
    """Whether a file is a program or a library."""
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def main() -> int:
    """Build, and print the paths of the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--with-model", action="store_true", help="another one with the weights")
    chosen = parser.parse_args()
    for weights in (None, WEIGHTS) if chosen.with_model else (None,):
        print(build(BUNDLE, weights))
    return 0


if __name__ == "__main__":
    sys.exit(main())
