"""Builds the page into the files that hatchling packs, unless it exists already."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

MANIFEST = "shell/page/.vite/manifest.json"
BUILDS = ("vite", "library")
"""The second build adds to the output of the first."""


class PageMissing(Exception):
    """The page was not built, and cannot be built here. The message gives the next step."""


class PageHook(BuildHookInterface[Any]):
    """Builds the page. A source distribution contains it, so its installation needs no Node."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by hatchling before it packs.

        Raises:
            PageMissing: there is no page, and no Node and npm to build it with.
        """
        root = Path(self.root)
        if version == "editable" or (root / MANIFEST).exists():
            return
        npm, node = shutil.which("npm"), shutil.which("node")
        if npm is None or node is None:
            raise PageMissing(
                "The page has not been built, and there is no Node here to build it. Run "
                "`python3 dev.py build wheel`, which brings its own, or install Node 20.19."
            )
        self.app.display_info("Building the page")
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=root, check=True)
        for config in BUILDS:
            vite = [node, "node_modules/vite/bin/vite.js", "build"]
            subprocess.run([*vite, "--config", f"web/{config}.config.ts"], cwd=root, check=True)
