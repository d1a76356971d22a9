"""Enter: becomes a command inside another root file system, as an ordinary user of it.

    python tests/packaging/enter.py ROOT COMMAND [ARGUMENT ...]

Needs to be root. The command sees this machine's `/tmp`, `/proc`, `/sys` and `/dev`, and it is this
very process: what is sent to it reaches the command. Not a plain chroot, inside of which the kernel
refuses the namespaces that a web view's sandbox is made of.
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
    """Hand the data directory to that user, and become the command."""
    for before, after in pairwise(command):
        if before == "--data-dir":
            hand_over(Path(after))
    os.environ.update(HOME=HOME, USER="you", LOGNAME="you")
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    os.environ.pop("XDG_RUNTIME_DIR", None)
    enter = ["unshare", "--mount", "--propagation", "private", "sh", "-c", INSIDE, "enter", root]
    os.execvp("/usr/bin/unshare", [*enter, *command])  # noqa: S606


def hand_over(data: Path) -> None:
    """Tests make their folders for themselves alone."""
    data.mkdir(parents=True, exist_ok=True)
    for folder in data.parents:
        if folder.is_relative_to("/tmp") and folder != Path("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o011)
    for path in (data, *data.rglob("*")):
        os.chown(path, USER, USER)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
