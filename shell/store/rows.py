"""Rows of a result, each made into a value whose types are known."""

from collections.abc import Callable
from typing import TypeVar

import apsw

T = TypeVar("T")


def rows(cursor: apsw.Cursor, kind: Callable[..., T]) -> list[T]:
    """Every row; `kind` is called with its columns: a named tuple, or `int` for one column."""
    return [kind(*values) for values in cursor]


def first(cursor: apsw.Cursor, kind: Callable[..., T]) -> T | None:
    """The first row, or None when there is none."""
    values = cursor.fetchone()
    return None if values is None else kind(*values)
