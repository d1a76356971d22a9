"""The door: the one way in for a page. Text comes in; checked calls reach the namespaces.

A page's calls arrive as one batch of JSON. A method is looked up in a table that was built from
the namespaces' own signatures; nothing else of the host has a name here. Whatever happens, every
call is answered once, by an envelope on the caller's feed.
"""

import asyncio
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import get_type_hints

from pydantic import TypeAdapter, ValidationError

from shell.api.caller import Caller
from shell.api.validation import explain
from shell.contract import CONTRACT_VERSION, Batch, Call, ErrorReply, Failure, Issue
from shell.errors import ErrorCode, LimitReached, NotFound, ShellError, ValidationFailed

MAX_BATCH_CHARACTERS = 32_000_000
MAX_BUSY_CALLS = 200
"""Calls of one window that may be unanswered at a time."""

HELLO = "shell.hello"
_log = logging.getLogger(__name__)
_batch = TypeAdapter(Batch)


@dataclass(frozen=True, slots=True)
class Method:
    """One callable of a namespace. `params` is None for a method without parameters."""

    name: str
    params: TypeAdapter[object] | None
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
            hint = next(iter(hints.values()), None)
            wire = f"{prefix}.{name}"
            params = None if hint is None else TypeAdapter[object](hint)
            table[wire] = Method(wire, params, TypeAdapter(result), getattr(namespace, name))
    return table


class Door:
    """Takes batches on the loop thread."""

    def __init__(self, namespaces: Mapping[str, object]) -> None:
        self._methods = methods(namespaces)
        self._tasks: set[asyncio.Task[None]] = set()

    def post(self, caller: Caller, text: str) -> None:
        """Run the calls of one batch. Never raises; what has no readable call is dropped."""
        try:
            batch = self._read(text)
        except (ValueError, RecursionError) as error:
            _log.warning("A batch of %s was not readable: %s", caller.id, type(error).__name__)
            self._refuse_unread(caller, text)
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

    def _read(self, text: str) -> Batch:
        if len(text) > MAX_BATCH_CHARACTERS:
            raise ValueError("too long")
        batch = _batch.validate_python(json.loads(text), by_alias=True, by_name=False)
        if batch.version != CONTRACT_VERSION and batch.calls[0].method != HELLO:
            raise ValueError("another version of the contract")
        return batch

    def _refuse_unread(self, caller: Caller, text: str) -> None:
        """Answer the calls of a batch that is no batch, as far as their numbers can be found."""
        if len(text) > MAX_BATCH_CHARACTERS or caller.feed.load is None:
            return
        try:
            raw = json.loads(text)
            numbers = [call["id"] for call in raw["calls"][:1_000]]
        except (ValueError, RecursionError, TypeError, KeyError):
            return
        refusal = ValidationFailed([("", "The call does not have the shape of the contract")])
        for number in numbers:
            if type(number) is int and 0 <= number <= 2**53:
                self._reply(caller, caller.feed.load, _refusal(number, refusal))

    def _begin(self, caller: Caller, load: str, call: Call) -> None:
        try:
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
                raise ValidationFailed([("", f"{method.name} takes no parameters")])
            return []
        try:
            return [method.params.validate_python(call.params, by_alias=True, by_name=False)]
        except ValidationError as error:
            raise explain(error) from None

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
        message=error.message,
        retryable=error.code.retryable,
        retry_after_ms=error.retry_after_ms,
        issues=issues,
        details=error.details,
    )


def _success(number: int, method: Method, result: object) -> str:
    value = method.result.dump_json(result, by_alias=True, ensure_ascii=True).decode("ascii")
    return f'{{"channel":"reply","id":{number},"ok":true,"value":{value}}}'


def _refusal(number: int, error: Exception) -> str:
    return ErrorReply(id=number, error=failure(error)).model_dump_json(ensure_ascii=True)


def _discard(result: Awaitable[object]) -> None:
    if inspect.iscoroutine(result):
        result.close()
