"""Searches with regular expressions of strangers, always in linear time."""

import functools
from collections.abc import Callable

from pydantic_core import SchemaError, SchemaValidator, core_schema


@functools.lru_cache(200)
def search(pattern: str) -> Callable[[str], bool]:
    """Return a test whether a text contains the pattern.

    A pattern that cannot be searched for in linear time is found in every text.
    """
    try:
        made = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except SchemaError:
        return lambda text: True
    return made.isinstance_python
