"""The names that the code defines are nouns and verbs of the field, as CONTRIBUTING.md asks."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDERS = ("shell", "tidewire_bridge", "devtools")
RIDDLES = frozenset(
    (
        *("kept", "told", "tell", "tells", "said", "say", "says", "heard", "hear", "asked"),
        *("look", "seal", "leave", "rouse", "bark", "greeter", "shelf", "wreck", "trouble"),
        *("turning", "caught", "alone", "who", "whom", "what", "comes", "goes"),
    )
)
"""Words that say neither what a value is nor what a function does."""
CONTRACT = {
    ("errors.py", "NOT_KEPT"),
    ("envelopes.py", "KEY_NOT_KEPT"),
    ("search.py", "kept"),
    ("providers.py", "asked_at"),
}
"""Names that pages know, by their files."""


def defined_names(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every name that a module defines, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, node.lineno
            case ast.ClassDef(name=name):
                yield name, node.lineno
            case ast.arg(arg=name):
                yield name, node.lineno
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name, node.lineno


def test_no_name_is_a_riddle() -> None:
    riddles = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name, line in defined_names(ast.parse(path.read_text("utf-8")))
        if (path.name, name) not in CONTRACT
        and RIDDLES.intersection(name.strip("_").lower().split("_"))
    ]
    assert riddles == []
