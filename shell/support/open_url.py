"""Opens addresses, folders, files to edit, and the program's page in the system's programs."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
from html import escape
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

SCHEMES = frozenset({"http", "https", "mailto"})
FOLDER = "opening-"
"""How the folders begin that hold a page for the browser; each is gone when the page was used."""
_LEAD = """<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url={url}">
<title>Tidewire</title>
<a href="{url}">Open Tidewire</a>
"""


def open_link(url: str) -> bool:
    """Hand `url` to the desktop. False when it is not a web or mail address or nothing can
    open it.

    The opened program inherits none of our streams and outlives this process.
    """
    return urlsplit(url).scheme in SCHEMES and _hand_over(url)


def open_path(path: Path) -> bool:
    """Show a folder in the file manager, or a text file in the person's editor. False when nothing
    can show it.

    A file that is a program, such as a Python file, is never started.
    """
    if sys.platform == "win32":
        try:
            os.startfile(path, "open" if path.is_dir() else "edit")  # noqa: S606 - see above
        except OSError:
            return False
        return True
    as_text = sys.platform == "darwin" and not path.is_dir()
    return _hand_over(str(path), *(["-t"] if as_text else []))


class Lead:
    """A page that leads the browser to a secret address, which its command line must not show.

    Everybody can read the command lines of a machine. So the browser is given the path of a file
    that only its owner can read. A context manager, which removes the page.

    Args:
        folder: where the file may be; it is made if it is missing, and what an earlier process left
            there is removed.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.glob(f"{FOLDER}*"):
            shutil.rmtree(left, ignore_errors=True)
        self._folder = folder
        self._made: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def show(self, url: str) -> bool:
        """Have the browser follow the address, by a page if it reads files. False as for `open`."""
        return self.open(url) if browser_reads_files() else open_link(url)

    def open(self, url: str) -> bool:
        """Have the browser follow the address. False when nothing can open it."""
        try:
            self._made = Path(tempfile.mkdtemp(prefix=FOLDER, dir=self._folder))  # mode 0700
            page = self._made / "tidewire.html"
            page.touch(mode=0o600)
            page.write_text(_LEAD.format(url=escape(url)), "utf-8")
        except OSError:  # a full disk, say: the page can be opened by a link
            return False
        return _hand_over(page.as_uri())

    def remove(self) -> None:
        """Remove the page, which has been used or is of no use any more."""
        if self._made is not None:
            shutil.rmtree(self._made, ignore_errors=True)


def browser_reads_files() -> bool:
    """Whether the default browser will show a file of the data directory.

    Browsers from a snap cannot read hidden folders, and what opens a file may be no browser.
    """
    if sys.platform != "linux":
        return True
    browser, viewer = (_handler(kind) for kind in ("x-scheme-handler/http", "text/html"))
    # A snap's desktop file is called SNAP_APP.desktop.
    return browser == viewer and "_" not in browser


def _handler(kind: str) -> str:
    """The desktop file of the program that opens this type; empty when the system does not say."""
    try:
        return subprocess.run(  # noqa: S603 - no part of it comes from outside
            ["xdg-mime", "query", "default", kind],  # noqa: S607
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=1,
            check=False,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ""


def _hand_over(url: str, *options: str) -> bool:
    if sys.platform == "win32":
        os.startfile(url)  # noqa: S606 - the scheme was checked by who calls
        return True
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if opener is None or not has_desktop():
        return False
    opening = subprocess.Popen(  # noqa: S603 - a checked address or our path, and no shell
        [opener, *options, url],
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
