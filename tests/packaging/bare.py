"""Bare: a Debian 12 with nothing in it, made by debootstrap out of what this machine installs from.

Whoever makes one has to be root. What is installed is what a package declares, and nothing more.
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
        """Fill it. It takes packages from wherever this machine does."""
        ask = ["apt-get", "indextargets", "--format", "$(SITE)", f"Codename: {RELEASE}"]
        sites = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.split()
        command = ["debootstrap", "--variant=minbase", RELEASE, str(self.root), sites[0]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (self.root / "etc/apt/sources.list").unlink(missing_ok=True)
        for folder in ("sources.list.d", "apt.conf.d"):
            # Apart from what runs programs of this machine.
            for file in (APT / folder).iterdir():
                if folder == "sources.list.d" or b"Acquire::" in file.read_bytes():
                    shutil.copy(file, self.root / "etc/apt" / folder)
        if (APT / "sources.list").exists():
            shutil.copy(APT / "sources.list", self.root / "etc/apt")
        shutil.copy("/etc/resolv.conf", self.root / "etc/resolv.conf")
        self.apt("update")
        self.inside("useradd", "--create-home", "--uid", "1000", "you")

    def inside(self, *command: str) -> str:
        """Run a command in it as root; returns what it prints."""
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
        """apt-get in it."""
        return self.inside("apt-get", "-q", "-y", *arguments)

    def install(self, package: Path) -> str:
        """Install a package file with what it declares, older or newer than what is there."""
        place = self.root / "var/tmp" / package.name
        shutil.copyfile(package, place)
        often = ("--no-install-recommends", "--allow-downgrades")
        try:
            return self.apt("install", *often, f"/var/tmp/{package.name}")
        finally:
            place.unlink()

    def trust(self) -> None:
        """Let it trust whom this machine trusts, which may have a proxy that signs for others."""
        shutil.copy("/" / TRUSTED, self.root / TRUSTED)

    def program(self, display: str) -> Installed:
        """What is installed in it, started by an ordinary user of it."""
        command = (sys.executable, ENTER, str(self.root), "tidewire")
        return Installed(command, {"DISPLAY": display})
