"""Checks values against JSON schemas of strangers, without giving them time or connections.

A schema may come from a server, and a value from a model that strangers talk to. The library alone
would search a text with any pattern, which can take years, and would compare all items of a list
with each other.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable

from shell.support.patterns import search

LONGEST_S = 2.0
"""How long a check may take; meanwhile nothing else happens in the host."""
Found = Iterator[ValidationError]
Keyword = Callable[[Any, Any, Any, Any], "Found | None"]


class CannotCheck(Exception):
    """The schema cannot be used; the text says why."""


def problems(schema: Mapping[str, object], value: object, most: int) -> list[ValidationError]:
    """What is wrong with a value, up to `most`.

    Raises:
        CannotCheck: the schema is not valid, refers to another one, or asks for too much.
    """
    _Clock.end = time.monotonic() + LONGEST_S
    try:
        # An empty registry: a schema must not make the host fetch another one.
        validator = _VALIDATOR(schema, registry=Registry())
        return list(islice(validator.iter_errors(value), most))
    except (SchemaError, Unresolvable, RecursionError, TypeError, ValueError) as error:
        raise CannotCheck(str(error)[:500]) from None


class _Clock:
    """One value is checked at a time, on the loop's thread."""

    end = 0.0


def _timed(check: Keyword) -> Keyword:
    def timed(validator: Any, wanted: Any, value: Any, schema: Any) -> Found:
        if time.monotonic() > _Clock.end:
            raise ValueError("it takes too long to check")
        yield from check(validator, wanted, value, schema) or ()

    return timed


def _pattern(validator: Any, wanted: Any, value: Any, schema: Any) -> Found:
    if isinstance(value, str) and not search(wanted)(value):
        yield ValidationError(f"{value!r:.100} does not match {wanted!r}")


def _pattern_properties(validator: Any, wanted: Any, value: Any, schema: Any) -> Found:
    if isinstance(value, dict):
        for pattern, below in wanted.items():
            for name in filter(search(pattern), value):
                yield from validator.descend(value[name], below, path=name, schema_path=pattern)


def _additional(validator: Any, wanted: Any, value: Any, schema: Any) -> "Found | None":
    if not isinstance(value, dict):
        return None
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    others = {
        name: each
        for name, each in value.items()
        if name not in known and not any(search(pattern)(name) for pattern in patterns)
    }
    return _KEYWORDS["additionalProperties"](validator, wanted, others, {})


def _unique(validator: Any, wanted: Any, value: Any, schema: Any) -> Found:
    if wanted and isinstance(value, list):
        written = {json.dumps(each, sort_keys=True) for each in value}
        if len(written) < len(value):
            yield ValidationError(f"{value!r:.100} has non-unique elements")


_KEYWORDS: Mapping[str, Keyword] = Draft202012Validator.VALIDATORS
_OWN: Mapping[str, Keyword] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "uniqueItems": _unique,
    # The library searches with patterns for this. The tool checks it itself.
    "unevaluatedProperties": lambda *_: None,
}
_VALIDATOR = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {name: _timed(check) for name, check in {**_KEYWORDS, **_OWN}.items()},
)
