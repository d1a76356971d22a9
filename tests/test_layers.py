"""The layers of the host: imports only go down, and libraries stay where they belong."""

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHELL = ROOT / "shell"

LAYERS = (
    "errors < support < contract < providers < tools < inference < settings store < bridge"
    " < conversations < api < app < embed < cli < __main__"
)
"""The entries of `shell/` from the bottom up. Two on the same level must not import each other."""

LOG_READERS = {"store", "bridge"}
"""Layers that may import `inference.log`, and nothing else of `inference`."""

MAX_LINES = 400
"""The limit above which a module must be split."""

LIBRARIES: dict[str, set[str]] = {
    "anthropic": set(),
    "apsw": {"store"},
    "docstring_parser": {"tools.python.functions"},
    "filelock": {"support.file_lock", "support.data_directory"},
    "h11": {"bridge.desktop.page_server"},
    "httpcore2": {"tools.web"},
    "httpx2": {"providers", "tools.mcp"},
    "ijson": {"store.exchange"},
    "jinja2": {"store.exchange", "conversations.templates.sandbox"},
    "jsonschema": {"tools.schemas"},
    "keyring": {"cli.doctor", "providers.keys"},
    "mcp": {"tools.mcp"},
    "mcp_types": {"tools.mcp"},
    "openai": set(),
    "platformdirs": {"support.data_directory"},
    "PySide6": {"bridge.desktop"},
    "qtpy": {"bridge.desktop"},
    "starlette": {"bridge.browser"},
    "tidewire_bridge": {"cli.new"},
    "uvicorn": {"bridge.browser"},
    "webview": {"bridge.desktop"},
    "websockets": set(),
    "yaml": {"conversations.templates"},
    "xllamacpp": {"providers.local"},
}
"""The modules that may import a library; an empty set forbids it. Other libraries are free."""

RANKS = {name: number for number, level in enumerate(LAYERS.split("<")) for name in level.split()}


def modules() -> dict[str, Path]:
    """Every module of the host by its name below `shell`; packages under their own name."""
    found: dict[str, Path] = {}
    for path in SHELL.rglob("*.py"):
        name = ".".join(path.relative_to(SHELL).with_suffix("").parts)
        found[name.removesuffix(".__init__")] = path
    return {name: path for name, path in found.items() if name != "__init__"}


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it; `from a import b` as `a.b`."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def of_shell(imported: str, module_paths: dict[str, Path]) -> str | None:
    """The module of ours that an import names; None for other modules and for `shell` itself."""
    parts = imported.split(".")
    if parts[0] != "shell":
        return None
    while len(parts) > 1:
        name = ".".join(parts[1:])
        if name in module_paths:
            return name
        parts.pop()
    return None


def problem(module: str, imported: str) -> str | None:
    """The problem with one import, or None."""
    unit, imported_unit = module.partition(".")[0], imported.partition(".")[0]
    for name in (unit, imported_unit):
        assert name in RANKS, f"shell/{name} has no layer: give it one in {Path(__file__).name}"
    if RANKS[imported_unit] > RANKS[unit]:
        return f"{module} imports {imported}, which is above it"
    if unit != imported_unit and RANKS[imported_unit] == RANKS[unit]:
        return f"{module} imports {imported}: these two know nothing of each other"
    if unit in LOG_READERS and imported_unit == "inference" and imported != "inference.log":
        return f"{module} imports {imported}: of inference/ it may only read the log"
    return None


def arrows() -> set[tuple[str, str]]:
    """Every import of one module of ours by another."""
    module_paths = modules()
    found = {
        (name, target)
        for name, path in module_paths.items()
        for imported in imports(path)
        if (target := of_shell(imported, module_paths)) is not None and target != name
    }
    assert found
    return found


def test_imports_only_go_down() -> None:
    problems = [text for arrow in sorted(arrows()) if (text := problem(*arrow))]
    assert not problems, "\n".join(problems)


def test_what_programs_use_knows_nothing_of_the_command_line() -> None:
    module_paths = modules()
    above = {name for name, rank in RANKS.items() if rank > RANKS["embed"]}
    found = {
        (path.name, target)
        for path in (ROOT / "tidewire_bridge").rglob("*.py")
        for imported in imports(path)
        if (target := of_shell(imported, module_paths)) is not None
    }
    assert ("pytest_plugin.py", "embed") in found
    assert not {arrow for arrow in found if arrow[1].partition(".")[0] in above}


def test_every_entry_of_the_folder_has_a_layer() -> None:
    files = {path.stem for path in SHELL.glob("*.py")}
    folders = {path.parent.name for path in SHELL.glob("*/__init__.py")}
    assert (files | folders) - {"__init__"} == set(RANKS)


def test_the_page_about_architecture_has_the_same_order() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    host = text.partition("## The page")[0]
    listed = re.findall(r"^\| `(\w+)[/.]", host, re.MULTILINE)
    assert sorted(listed) == sorted(set(RANKS) - {"__main__"})
    ranks = [RANKS[name] for name in listed]
    assert ranks == sorted(ranks, reverse=True)


def test_no_module_is_long() -> None:
    lines = {name: len(path.read_text("utf-8").splitlines()) for name, path in modules().items()}
    assert lines
    assert not {name: count for name, count in lines.items() if count > MAX_LINES}


def test_no_imports_go_in_a_circle() -> None:
    graph: dict[str, set[str]] = {}
    for module, imported in arrows():
        graph.setdefault(module, set()).add(imported)
    list(graphlib.TopologicalSorter(graph).static_order())


def test_libraries_stay_where_they_belong() -> None:
    for name, path in modules().items():
        for imported in imports(path):
            allowed = LIBRARIES.get(imported.partition(".")[0])
            if allowed is not None:
                inside = any(name == prefix or name.startswith(f"{prefix}.") for prefix in allowed)
                assert inside, f"{name} imports {imported}"


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("inference.log", "bridge.feed"),
        ("inference.engine", "api.llm"),
        ("bridge.door", "app.host"),
        ("contract", "inference.log"),
        ("providers.testing.echo", "inference.limits"),
        ("settings", "store.database"),
        ("store.messages.recorder", "inference.engine"),
    ],
)
def test_an_upward_arrow_is_a_problem(module: str, imported: str) -> None:
    assert problem(module, imported) is not None


def test_a_downward_arrow_is_none() -> None:
    assert problem("bridge.door", "bridge.feed") is None
    assert problem("inference.engine", "support.ids") is None
    assert problem("store.messages.recorder", "inference.log") is None
