"""Checks the methods of namespaces when a program starts, instead of at the first call of each."""

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter

from shell.bridge.door import methods, reply_type
from shell.bridge.stream import Stream

_MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class WrongSignatures(ValueError):
    """A page could not call some methods. The message has a line for each."""


def check_signatures(namespaces: Mapping[str, object]) -> None:
    """Check every method that a page may call.

    Raises:
        WrongSignatures: a parameter or the result has no type, or there are too many parameters.
    """
    wrong = []
    for prefix, namespace in namespaces.items():
        if not prefix.isidentifier():
            wrong.append(f"{prefix!r}: the name of a namespace must be a Python identifier")
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
        yield "a generator cannot be returned: pass it to App.stream and return its id"
        return
    if not parameters or parameters[0].name != "caller":
        yield "the first parameter must be named caller"
        return
    if len(parameters) > 2 or any(each.kind in _MANY for each in parameters):
        yield "it takes the caller and at most one parameter: put several into a model"
        return
    if any(each.kind is inspect.Parameter.KEYWORD_ONLY for each in parameters):
        yield "its parameters are passed by position: leave out the * before them"
        return
    try:
        hints: dict[str, Any] = get_type_hints(run, include_extras=True)
    except (NameError, TypeError) as error:
        yield f"its types cannot be read: {error}"
        return
    for name in [*(each.name for each in parameters[1:]), "return"]:
        subject = "the result" if name == "return" else name
        if name not in hints:
            yield f"{subject} has no type"
            continue
        try:
            TypeAdapter(reply_type(hints[name]) if name == "return" else hints[name])
        except Exception as error:  # pydantic has several, and types have their own
            yield f"{subject} has a type that pydantic does not know: {str(error).splitlines()[0]}"
            continue
        for item in _items(hints[name]):
            if item is not str and not _is_model(item):
                shown = getattr(item, "__name__", item)
                yield f"a stream has models or strings, not {shown}: make it a model"


def _items(hint: object) -> Iterator[object]:
    """Yield the item types of the streams in a type."""
    if get_origin(hint) is Stream:
        yield from get_args(hint)
        return
    for inner in get_args(hint):
        yield from _items(inner)


def _is_model(item: object) -> bool:
    """Whether a type is a model, or a union of models."""
    if isinstance(item, type) and issubclass(get_origin(item) or item, BaseModel):
        return True
    kinds = get_args(item)[:1] if get_origin(item) is Annotated else get_args(item)
    union = get_origin(item) in (Annotated, Union, UnionType)
    return union and all(_is_model(kind) for kind in kinds)
