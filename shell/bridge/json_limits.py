"""Checks a page's JSON for values that Python's parser accepts but no model can take.

These are NaN and the infinities, unpaired surrogates, and nesting deeper than the stack allows. One
walk of bounded length finds all of them, with their paths.
"""

import math
from collections.abc import Iterator

from shell.errors import ValidationFailed

MAX_DEPTH = 32
MAX_VALUES = 50_000
"""Limit on the values in one call. A hundred messages of many parts have fewer."""
MAX_FIELDS = 1_000
"""Limit on the fields of one object."""
MAX_STEP_CHARACTERS = 80

Path = tuple[int | str, ...]


def find_problems(params: object) -> dict[str, str]:
    """Find the problems in the parameters of a call; returns a sentence for each path.

    Raises:
        ValidationFailed: they are too large to check.
    """
    issues: dict[str, str] = {}
    values = 0
    pending: list[tuple[Path, object]] = [((), params)]
    while pending:
        path, value = pending.pop()
        values += 1
        if values + len(pending) > MAX_VALUES:
            raise _too_large(path[:1], f"holds too many values (max: {MAX_VALUES})")
        if isinstance(value, str):
            if not _is_text(value):
                issues[format_path(path)] = _sentence(path, "holds half a character")
        elif isinstance(value, float):
            if not math.isfinite(value):
                issues[format_path(path)] = _sentence(path, "must be a finite number")
        elif isinstance(value, dict | list):
            if len(path) >= MAX_DEPTH:
                raise _too_large(path, f"is nested too deeply (max: {MAX_DEPTH} levels)")
            if len(value) > MAX_VALUES:
                raise _too_large(path, f"holds too many values (max: {MAX_VALUES})")
            pending += _inside(path, value, issues)
    return issues


def format_path(path: Path) -> str:
    """Format a path for people: short, printable, its steps joined by dots."""
    return ".".join(format_value(step) for step in path)


def format_value(value: object) -> str:
    """Make a value from outside short and printable."""
    text = value if isinstance(value, str) else repr(value)
    text = text[:MAX_STEP_CHARACTERS]
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _inside(
    path: Path, value: dict[str, object] | list[object], issues: dict[str, str]
) -> Iterator[tuple[Path, object]]:
    if isinstance(value, list):
        yield from (((*path, index), item) for index, item in enumerate(value))
        return
    if len(value) > MAX_FIELDS:
        raise _too_large(path, f"holds too many fields (max: {MAX_FIELDS})")
    for name, item in value.items():
        inner = (*path, name)
        if not _is_text(name):
            issues[format_path(inner)] = _sentence(inner, "is a name with half a character")
        yield inner, item


def _is_text(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _too_large(path: Path, text: str) -> ValidationFailed:
    return ValidationFailed([(format_path(path) or "params", _sentence(path, text))])


def _sentence(path: Path, text: str) -> str:
    return f"{format_path(path[-1:]) or 'The request'} {text}"
