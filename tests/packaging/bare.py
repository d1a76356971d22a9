"""A minimal Debian 12, made by debootstrap from this machine's package sources.

Needs root. A package is installed with its declared dependencies and nothing else.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.packaging.installed import Installed

RELEASE = "bookworm"
ENTER = str(Path(__file__).with_name("enter.py"))
APT = Path("/etc/apt")
TRUSTED = Path("etc/ssl/certs/ca-certificates.crt")
MOUNTED = """
set -e
root=$1
shift
for each in proc sys dev; do mount --rbind "/$each" "$root/$each"; done
exec chroot "$root" "$@"
"""


class Bare:
    """The root file system below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def make(self) -> None:
        """Create the file system, with the package sources of this machine."""
        ask = ["apt-get", "indextargets", "--format", "$(SITE)", f"Codename: {RELEASE}"]
        sites = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.split()
        command = ["debootstrap", "--variant=minbase", RELEASE, str(self.root), sites[0]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (self.root / "etc/apt/sources.list").unlink(missing_ok=True)
        for folder in ("sources.list.d", "apt.conf.d"):
            # Without the settings that run programs of this machine.
            for file in (APT / folder).iterdir():
                if folder == "sources.list.d" or b"Acquire::" in file.read_bytes():
                    shutil.copy(file, self.root / "etc/apt" / folder)
        if (APT / "sources.list").exists():
            shutil.copy(APT / "sources.list", self.root / "etc/apt")
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        self.apt("update")
        self.inside("useradd", "--create-home", "--uid", "1000", "you")

    def inside(self, *command: str) -> str:
        """Run a command in it as root. Returns its output."""
        enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c", MOUNTED, "enter"]
        done = subprocess.run(
            [*enter, str(self.root), "env", "DEBIAN_FRONTEND=noninteractive", *command],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise AssertionError(
                f"{' '.join(command)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return done.stdout

    def apt(self, *arguments: str) -> str:
        """Run apt-get in it."""
        return self.inside("apt-get", "-q", "-y", *arguments)

    def install(self, package: Path) -> str:
        """Install a package file with its dependencies, also over a newer version."""
        place = self.root / "var/tmp" / package.name
        shutil.copyfile(package, place)
        options = ("--no-install-recommends", "--allow-downgrades")
        try:
            return self.apt("install", *options, f"/var/tmp/{package.name}")
        finally:
            place.unlink()

    def trust(self) -> None:
        """Copy this machine's certificate authorities. A proxy may sign for other hosts here."""
        shutil.copy("/" / TRUSTED, self.root / TRUSTED)

    def program(self, display: str) -> Installed:
        """The installed program, started by an ordinary user."""
        command = (sys.executable, ENTER, str(self.root), "tidewire")
        return Installed(command, {"DISPLAY": display})
