"""Turns the rows of a result into typed values."""

from collections.abc import Callable
from typing import TypeVar

import apsw

T = TypeVar("T")


def rows(cursor: apsw.Cursor, kind: Callable[..., T]) -> list[T]:
    """Return every row as `kind(*columns)`; `kind` is a named tuple, or `int` for one column."""
    return [kind(*values) for values in cursor]


def first(cursor: apsw.Cursor, kind: Callable[..., T]) -> T | None:
    """Return the first row as `kind(*columns)`, or None when there is none."""
    values = cursor.fetchone()
    return None if values is None else kind(*values)
