"""Validates values against untrusted JSON schemas, with a time limit and without connections.

A schema may come from a server, and a value from a model that reads texts of strangers. The library
alone would run any regular expression, which can take years, and would compare all items of a list
with each other.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

import attrs
from jsonschema import Draft202012Validator, validators
from jsonschema.exceptions import ValidationError
from referencing import Registry

from shell.support.patterns import search

LONGEST_S = 0.5
"""How much processor time a check may take. It blocks the loop of the host."""
Found = Iterator[ValidationError]
Keyword = Callable[[Any, Any, Any, Any], "Found | None"]


class CannotCheck(Exception):
    """Raised if a schema cannot be used. The text says why."""


def problems(schema: Mapping[str, object], value: object, limit: int) -> list[ValidationError]:
    """List the errors of a value, at most `limit`.

    Raises:
        CannotCheck: the schema is not valid, refers to another one, or takes too long to check.
    """
    _Clock.end = time.thread_time() + LONGEST_S
    try:
        # An empty registry: a schema must not make the host fetch another one.
        validator = _VALIDATOR(schema, registry=Registry())
        return list(islice(validator.iter_errors(value), limit))
    except Exception as error:  # the library does not say what it raises for an invalid schema
        raise CannotCheck(str(error)[:500]) from None


class _Clock:
    """The deadline of the running check, in the thread's processor time. Only one runs at a time,
    on the loop's thread.
    """

    end = 0.0


def _with_time_limit(check: Keyword) -> Keyword:
    def check_in_time(validator: Any, wanted: Any, value: Any, schema: Any) -> Found:
        if time.thread_time() > _Clock.end:
            raise ValueError("it takes too long to check")
        yield from check(validator, wanted, value, schema) or ()

    return check_in_time


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
    additional = {
        name: each
        for name, each in value.items()
        if name not in known and not any(search(pattern)(name) for pattern in patterns)
    }
    return _KEYWORDS["additionalProperties"](validator, wanted, additional, {})


def _unique(validator: Any, wanted: Any, value: Any, schema: Any) -> Found:
    if wanted and isinstance(value, list):
        unique = {json.dumps(each, sort_keys=True) for each in value}
        if len(unique) < len(value):
            yield ValidationError(f"{value!r:.100} has non-unique elements")


def _evolve(validator: Any, **changes: Any) -> Any:
    """Make the validator of a part of a schema. The library's own method would use its own checks,
    which have no limits, for a part that has a `$schema`. Its validators are attrs classes.
    """
    return attrs.evolve(validator, **changes)


_KEYWORDS: Mapping[str, Keyword] = Draft202012Validator.VALIDATORS
_OWN: Mapping[str, Keyword] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional,
    "uniqueItems": _unique,
    # The library would run regular expressions for this keyword. The tool checks it itself.
    "unevaluatedProperties": lambda *_: None,
}
_VALIDATOR = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {name: _with_time_limit(check) for name, check in {**_KEYWORDS, **_OWN}.items()},
)
_VALIDATOR.evolve = _evolve
