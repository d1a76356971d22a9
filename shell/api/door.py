"""The door: the one way in for a page. Text comes in; checked calls reach the namespaces.

A page's calls arrive as one batch of JSON. A method is looked up in a table that was built from
the namespaces' own signatures; nothing else of the host has a name here. Whatever happens, every
call is answered once, by an envelope on the caller's feed.
"""

import asyncio
import inspect
import itertools
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from shell.api.caller import Caller
from shell.api.validation import ROOT, checked, explain
from shell.contract import (
    CONTRACT_VERSION,
    MAX_CALLS,
    Batch,
    Call,
    ErrorReply,
    Failure,
    Issue,
)
from shell.errors import ErrorCode, LimitReached, NotFound, ShellError, ValidationFailed
from shell.text import clean

MAX_BATCH_CHARACTERS = 32_000_000
MAX_SEARCHED = 1_000_000
"""How much of a batch that cannot be read is searched for the numbers of its calls."""
MAX_BUSY_CALLS = 200
"""Calls of one window that may be unanswered at a time."""

HELLO = "shell.hello"
_NUMBER = re.compile(r'\{\s*"id"\s*:\s*(\d{1,15})\s*,\s*"method"')
_log = logging.getLogger(__name__)
_batch = TypeAdapter(Batch)


@dataclass(frozen=True, slots=True)
class Method:
    """One callable of a namespace. `params` is None for a method without parameters."""

    name: str
    params: TypeAdapter[object] | None
    root: str
    """What a parameter without fields of its own is called."""
    result: TypeAdapter[object]
    run: Callable[..., object]


def methods(namespaces: Mapping[str, object]) -> dict[str, Method]:
    """The method table: every public method of every namespace, by its name on the wire."""
    table: dict[str, Method] = {}
    for prefix, namespace in namespaces.items():
        for name, function in inspect.getmembers(type(namespace), inspect.isfunction):
            if name.startswith("_"):
                continue
            hints = get_type_hints(function, include_extras=True)
            result = hints.pop("return")
            hints.pop("caller")
            parameter, hint = next(iter(hints.items()), ("", None))
            fields = isinstance(hint, type) and issubclass(hint, BaseModel)
            wire = f"{prefix}.{name}"
            table[wire] = Method(
                name=wire,
                params=None if hint is None else TypeAdapter[object](hint),
                root=ROOT if fields or hint is None else to_camel(parameter),
                result=TypeAdapter(result),
                run=getattr(namespace, name),
            )
    return table


class Door:
    """Takes batches on the loop thread."""

    def __init__(self, namespaces: Mapping[str, object]) -> None:
        self._methods = methods(namespaces)
        for name in namespaces:
            _log.info("[IPC] Registered %s module", name)
        self._tasks: set[asyncio.Task[None]] = set()

    def post(self, caller: Caller, text: str) -> None:
        """Run the calls of one batch. Never raises; what has no readable call is dropped."""
        raw: object = None
        try:
            raw = _parse(text)
            batch = _read(raw)
        except ShellError as error:
            _log.warning("A batch of %s was not readable: %s", caller.id, error)
            self._refuse_all(caller, itertools.islice(_numbers(raw, text), MAX_CALLS), error)
            return
        hello = batch.calls[0].method == HELLO
        if batch.load != caller.feed.load and not hello:
            return  # sent by a load that has been replaced; nobody waits for the answer
        if hello:
            caller.feed.open(batch.load)
        for call in batch.calls:
            self._begin(caller, batch.load, call)

    async def close(self) -> None:
        """End the calls that are still running."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- inside -----------------------------------------------------------------------------

    def _refuse_all(self, caller: Caller, numbers: Iterable[int], error: ShellError) -> None:
        if caller.feed.load is not None:
            for number in numbers:
                self._reply(caller, caller.feed.load, _refusal(number, error))

    def _begin(self, caller: Caller, load: str, call: Call) -> None:
        try:
            caller.admit(hello=call.method == HELLO)
            method = self._methods.get(call.method)
            if method is None:
                raise NotFound(f"There is no method {call.method[:80]!r}")
            result = method.run(caller, *self._params(method, call))
            if inspect.isawaitable(result):
                if caller.busy >= MAX_BUSY_CALLS:
                    _discard(result)
                    raise LimitReached("Too many calls at once", MAX_BUSY_CALLS, caller.busy)
                caller.busy += 1
                task = asyncio.ensure_future(self._finish(caller, load, call, method, result))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                self._reply(caller, load, _success(call.id, method, result))
        except Exception as error:
            self._reply(caller, load, _refusal(call.id, error))

    def _params(self, method: Method, call: Call) -> list[object]:
        if method.params is None:
            if call.params is not None:
                raise ValidationFailed([(ROOT, f"{method.name} takes no parameters")])
            return []
        return [checked(method.params, call.params, method.root)]

    async def _finish(
        self,
        caller: Caller,
        load: str,
        call: Call,
        method: Method,
        result: Awaitable[object],
    ) -> None:
        try:
            self._reply(caller, load, _success(call.id, method, await result))
        except Exception as error:
            self._reply(caller, load, _refusal(call.id, error))
        finally:
            caller.busy -= 1

    def _reply(self, caller: Caller, load: str, item: str) -> None:
        caller.feed.reply(load, item)


def failure(error: Exception) -> Failure:
    """The envelope of an exception. What is not ours says nothing of the host's inside."""
    if not isinstance(error, ShellError):
        _log.error("A call failed: %s", type(error).__name__, exc_info=error)
        return Failure(
            code=ErrorCode.UNKNOWN_ERROR,
            message="Something went wrong inside Tidewire; its log has the details",
            retryable=False,
            retry_after_ms=None,
        )
    issues = None
    if isinstance(error, ValidationFailed):
        issues = [Issue(path=path, message=message) for path, message in error.issues]
    return Failure(
        code=error.code,
        message=clean(error.message),
        retryable=error.code.retryable,
        retry_after_ms=error.retry_after_ms,
        issues=issues,
        details=error.details,
    )


def _parse(text: str) -> object:
    if len(text) > MAX_BATCH_CHARACTERS:
        raise _unread(f"The batch is too long (max: {MAX_BATCH_CHARACTERS} characters)")
    try:
        raw: object = json.loads(text)
    except RecursionError:
        raise _unread("The batch is nested too deeply") from None
    except ValueError:
        raise _unread("The batch is not JSON") from None
    return raw


def _read(raw: object) -> Batch:
    try:
        batch = _batch.validate_python(raw, by_alias=True, by_name=False)
    except ValidationError as error:
        raise ValidationFailed(explain(error, raw)) from None
    if batch.version != CONTRACT_VERSION and batch.calls[0].method != HELLO:
        raise ValidationFailed([("version", "The page speaks another version of the contract")])
    return batch


def _numbers(raw: object, text: str) -> Iterator[int]:
    """The numbers of the calls in a batch that is no batch, as far as they can be found."""
    if raw is None:
        yield from (int(found[1]) for found in _NUMBER.finditer(text, 0, MAX_SEARCHED))
    calls = raw.get("calls") if isinstance(raw, dict) else None
    for call in calls if isinstance(calls, list) else []:
        number = call.get("id") if isinstance(call, dict) else None
        if type(number) is int and 0 <= number <= 2**53:
            yield number


def _unread(sentence: str) -> ValidationFailed:
    return ValidationFailed([(ROOT, sentence)])


def _success(number: int, method: Method, result: object) -> str:
    value = method.result.dump_json(result, by_alias=True, ensure_ascii=True).decode("ascii")
    return f'{{"channel":"reply","id":{number},"ok":true,"value":{value}}}'


def _refusal(number: int, error: Exception) -> str:
    try:
        return ErrorReply(id=number, error=failure(error)).model_dump_json(ensure_ascii=True)
    except ValueError as fault:  # what the error says cannot be told
        return ErrorReply(id=number, error=failure(fault)).model_dump_json(ensure_ascii=True)


def _discard(result: Awaitable[object]) -> None:
    if inspect.iscoroutine(result):
        result.close()
