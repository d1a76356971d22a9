"""Opens a web or mail address in the system's own program."""

import os
import shutil
import subprocess
import sys
import threading
from urllib.parse import urlsplit

SCHEMES = frozenset({"http", "https", "mailto"})


def open_link(url: str) -> bool:
    """Hand `url` to the desktop. False when it is not a web or mail address or nothing can
    open it.

    The opened program inherits none of our streams and outlives this process.
    """
    if urlsplit(url).scheme not in SCHEMES:
        return False
    if sys.platform == "win32":
        os.startfile(url)  # noqa: S606 - the scheme was checked above
        return True
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if opener is None or not has_desktop():
        return False
    opening = subprocess.Popen(  # noqa: S603 - one argument, of a checked scheme, and no shell
        [opener, url],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    # Without a wait the ended process would stay as a zombie.
    threading.Thread(target=opening.wait, name="open link", daemon=True).start()
    return True


def has_desktop() -> bool:
    """Whether there seems to be a desktop that could show something. (Linux: a display is set.)"""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
