"""Finds missing system libraries, and the Debian packages that have them."""

from __future__ import annotations

import shutil
import sys

from devtools.processes import output_of

# The libraries that Qt's web view loads, and their Debian packages.
QT_LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libXcomposite.so.1": "libxcomposite1",
    "libXdamage.so.1": "libxdamage1",
    "libXrandr.so.2": "libxrandr2",
    "libXtst.so.6": "libxtst6",
    "libasound.so.2": "libasound2",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libgbm.so.1": "libgbm1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libnss3.so": "libnss3",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-dri3.so.0": "libxcb-dri3-0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbfile.so.1": "libxkbfile1",
}


def missing_qt_packages() -> list[str]:
    """List the Debian packages of the libraries that Qt's web view would not find here."""
    if sys.platform != "linux":
        return []
    import ctypes

    known = output_of("/sbin/ldconfig", "-p")
    missing = []
    for library, package in QT_LIBRARIES.items():
        if f"\t{library} " not in known:
            try:  # the linker also searches folders outside its cache
                ctypes.CDLL(library)
            except OSError:
                missing.append(package)
    return missing


def apt_names(packages: list[str]) -> list[str]:
    """Get the packages' names in this release. Some end in t64 since time_t has 64 bits."""
    known = set(output_of("apt-cache", "pkgnames").split())
    return [f"{name}t64" if f"{name}t64" in known else name for name in packages]


def chromium() -> str | None:
    """Find a Chromium on this machine; None without one."""
    names = ("chromium", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)
