"""`tidewire-bridge`: the content of its wheel, and the modules that a program with it loads."""

import json
import os
import re
import subprocess
import sys
import zipfile
from importlib import metadata
from pathlib import Path

import bridge
import pytest

import tidewire_bridge
from tests.command import ROOT

OF_TIDEWIRE = re.compile(
    r"shell/(app|cli|conversations|store|settings|providers/(apis|local)|tools/(mcp|python|shipped))"
)
OF_A_SYSTEM = {"AppKit", "objc", "gi"}
OF_MODELS_AND_TOOLS = {"attrs", "httpx2", "jsonschema", "referencing"}
"""Imported at the first request to a server, or the first call of a tool."""
OF_PYDANTIC = {
    *("annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection")
}
OWN_PACKAGES = {"shell", "tidewire_bridge"}
LOADED = "import sys, json; {}; print(json.dumps(sorted(sys.modules)))"


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def loaded(python: Path, code: str) -> set[str]:
    """The modules that some lines of code load in addition to those of an empty program."""

    def run(text: str) -> set[str]:
        command = [str(python), "-P", "-c", LOADED.format(text)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
        return {*json.loads(done.stdout)}

    return run(code) - run("pass")


def foreign_packages(modules: set[str]) -> set[str]:
    packages = {name.partition(".")[0] for name in modules} - sys.stdlib_module_names
    return {name for name in packages if not name.startswith("_sysconfigdata")}


def test_the_wheel_has_nothing_of_the_application(bridge_wheel: Path) -> None:
    archived = names(bridge_wheel)
    assert [name for name in archived if OF_TIDEWIRE.match(name)] == []
    assert [name for name in archived if "__pycache__" in name] == []
    page = [name for name in archived if name.startswith("shell/page/")]
    assert page == ["shell/page/bridge.js"]
    for needed in ("tidewire_bridge/py.typed", "shell/py.typed"):
        assert needed in archived
    for needed in ("app.py", "README.md", ".gitignore", "page/package.json"):
        assert f"tidewire_bridge/program/template/{needed}" in archived


def test_its_code_is_that_of_the_application(bridge_wheel: Path) -> None:
    with zipfile.ZipFile(bridge_wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".py"):
                assert archive.read(name) == (ROOT / name).read_bytes()


def test_it_declares_what_its_modules_import() -> None:
    imported = {
        name.partition(".")[0] for path in bridge.modules() for name in bridge.imported(path)
    }
    provided = metadata.packages_distributions()
    declared = {*bridge.BRIDGE, *bridge.QT, *bridge.TEST, "pydantic-core"}
    unknown = imported - sys.stdlib_module_names - OWN_PACKAGES - OF_A_SYSTEM - OF_MODELS_AND_TOOLS
    for name in unknown:
        distributions = {each.lower().replace("_", "-") for each in provided[name]}
        assert distributions & declared or name == "PySide6", name


def test_the_import_loads_the_version_and_nothing_else(bridge_python: Path) -> None:
    added = loaded(bridge_python, "import tidewire_bridge")
    assert foreign_packages(added) == OWN_PACKAGES
    assert {name for name in added if name.startswith("shell")} == {"shell"}
    assert not added & {"asyncio", "inspect", "logging"}


def test_an_app_loads_no_sdk_no_store_and_no_web_view(bridge_python: Path) -> None:
    added = loaded(bridge_python, "from tidewire_bridge import App, Caller, Stream")
    added.remove("webview.http")  # our replacement has this name
    assert foreign_packages(added) == OWN_PACKAGES | OF_PYDANTIC
    files = {name.replace(".", "/") for name in added}
    assert [name for name in files if OF_TIDEWIRE.match(name)] == []


def test_every_public_name_is_there_without_the_application(bridge_python: Path) -> None:
    assert loaded(bridge_python, "from tidewire_bridge import *; import tidewire_bridge.testing")
    assert dir(tidewire_bridge) == sorted(tidewire_bridge.__all__)
    assert "App" in tidewire_bridge.__all__


def test_providers_of_a_data_directory_need_the_application(
    bridge_python: Path, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<!doctype html>", "utf-8")
    code = "from pathlib import Path; from tidewire_bridge import App; "
    code += "App(Path(), {}, title='Notes', data=Path('data'))"
    command = [str(bridge_python), "-P", "-c", code]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert "ValueError: Install tidewire, not tidewire-bridge" in done.stderr


def test_a_window_without_qt_names_the_extra(bridge_python: Path) -> None:
    code = "import sys; sys.modules['PySide6'] = None\n"
    code += "from importlib import util; util.find_spec = lambda name: None\n"
    code += "from shell.bridge.desktop.display import display_problem; print(display_problem())"
    command = [str(bridge_python), "-P", "-c", code]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=True)
    assert "The extra `qt` of tidewire-bridge brings it" in done.stdout


@pytest.mark.parametrize(
    "arguments", [["app.py"], ["-m", "tidewire_bridge", "types"], ["-m", "pytest"]]
)
@pytest.mark.parametrize("text", ["", '__version__ = "1"'])
def test_a_file_that_hides_the_bridges_package_is_named(
    bridge_python: Path, tmp_path: Path, arguments: list[str], text: str
) -> None:
    (tmp_path / "shell.py").write_text(text, "utf-8")
    (tmp_path / "app.py").write_text("from tidewire_bridge import App\n", "utf-8")
    command = [str(bridge_python), *arguments]
    env = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=tmp_path, env=env, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert f"ImportError: {tmp_path / 'shell.py'} hides the package `shell`" in last


@pytest.mark.parametrize("arguments", [["new"], ["new", "demo", "--npm"], ["launch"]])
def test_a_wrong_command_prints_the_right_ones(
    bridge_python: Path, tmp_path: Path, arguments: list[str]
) -> None:
    command = [str(bridge_python), "-m", "tidewire_bridge", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 2
    assert "new NAME" in done.stderr
    assert list(tmp_path.iterdir()) == []
