"""The layers of the host: imports only go down, and libraries stay where they belong."""

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHELL = ROOT / "shell"

# From the bottom up. A directory stands for all that is in it.
LAYERS: list[set[str]] = [
    {"contract", "errors", "fence", "ids", "redaction", "text"},
    {"alone", "log", "worker"},
    {
        "datadir",
        "display",
        "environment",
        "keys",
        "links",
        "logs",
        "look",
        "loop",
        "placement",
        "providers",
        "settings",
        "signals",
        "store",
    },
    {
        "answers",
        "backup_contents",
        "conversations",
        "deadlines",
        "engine",
        "exports",
        "fit",
        "history",
        "imports",
        "run",
        "sessions",
        "settings_file",
        "shelf",
        "titles",
    },
    {"api", "pump"},
    {"webviews", "window"},
    {"core", "embed", "greeter", "host", "kept", "opening"},
    {"__main__", "app", "ask", "cli", "commands", "contract_ts", "doctor"},
]
LEAVES = LAYERS[2]
"""These know nothing of each other."""

LIBRARIES: dict[str, set[str]] = {
    "anthropic": {"providers"},
    "apsw": {"store"},
    "filelock": {"alone", "datadir"},
    "h11": {"api.page_server"},
    "httpx2": {"providers"},
    "ijson": {"store"},
    "jinja2": {"store"},
    "keyring": {"doctor", "keys"},
    "openai": {"providers"},
    "platformdirs": {"datadir"},
    "PySide6": {"webviews"},
    "qtpy": {"webviews"},
    "starlette": {"api.link", "api.loopback", "api.tabs"},
    "uvicorn": {"api.loopback"},
    "webview": {"webviews", "window"},
    "websockets": set(),
    "xllamacpp": {"providers"},
}
"""Who may import what. What is not listed here is free."""


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


def of_shell(imported: str, known: dict[str, Path]) -> str | None:
    """The module of ours that an import means; None for others and for `shell` itself."""
    parts = imported.split(".")
    if parts[0] != "shell":
        return None
    while len(parts) > 1:
        name = ".".join(parts[1:])
        if name in known:
            return name
        parts.pop()
    return None


def rank(module: str) -> int:
    """The number of a module's layer."""
    unit = module.partition(".")[0]
    for number, layer in enumerate(LAYERS):
        if unit in layer:
            return number
    raise AssertionError(f"shell/{unit} has no layer: give it one in tests/test_layers.py")


def problem(module: str, imported: str) -> str | None:
    """What is wrong with one import, if anything."""
    unit, other = module.partition(".")[0], imported.partition(".")[0]
    if rank(imported) > rank(module):
        return f"{module} imports {imported}, which is above it"
    if unit != other and {unit, other} <= LEAVES:
        return f"{module} imports {imported}: leaves know nothing of each other"
    return None


def arrows() -> set[tuple[str, str]]:
    """Every import of one module of ours by another."""
    known = modules()
    found = {
        (name, target)
        for name, path in known.items()
        for imported in imports(path)
        if (target := of_shell(imported, known)) is not None and target != name
    }
    assert found
    return found


def test_imports_only_go_down() -> None:
    problems = [text for arrow in sorted(arrows()) if (text := problem(*arrow))]
    assert not problems, "\n".join(problems)


def test_every_module_has_a_layer() -> None:
    for module in modules():
        rank(module)


def test_the_page_about_architecture_has_the_same_layers() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d) \| (.*?) \|", text, re.MULTILINE)
    told = {int(number): set(re.findall(r"`(\w+)`", names)) for number, names in rows}
    assert told == dict(enumerate(LAYERS))


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
                inside = any(name == place or name.startswith(f"{place}.") for place in allowed)
                assert inside, f"{name} imports {imported}"


@pytest.mark.parametrize(
    ("module", "imported"),
    [
        ("log", "engine"),
        ("engine", "api.llm"),
        ("api.door", "window"),
        ("contract", "log"),
        ("providers.echo", "settings"),
    ],
)
def test_an_upward_arrow_is_a_problem(module: str, imported: str) -> None:
    assert problem(module, imported) is not None
    assert problem("api.door", "api.feed") is None
    assert problem("engine", "log") is None
