"""Checks values that were parsed from JSON, and makes them fit to be stored."""

import json

from shell.support.text import clean

MAX_ARGUMENT_DEPTH = 64
"""Most levels of objects and lists in the arguments of a tool call."""


def is_within_depth(value: object, limit: int) -> bool:
    """Whether a value has at most `limit` levels of nested objects and lists."""
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(inner, list):
        return True
    return limit > 0 and all(is_within_depth(each, limit - 1) for each in inner)


def clean_object(value: object, depth: int) -> dict[str, object]:
    """Copy an object, with valid Unicode in every text.

    Raises:
        ValueError: it has more levels than `depth`, or a number that JSON does not have.
    """
    if not isinstance(value, dict) or not is_within_depth(value, depth):
        raise ValueError(f"It is no object of at most {depth} levels")
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    copy: dict[str, object] = json.loads(clean(text))
    return copy
