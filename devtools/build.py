"""Builds what is distributed, in `dist/`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from devtools.console import WrongUsage, no_more, say, step
from devtools.npm_package import package
from devtools.setup import Setup, prepare
from devtools.system_packages import missing_qt_packages

FROZEN = ("app", "deb", "all")
"""Of what can be built, what the frozen app is part of."""


def build(setup: Setup, arguments: list[str]) -> int:
    """Make what is distributed, in dist/: wheel and sdist, the same of the bridge alone, the npm
    package, the frozen app, the Debian package. `docs`: the documents as a site.
    """
    what = arguments[0] if arguments else "wheel"
    no_more(arguments[1:])
    if what not in ("wheel", "bridge", "docs", "npm", "app", "deb", "all"):
        known = "wheel, bridge, docs, npm, app, deb and all"
        raise WrongUsage(f"dev.py build cannot build {what!r}: it knows {known}.")
    if what == "npm":
        return build_npm(setup)
    if what == "docs":
        return build_docs(setup)
    if what == "deb" and sys.platform != "linux":
        raise WrongUsage("dev.py build deb works on Linux: it reads what its libraries need there.")
    building = prepare_build(setup, what)

    def make(title: str, *command: str) -> None:
        with step(title):
            for line in building.children.quietly(title, building.python, *command).splitlines():
                if Path(line).is_file():
                    say(f"  {line}  {Path(line).stat().st_size / 1_000_000:.1f} MB")

    # Only for everything: it takes as long again, and most who build do not want it.
    model = ["--with-model"] if what == "all" else []
    if what in ("wheel", "all"):
        make("Building the wheel and the source", "-m", "hatchling", "build", "-d", "dist")
    if what in ("bridge", "all"):
        make("Building the bridge alone", "packaging/bridge.py")
    if what == "all":
        build_npm(setup)
    if what in FROZEN:
        make("Freezing the app", "packaging/app.py", *model)
    if what in ("deb", "all") and sys.platform == "linux":
        make("Making the Debian package", "packaging/deb.py", *model)
    make("Adding the sums", "packaging/archive.py")
    return 0


def build_npm(setup: Setup) -> int:
    """Make the npm package in dist/."""
    prepare(setup, "run", setup.modules)
    with step("Building the npm package"):
        _, npm = setup.node()
        say(f"  {package(setup, setup.modules(), npm, setup.root / 'dist')}")
    return 0


def build_docs(setup: Setup) -> int:
    """Make the site of the documents in dist/docs/."""
    prepare(setup, "run", lambda: setup.packages("docs"))
    with step("Building the site of the documents"):
        target = setup.root / "dist" / "docs"
        command = [setup.python, "-m", "devtools.docs_site", str(target)]
        say(f"  {setup.children.quietly('Building the site', *command).splitlines()[-1]}")
    return 0


def prepare_build(setup: Setup, what: str) -> Setup:
    """An environment with what the locks name and nothing else: what lies in it ends up in the
    app. Nothing is left in it of an earlier lock.
    """
    building = Setup(setup.root, setup.children, "build/venv")
    if not all(building.lock_stamp(lock).fresh() for lock in ("run", "build")):
        shutil.rmtree(building.environment, ignore_errors=True)
    steps: list[Callable[[], object]] = [building.page]
    if what in FROZEN:
        packages = missing_qt_packages()
        if sys.platform == "linux":
            tools = {"zstd": "zstd", "objdump": "binutils"}
            if what != "app":
                tools["dpkg-shlibdeps"] = "dpkg-dev"
            packages += [name for tool, name in tools.items() if not shutil.which(tool)]
        steps.append(lambda: building.apt(packages, "building"))
    prepare(building, "run", *steps, weights=what == "all")
    prepare(building, "build")
    return building
