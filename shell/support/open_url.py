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

from shell.support.environment import without_secrets

SCHEMES = frozenset({"http", "https", "mailto"})
FOLDER = "opening-"
"""Prefix of the folders with a page for the browser. Each is removed after its page was used."""
_REDIRECT_HTML = """<!doctype html>
<meta charset="utf-8">
<meta name="referrer" content="no-referrer">
<meta http-equiv="refresh" content="0;url={url}">
<title>{title}</title>
<a href="{url}">Open {title}</a>
"""


def open_link(url: str) -> bool:
    """Open a web or mail address in the system's program for it. False for any other address, or
    if no program can open it.

    The program inherits none of our streams and outlives this process.
    """
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        return False
    return scheme in SCHEMES and _open_with_system(url)


def open_path(path: Path) -> bool:
    """Show a folder in the file manager, or a text file in the person's editor. False if no program
    can show it.

    A file that could be run, such as a Python file, is never started.
    """
    if sys.platform == "win32":
        try:
            os.startfile(path, "open" if path.is_dir() else "edit")  # noqa: S606 - see above
        except OSError:
            return False
        return True
    as_text = sys.platform == "darwin" and not path.is_dir()
    return _open_with_system(str(path), *(["-t"] if as_text else []))


class RedirectPage:
    """A page that redirects the browser to a secret address. Use it as a context manager, which
    removes the page.

    Every user of a machine can read the command lines of its processes. So the browser gets the
    path of a file that only its owner can read, not the address.

    Args:
        folder: for the file. It is created if needed, and all earlier pages in it are removed, also
            those of other processes.
        title: of the page, which people see for a moment.
    """

    def __init__(self, folder: Path, title: str = "Tidewire") -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in folder.glob(f"{FOLDER}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        self._folder = folder
        self._title = title
        self._page_folder: Path | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def show(self, url: str) -> bool:
        """Open the address in the browser, through the page if the browser can read it. False if no
        program can open it.
        """
        return self.open(url) if browser_reads_files() else open_link(url)

    def open(self, url: str) -> bool:
        """Open the address in the browser through the page. False if no program can open it."""
        try:
            self._page_folder = Path(tempfile.mkdtemp(prefix=FOLDER, dir=self._folder))  # mode 0700
            page = self._page_folder / "tidewire.html"
            page.touch(mode=0o600)
            html = _REDIRECT_HTML.format(url=escape(url), title=escape(self._title))
            page.write_text(html, "utf-8")
        except OSError:  # for example a full disk; the person can open a link instead
            return False
        return _open_with_system(page.as_uri())

    def remove(self) -> None:
        """Remove the page after its use."""
        if self._page_folder is not None:
            shutil.rmtree(self._page_folder, ignore_errors=True)


def browser_reads_files() -> bool:
    """Whether the default browser will show a file of the data directory.

    Browsers from a snap cannot read hidden folders, and the program for HTML files may be another
    one.
    """
    if sys.platform != "linux":
        return True
    browser, viewer = (_handler(kind) for kind in ("x-scheme-handler/http", "text/html"))
    # A snap's desktop file is called SNAP_APP.desktop.
    return browser == viewer and "_" not in browser


def _handler(kind: str) -> str:
    """The desktop file of the program that opens this type; empty if the system has none."""
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


def _open_with_system(url: str, *options: str) -> bool:
    if sys.platform == "win32":
        try:
            os.startfile(url)  # noqa: S606 - the callers check the scheme
        except OSError:
            return False
        return True
    opener = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if opener is None or not has_desktop():
        return False
    try:
        process = subprocess.Popen(  # noqa: S603 - a checked address or our path, and no shell
            [opener, *options, url],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=without_secrets(os.environ),
        )
    except OSError:
        return False
    # Without `wait` the ended process would stay as a zombie.
    threading.Thread(target=process.wait, name="open link", daemon=True).start()
    return True


def has_desktop() -> bool:
    """Whether there seems to be a desktop that could show something. (Linux: a display is set.)"""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
