"""Searches with untrusted regular expressions, always in linear time."""

import functools
from collections.abc import Callable

from pydantic_core import SchemaError, SchemaValidator, core_schema

MAX_SEARCHED = 10_000
"""Longest text to search. Linear time is seconds for a long text and a long pattern."""


@functools.lru_cache(200)
def search(pattern: str) -> Callable[[str], bool]:
    """Return a function that tests whether a text contains the pattern.

    The function returns True for a text that is longer than `MAX_SEARCHED`. It returns True for
    every text if the pattern is not valid, or has a part that no linear search supports, such as a
    backreference.
    """
    try:
        schema = core_schema.str_schema(pattern=pattern, regex_engine="rust-regex")
        validator = SchemaValidator(schema)
    except SchemaError:
        return lambda text: True
    return lambda text: len(text) > MAX_SEARCHED or validator.isinstance_python(text)
