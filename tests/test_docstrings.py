"""The first line of a docstring is a phrase about what the code does or is."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RIDDLE = re.compile(r"`?\w+`?: ")
"""A first line like "Ground: what reading and saying share", which explains one noun by another."""


def first_lines(source: str) -> Iterator[tuple[int, str]]:
    """The first line of every docstring, and where its module, class or function begins."""
    kinds = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, kinds) and (text := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), text.splitlines()[0]


def files() -> list[Path]:
    folders = ("shell", "tidewire_bridge", "devtools", "packaging", "benchmarks")
    found = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    return [ROOT / "dev.py", *found]


def test_no_docstring_begins_with_a_word_and_a_colon() -> None:
    riddles = [
        f"{path.relative_to(ROOT)}:{number}: {line}"
        for path in files()
        for number, line in first_lines(path.read_text("utf-8"))
        if RIDDLE.match(line)
    ]
    assert not riddles, "\n".join(riddles)


@pytest.mark.parametrize("line", ["Feed: what one page has yet to be told.", "`Run`: one of them."])
def test_a_word_and_a_colon_is_found(line: str) -> None:
    ((_, first_line),) = first_lines(f'"""{line}"""')
    assert RIDDLE.match(first_line)
    assert not RIDDLE.match("Writes running answers to the database: all of them together.")
