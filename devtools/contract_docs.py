"""Reads the documentation of the contract's models from their sources."""

import ast
import importlib
import inspect
import itertools
import re
from collections.abc import Iterable

from pydantic.alias_generators import to_camel

from shell import contract


def contract_docs(modules: Iterable[str]) -> dict[str, dict[str, str]]:
    """Get the strings under assignments by name: of every class, and of the modules under ""."""
    # All modules at once: finding a class in its file costs as much as reading the file.
    source = "\n".join(
        inspect.getsource(importlib.import_module(f"{contract.__name__}.{name}"))
        for name in modules
    )
    module = ast.parse(source)
    classes = [node for node in module.body if isinstance(node, ast.ClassDef)]
    return {"": _attribute_docs(module.body)} | {
        node.name: _attribute_docs(node.body) for node in classes
    }


def doc_comment(text: str) -> str:
    """Make a comment in TypeScript; names in backticks become camelCase."""
    text = re.sub(r"`[a-z]+(?:_[a-z]+)+`", _on_the_page, inspect.cleandoc(text))
    if not text:
        return ""
    if "\n" not in text:
        return f"/** {text} */\n"
    lines = [f" * {line}".rstrip() for line in text.splitlines()]
    return "\n".join(["/**", *lines, " */", ""])


def _on_the_page(name: re.Match[str]) -> str:
    return f"`{to_camel(name[0].strip('`'))}`"


def _attribute_docs(body: list[ast.stmt]) -> dict[str, str]:
    """Get the string under each assignment, by the assigned name."""
    docs: dict[str, str] = {}
    for node, after in itertools.pairwise(body):
        target = node.target if isinstance(node, ast.AnnAssign) else None
        if isinstance(node, ast.Assign):
            target = node.targets[0] if isinstance(node.targets[0], ast.Name) else None
        if (
            isinstance(target, ast.Name)
            and isinstance(after, ast.Expr)
            and isinstance(after.value, ast.Constant)
            and isinstance(after.value.value, str)
        ):
            docs[target.id] = after.value.value
    return docs
