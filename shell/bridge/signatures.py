"""Checks the methods of namespaces when a program starts, instead of at the first call of each."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from shell.bridge.door import methods, reply_type

_MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class WrongSignatures(ValueError):
    """Methods that a page could not call; the message has a line for each."""


def check_signatures(namespaces: Mapping[str, object]) -> None:
    """Check every method that a page may call.

    Raises:
        WrongSignatures: a parameter or the result has no type, or there are too many parameters.
    """
    wrong = []
    for prefix, namespace in namespaces.items():
        if not prefix.isidentifier():
            wrong.append(f"{prefix!r}: a namespace is named like a variable")
            continue
        found = methods({prefix: namespace})
        if not found:
            wrong.append(f"{prefix}: it has no public method")
        wrong += [f"{m.name}: {each}" for m in found.values() for each in _problems(m.run)]
    if wrong:
        raise WrongSignatures("\n".join(wrong))


def _problems(run: Callable[..., object]) -> Iterator[str]:
    parameters = list(inspect.signature(run).parameters.values())
    if inspect.isasyncgenfunction(run):
        yield "a generator is no result: pass it to App.stream and return its id"
        return
    if not parameters or parameters[0].name != "caller":
        yield "the first parameter must be named caller"
        return
    if len(parameters) > 2 or any(each.kind in _MANY for each in parameters):
        yield "it takes the caller and at most one parameter: put several into a model"
        return
    try:
        hints: dict[str, Any] = get_type_hints(run, include_extras=True)
    except (NameError, TypeError) as error:
        yield f"its types cannot be read: {error}"
        return
    for name in [*(each.name for each in parameters[1:]), "return"]:
        what = "the result" if name == "return" else name
        if name not in hints:
            yield f"{what} has no type"
            continue
        try:
            TypeAdapter(reply_type(hints[name]) if name == "return" else hints[name])
        except Exception as error:  # pydantic has several, and types have their own
            yield f"{what} has a type that pydantic does not know: {str(error).splitlines()[0]}"
