"""Makes the npm package `tidewire`: bridge, hooks and Markdown renderer for other pages.

`package()` writes the packed file into a folder. It generates the package's `package.json`, so that
each version has one source: the page's for the imports, the program's for the package itself.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from pathlib import Path

from devtools.setup import Setup

ENTRIES = {".": "library", "./react": "llm/index", "./markdown": "markdown/index"}
"""The public modules, each with the source that its types come from."""
SCRIPTS = {".": "index", "./react": "react", "./markdown": "markdown"}
IMPORTED = ("highlight.js", "katex", "lowlight", "marked")
"""Imports of the Markdown renderer; the other modules need only React."""
NAME = "tidewire"
README = """\
# tidewire

The page's half of Tidewire's bridge.

| import | what it is |
|---|---|
| `tidewire` | `connect()`: typed calls of the Python program around the page, and its streams |
| `tidewire/react` | `useLlmInference`, `LlmProvider`, `useRun`: answers as React state |
| `tidewire/markdown` | `<Markdown>` for text that is still arriving, with `tidewire/markdown.css` |

React is needed by the last two only. All of them may be imported on a server: nothing touches the
window before `connect()` is called.
"""


def package(setup: Setup, node: str, npm: list[str], target: Path) -> Path:
    """Build the package and pack it into `target`.

    Returns:
        The packed file, which `npm install FILE` and `npm publish FILE` take.
    """
    (setup.root / "build").mkdir(exist_ok=True)
    # Two tests may build it at the same time.
    with tempfile.TemporaryDirectory(prefix="npm-", dir=setup.root / "build") as folder:
        return _pack(setup, node, npm, Path(folder), target)


def _pack(setup: Setup, node: str, npm: list[str], folder: Path, target: Path) -> Path:
    run_quietly, dist = setup.children.run_quietly, folder / "dist"
    title = "Building the npm package"
    vite, tsc = setup.script("vite/bin/vite.js"), setup.script("typescript/bin/tsc")
    run_quietly(
        title, node, vite, "build", "--config", "web/package.config.ts", "--outDir", str(dist)
    )
    run_quietly(
        title, node, tsc, "-p", "web/tsconfig.package.json", "--outDir", str(dist / "types")
    )
    for declarations in (dist / "types").rglob("*.d.ts"):
        _name_files(declarations)
    text = json.dumps(_manifest(setup.root), indent=2)
    (folder / "package.json").write_text(f"{text}\n", "utf-8")
    (folder / "README.md").write_text(README, "utf-8")
    shutil.copyfile(setup.root / "LICENSE", folder / "LICENSE")
    target.mkdir(exist_ok=True)
    path = f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = ["pack", str(folder), "--pack-destination", str(target), "--json"]
    printed = run_quietly(title, *npm, *command, env={"PATH": path})
    return target / Path(json.loads(printed[printed.index("[") :])[0]["filename"]).name


def _manifest(root: Path) -> dict[str, object]:
    page = json.loads((root / "package.json").read_text("utf-8"))
    program = (root / "shell" / "__init__.py").read_text("utf-8")
    version = program.partition('__version__ = "')[2].partition('"')[0]
    exports: dict[str, object] = {
        entry: {"types": f"./dist/types/{types}.d.ts", "default": f"./dist/{SCRIPTS[entry]}.js"}
        for entry, types in ENTRIES.items()
    }
    return {
        "name": NAME,
        "version": version,
        "description": "The page's half of the Tidewire bridge: typed calls, streams, React hooks.",
        "license": page["license"],
        "type": "module",
        "sideEffects": ["*.css"],
        "files": ["dist"],
        "exports": {**exports, "./markdown.css": "./dist/markdown.css"},
        "dependencies": {name: f"^{page['dependencies'][name]}" for name in IMPORTED},
        "peerDependencies": {"react": ">=19"},
        "peerDependenciesMeta": {"react": {"optional": True}},
    }


def _name_files(declarations: Path) -> None:
    """Complete relative imports to names of files, as Node's module resolution requires."""

    def name(found: re.Match[str]) -> str:
        path = found[2]
        is_folder = (declarations.parent / path / "index.d.ts").exists()
        return f'{found[1]}"{path}{"/index" if is_folder else ""}.js"'

    text = declarations.read_text("utf-8")
    declarations.write_text(re.sub(r'(from |import\()"(\.[^"]*)"', name, text), "utf-8")
