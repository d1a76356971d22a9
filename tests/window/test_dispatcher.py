"""Every backend of pywebview gets our dispatcher, because it imports the function by name."""

import ast
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import webview

PLATFORMS = Path(webview.__file__).parent / "platforms"
SOURCES = {path.stem: path for path in PLATFORMS.glob("*.py")} | {
    path.parent.name: path for path in PLATFORMS.glob("*/__init__.py")
}
BACKENDS = sorted(
    name for name, source in SOURCES.items() if "js_bridge_call" in source.read_text("utf-8")
)
PROBE = """
import asyncio, importlib, sys
from shell.bridge.door import Door
from shell.bridge.desktop.windows import Windows
windows = Windows(asyncio.new_event_loop(), Door({}).post, "http://127.0.0.1:1/", on_closed=print)
windows.replace_dispatcher()
try:
    backend = importlib.import_module("webview.platforms." + sys.argv[1])
except Exception as error:
    print("cannot be imported:", type(error).__name__)
else:
    print(backend.js_bridge_call.__self__ is windows, backend.js_bridge_call.__name__)
"""


def test_the_version_is_the_one_that_was_looked_into() -> None:
    assert version("pywebview") == "6.2.1"


def test_every_known_backend_is_here() -> None:
    assert set(BACKENDS) >= {"qt", "gtk", "cocoa", "edgechromium", "mshtml", "cef"}


@pytest.mark.parametrize("name", BACKENDS)
def test_the_dispatcher_of_a_backend_is_ours(name: str) -> None:
    """If a backend cannot be imported here, its source shows how it imports the dispatcher."""
    environment = {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(Path(__file__).parents[2])}
    output = subprocess.run(
        [sys.executable, "-c", PROBE, name],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.splitlines()[-1]
    assert output == "True _post" or output.startswith("cannot be imported:")
    assert name != "qt" or output == "True _post"
    assert _takes_by_name(name)


def _takes_by_name(name: str) -> bool:
    """Whether a backend has `from webview.util import js_bridge_call` and no other access."""
    path = PLATFORMS / f"{name}.py"
    tree = ast.parse(
        (path if path.exists() else PLATFORMS / name / "__init__.py").read_text("utf-8")
    )
    imports = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and any(alias.name == "js_bridge_call" for alias in node.names)
    ]
    attributes = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "js_bridge_call"
    ]
    return [node.module for node in imports] == ["webview.util"] and not attributes
