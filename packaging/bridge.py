"""The distribution `tidewire-bridge`: `python packaging/bridge.py [FOLDER]`.

It has the modules that a program of one's own needs, found by their imports, and depends on what
those import. Its `pyproject.toml` is written here, so that versions stand in one place.
"""

import ast
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path

from source import DIST, ROOT

NAME = "tidewire-bridge"
PACKAGE = "tidewire_bridge"
ROOTS = (PACKAGE, "shell/bridge", "shell/contract", "shell/embed.py")
"""The parts of the wheel, which also has everything that they import."""
PLUGIN = f"{PACKAGE}/pytest_plugin.py"
"""The fixtures for pytest."""
APPLICATION_MODULES = ("shell.app", "shell.providers.key_variables", "shell.settings")
"""Modules that `App(data=...)` imports. They need the distribution `tidewire`."""
DATA = ("shell/bridge/index.html", "shell/page/bridge.js", "shell/py.typed", f"{PACKAGE}/py.typed")
BRIDGE = ("h11", "pydantic", "pywebview", "starlette", "uvicorn", "websockets")
QT = ("pyside6-addons", "pyside6-essentials", "qtpy")
TEST = ("playwright", "pytest")
README = """\
# tidewire-bridge

A window or a browser page over your own typed Python methods, with streams that survive a reload.

```python
from pathlib import Path
from tidewire_bridge import App, Caller


class Counter:
    def add(self, caller: Caller, params: list[int]) -> int:
        return sum(params)


App(Path("page"), {"counter": Counter()}, title="Counter").run()
```

`python -m tidewire_bridge new NAME --npm tidewire-0.1.0.tgz` makes a program with a page in React,
types and tests. The file is the page's half of the bridge, which is not on npm yet: `python3 dev.py
build npm` in the repository packs it.

On Linux install `tidewire-bridge[qt]`, which brings the web view; `tidewire-bridge[test]` brings
what the fixtures for pytest need. The distribution `tidewire` has all of this, too: install one of
the two.
"""


def modules() -> list[Path]:
    """The files of every module in the wheel, relative to the tree."""
    paths: set[Path] = set()
    waiting = [PLUGIN, *(str(path.relative_to(ROOT)) for path in _sources(ROOTS))]
    while waiting:
        path = Path(waiting.pop())
        if path in paths:
            continue
        paths.add(path)
        for name in imported(ROOT / path):
            if name.partition(".")[0] == "shell" and not name.startswith(APPLICATION_MODULES):
                waiting += _files(name)
    return sorted(paths)


def imported(path: Path) -> Iterator[str]:
    """The modules that a file imports when it runs, anywhere in it.

    `from a import b` gives `a` and `a.b`.
    """
    waiting: list[ast.AST] = [ast.parse(path.read_text("utf-8"))]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
        else:
            waiting += ast.iter_child_nodes(node)


def _sources(roots: tuple[str, ...]) -> Iterator[Path]:
    for root in roots:
        path = ROOT / root
        if path.is_file():
            yield path
        else:
            files = path.rglob("*.py")
            yield from (each for each in files if "template" not in each.relative_to(path).parts)


def _files(module: str) -> Iterator[str]:
    """The file of a module, and those of the packages around it."""
    parts = module.split(".")
    for count in range(1, len(parts) + 1):
        base = ROOT.joinpath(*parts[:count])
        for path in (base / "__init__.py", base.with_suffix(".py")):
            if path.exists():
                yield str(path.relative_to(ROOT))


def manifest() -> str:
    """Its `pyproject.toml`."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    whole = tomllib.loads(text)
    project = whole["project"]

    def needed(*names: str) -> str:
        declared = [*project["dependencies"], *whole["dependency-groups"]["dev"]]
        by_name = {re.split(r"[\[<>=; ]", each)[0].lower(): each for each in declared}
        return json.dumps([by_name[name] for name in names])

    copied = {
        key: project[key] for key in ("license", "license-files", "authors", "requires-python")
    }
    lines = [f'name = "{NAME}"', 'description = "The bridge under Tidewire, for your own program."']
    lines += [f"{key} = {_toml(value)}" for key, value in copied.items()]
    return f"""\
[build-system]
requires = {json.dumps(whole["build-system"]["requires"])}
build-backend = "hatchling.build"

[project]
{chr(10).join(lines)}
readme = "README.md"
dynamic = ["version"]
classifiers = {json.dumps(project["classifiers"])}
dependencies = {needed(*BRIDGE)}

[project.optional-dependencies]
qt = {needed(*QT)}
test = {needed(*TEST)}

[project.entry-points.pytest11]
tidewire = "{_module(PLUGIN)}"

[tool.hatch.version]
path = "shell/__init__.py"

[tool.hatch.build]
ignore-vcs = true

[tool.hatch.build.targets.wheel]
packages = ["shell", "{PACKAGE}"]
"""


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value)


def build(target: Path) -> list[Path]:
    """Write the wheel and the source distribution into a folder.

    Raises:
        FileNotFoundError: the page's half of the bridge was not built.
    """
    (ROOT / "build").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bridge-", dir=ROOT / "build") as name:
        folder = Path(name)
        template = (ROOT / PACKAGE / "program" / "template").rglob("*")
        files = [path.relative_to(ROOT) for path in template if path.is_file()]
        files = [path for path in files if path.suffix != ".pyc"]
        for path in (*modules(), *files, *map(Path, DATA), Path("LICENSE")):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, folder / path)
        (folder / "pyproject.toml").write_text(manifest(), "utf-8")
        (folder / "README.md").write_text(README, "utf-8")
        command = [sys.executable, "-m", "hatchling", "build", "-d", str(target.resolve())]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return sorted(target.glob("tidewire_bridge-*"))


if __name__ == "__main__":
    for path in build(Path(sys.argv[1]) if len(sys.argv) > 1 else DIST):
        print(path)
    sys.exit(0)
