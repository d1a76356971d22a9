"""Runs a command inside another root file system, as an ordinary user of it.

    python tests/packaging/enter.py ROOT COMMAND [ARGUMENT ...]

Needs root. The command sees this machine's `/tmp`, `/proc`, `/sys` and `/dev`. It replaces this
process, so that signals reach it. This is not a plain chroot, because the kernel refuses inside one
the namespaces that a web view's sandbox needs.
"""

import os
import sys
from itertools import pairwise
from pathlib import Path

USER = 1_000
HOME = "/home/you"
INSIDE = f"""
set -e
root=$1
shift
mount --bind "$root" "$root"
for each in proc sys dev; do mount --rbind "/$each" "$root/$each"; done
mount --bind /tmp "$root/tmp"
cd "$root"
pivot_root . mnt
umount --lazy /mnt
cd {HOME}
exec setpriv --reuid {USER} --regid {USER} --clear-groups --inh-caps=-all -- "$@"
"""


def main(root: str, command: list[str]) -> None:
    """Give the data directory to that user, and become the command."""
    for before, after in pairwise(command):
        if before == "--data-dir":
            grant_access(Path(after))
    os.environ.update(HOME=HOME, USER="you", LOGNAME="you")
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    os.environ.pop("XDG_RUNTIME_DIR", None)
    enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c", INSIDE, "enter", root]
    os.execvp("/usr/bin/unshare", [*enter, *command])  # noqa: S606


def grant_access(data: Path) -> None:
    """Give a data directory to the user. Folders of tests are open only to their owner."""
    data.mkdir(parents=True, exist_ok=True)
    for folder in data.parents:
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    for path in (data, *data.rglob("*")):
        os.chown(path, USER, USER)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
