"""Writes tools and their calls, as far as the APIs agree on them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import cast

from shell.providers.base import AnsweredCall, ProviderRequest, ToolSpec
from shell.providers.http.lenient_json import as_object, json_of
from shell.support.json_values import MAX_ARGUMENT_DEPTH, clean_object

_DEPTH = 16
"""Most levels of a schema. Deeper ones are left out, because a schema may refer to itself."""
_NEEDED = frozenset({"type", "properties", "required", "items", "description", "enum"})
"""Keywords that are always sent. A schema needs them, and an error may use them as plain words."""
_NODES = 5_000
"""A schema with more parts is cut: references can make a small one endless."""


def parameters_of(tool: ToolSpec) -> dict[str, object]:
    """The schema of a tool's arguments, complete in itself and always of an object.

    Several providers refuse a schema with references.
    """
    schema = dict(tool.parameters)
    known = as_object(schema.pop("$defs", schema.pop("definitions", {})))
    plain = cast("dict[str, object]", _resolved(schema, known, 0, iter(range(_NODES))))
    plain.pop("$schema", None)
    plain.setdefault("properties", {})
    return {**plain, "type": "object"}


def without(schema: object, dropped: frozenset[str]) -> object:
    """A schema without some keywords; the host still checks arguments against the whole one."""
    if isinstance(schema, list):
        return [without(item, dropped) for item in schema]
    if not isinstance(schema, dict):
        return schema
    reduced: dict[str, object] = {}
    for name, value in schema.items():
        if name == "properties" and isinstance(value, dict):
            # These are names of arguments, which may be the same as a keyword.
            reduced[name] = {key: without(item, dropped) for key, item in value.items()}
        elif name not in dropped:
            reduced[name] = without(value, dropped)
    return reduced


def without_keywords(request: ProviderRequest, dropped: frozenset[str]) -> ProviderRequest:
    """A request whose tools have schemas without some keywords."""
    tools = [
        replace(tool, parameters=cast("dict[str, object]", without(parameters_of(tool), dropped)))
        for tool in request.tools
    ]
    return replace(request, tools=tuple(tools))


def named_keywords(tools: Iterable[ToolSpec], text: str) -> frozenset[str]:
    """The keywords of tools' schemas that a server's refusal names and that can be left out."""
    words = set(re.findall(r"[$A-Za-z]+", text))
    found = _keywords([parameters_of(tool) for tool in tools])
    return frozenset((found - _NEEDED) & words)


def _keywords(schema: object) -> set[str]:
    if isinstance(schema, list):
        return set[str]().union(*map(_keywords, schema))
    if not isinstance(schema, dict):
        return set()
    named = as_object(schema.get("properties")).values()
    values = [value for name, value in schema.items() if name != "properties"]
    return set(schema).union(*map(_keywords, [*named, *values]))


def arguments_of(call: AnsweredCall) -> dict[str, object]:
    """The arguments of an earlier call, as `sendable_arguments`."""
    return sendable_arguments(json_of(call.arguments))


def sendable_arguments(value: object) -> dict[str, object]:
    """The arguments of a call as they can be sent back. Empty where the model wrote no object, or
    one that the host refuses for its depth or a number that JSON does not have.
    """
    try:
        return clean_object(value, MAX_ARGUMENT_DEPTH)
    except ValueError:
        return {}


def _resolved(
    schema: object, known: Mapping[str, object], depth: int, budget: Iterator[int]
) -> object:
    """A schema with every reference replaced by what it refers to."""
    if not isinstance(schema, list | dict):
        return schema
    if depth > _DEPTH or next(budget, None) is None:
        return {}
    if isinstance(schema, list):
        return [_resolved(item, known, depth + 1, budget) for item in schema]
    target = schema.get("$ref")
    if isinstance(target, str):
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        whole = as_object(known.get(target.rpartition("/")[2])) | beside
        return _resolved(whole, known, depth + 1, budget)
    return {key: _resolved(value, known, depth + 1, budget) for key, value in schema.items()}
