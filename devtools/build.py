"""Builds the packages that are distributed, in `dist/`."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from devtools.console import WrongUsage, print_note, refuse_arguments, step
from devtools.npm_package import package
from devtools.setup import Setup, prepare
from devtools.system_packages import missing_qt_packages

FROZEN = ("app", "deb", "all")
"""The targets that include the frozen app."""


def build(setup: Setup, arguments: list[str]) -> int:
    """Make what is distributed, in dist/: wheel and sdist, the same of the bridge alone, the npm
    package, the frozen app, the Debian package. `docs`: the documents as a site.
    """
    product = arguments[0] if arguments else "wheel"
    refuse_arguments(arguments[1:])
    if product not in ("wheel", "bridge", "docs", "npm", "app", "deb", "all"):
        known = "wheel, bridge, docs, npm, app, deb and all"
        raise WrongUsage(f"dev.py build cannot build {product!r}: it knows {known}.")
    if product == "npm":
        return build_npm(setup)
    if product == "docs":
        return build_docs(setup)
    if product == "deb" and sys.platform != "linux":
        raise WrongUsage("dev.py build deb works on Linux: it reads what its libraries need there.")
    building = prepare_build(setup, product)

    def make(title: str, *command: str) -> None:
        with step(title):
            for line in building.children.run_quietly(
                title, building.python, *command
            ).splitlines():
                if Path(line).is_file():
                    print_note(f"  {line}  {Path(line).stat().st_size / 1_000_000:.1f} MB")

    # Only for `all`: it takes as long again, and most builds do not need it.
    model = ["--with-model"] if product == "all" else []
    if product in ("wheel", "all"):
        make("Building the wheel and the source", "-m", "hatchling", "build", "-d", "dist")
    if product in ("bridge", "all"):
        make("Building the bridge alone", "packaging/bridge.py")
    if product == "all":
        build_npm(setup)
    if product in FROZEN:
        make("Freezing the app", "packaging/app.py", *model)
    if product in ("deb", "all") and sys.platform == "linux":
        make("Making the Debian package", "packaging/deb.py", *model)
    make("Adding the sums", "packaging/archive.py")
    return 0


def build_npm(setup: Setup) -> int:
    """Make the npm package in dist/."""
    prepare(setup, "run", setup.modules)
    with step("Building the npm package"):
        _, npm = setup.node()
        print_note(f"  {package(setup, setup.modules(), npm, setup.root / 'dist')}")
    return 0


def build_docs(setup: Setup) -> int:
    """Make the site of the documents in dist/docs/."""
    prepare(setup, "run", lambda: setup.packages("docs"))
    with step("Building the site of the documents"):
        target = setup.root / "dist" / "docs"
        command = [setup.python, "-m", "devtools.docs_site", str(target)]
        print_note(
            f"  {setup.children.run_quietly('Building the site', *command).splitlines()[-1]}"
        )
    return 0


def prepare_build(setup: Setup, product: str) -> Setup:
    """Make an environment with only the packages of the locks, because all of them end up in the
    app. Removes packages of an earlier lock.
    """
    building = Setup(setup.root, setup.children, "build/venv")
    if not all(building.lock_stamp(lock).is_fresh() for lock in ("run", "build")):
        shutil.rmtree(building.environment, ignore_errors=True)
    steps: list[Callable[[], object]] = [building.page]
    if product in FROZEN:
        packages = missing_qt_packages()
        if sys.platform == "linux":
            tools = {"zstd": "zstd", "objdump": "binutils"}
            if product != "app":
                tools["dpkg-shlibdeps"] = "dpkg-dev"
            packages += [name for tool, name in tools.items() if not shutil.which(tool)]
        steps.append(lambda: building.apt(packages, "building"))
    prepare(building, "run", *steps, weights=product == "all")
    prepare(building, "build")
    return building
