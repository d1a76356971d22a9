"""Finds the tests that show a number: by their marks in Python, by comments on the page.

    @pytest.mark.shows("B10", "D49")        in Python, on a test or a class
    // shows: D68, D69                      in TypeScript, right before an `it`

The sources are read, not run, so that a table can be made without a browser or a window.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE_TESTS = ("web/tests", "web/src")
_ID = re.compile(r"[BD]\d+")
_SHOWS = re.compile(r"^\s*//\s*shows:\s*(?P<ids>[BD]\d+(?:\s*,\s*[BD]\d+)*)\s*$")
_IT = re.compile(r"^\s*(?:it|test)\b[^\"'`]*[\"'`](?P<title>.+?)[\"'`]\s*,")


@dataclass(frozen=True, order=True)
class Shown:
    """One test that shows a number."""

    id: str
    file: str
    """Relative to the project's root, with forward slashes."""
    test: str

    @property
    def node(self) -> str:
        """How pytest calls the test."""
        return f"{self.file}::{self.test}"


class Misplaced(ValueError):
    """A mark that belongs to no test."""


def shown() -> dict[str, list[Shown]]:
    """The tests of every number, in the order of their names."""
    by_id: dict[str, list[Shown]] = defaultdict(list)
    for found in sorted({*_python(), *_page()}):
        by_id[found.id].append(found)
    return by_id


def _python() -> Iterator[Shown]:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        file = path.relative_to(ROOT).as_posix()
        tree = ast.parse(path.read_text("utf-8"))
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                inherited = _marks(node)
                for method in node.body:
                    yield from _of(method, file, f"{node.name}::", inherited)
            else:
                yield from _of(node, file, "", [])


def _of(node: ast.stmt, file: str, prefix: str, inherited: list[str]) -> Iterator[Shown]:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    ids = [*inherited, *_marks(node)]
    if ids and not node.name.startswith("test_"):
        raise Misplaced(f"{file}: {node.name} is no test")
    for number in ids:
        yield Shown(number, file, prefix + node.name)


def _marks(node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    ids: list[str] = []
    for decorator in node.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.shows":
            ids += [ast.literal_eval(argument) for argument in decorator.args]
    return ids


def _page() -> Iterator[Shown]:
    for folder in PAGE_TESTS:
        for path in sorted((ROOT / folder).rglob("*.test.ts*")):
            file = path.relative_to(ROOT).as_posix()
            waiting: list[str] = []
            for line in path.read_text("utf-8").splitlines():
                comment, test = _SHOWS.match(line), _IT.match(line)
                if comment:
                    waiting += _ID.findall(comment["ids"])
                elif waiting:
                    if not test:
                        raise Misplaced(
                            f"{file}: `shows` before {line.strip()!r}, which is no test"
                        )
                    yield from (Shown(number, file, test["title"]) for number in waiting)
                    waiting = []
