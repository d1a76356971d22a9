"""Validates the calls of a page and runs them: the one way into the host.

Calls arrive as one batch of JSON. The door finds each method in a table built from the signatures
of the namespaces; a page can reach nothing else. Every call is answered exactly once, by a reply on
the caller's feed.
"""

import asyncio
import inspect
import itertools
import json
import logging
import re
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from functools import cached_property, reduce
from operator import or_
from types import UnionType
from typing import cast, get_args, get_origin, get_type_hints

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

from shell.bridge.caller import Caller
from shell.bridge.topics import Topics
from shell.bridge.validation import ROOT, explain, validate_params
from shell.contract import CONTRACT_VERSION, MAX_CALLS, Batch, Call, ErrorReply, Failure, Issue
from shell.errors import (
    ErrorCode,
    LimitReached,
    NotFound,
    ProgramError,
    ShellError,
    ValidationFailed,
)
from shell.support.text import clean

MAX_BATCH_CHARACTERS = 32_000_000
MAX_SEARCHED = 1_000_000
"""How much of an unreadable batch is searched for the numbers of its calls."""
EARLIER_S = 2.0
"""How long the hello of a new load waits for the last calls of the load before it."""

HELLO = "shell.hello"
_NUMBER = re.compile(r'\{\s*"id"\s*:\s*(\d{1,15})\s*,\s*"method"')
_log = logging.getLogger(__name__)
_batch = TypeAdapter(Batch)


NamespaceFactory = Callable[[], Awaitable[object]]
"""Makes a namespace at a page's first call of it. It runs again after a failure."""


class Method:
    """One method. Its validators are built at its first call: an opening page needs only a few."""

    def __init__(self, name: str, run: Callable[..., object]) -> None:
        self.name = name
        self.run = run
        self.is_async = inspect.iscoroutinefunction(run)

    @cached_property
    def params(self) -> TypeAdapter[object] | None:
        """Validates the parameter; None for a method without one."""
        hint = self._parameter[1]
        return None if hint is None else TypeAdapter[object](hint)

    @cached_property
    def root(self) -> str:
        """The name of a parameter that has no fields of its own."""
        name, hint = self._parameter
        fields = isinstance(hint, type) and issubclass(hint, BaseModel)
        return ROOT if fields or hint is None else to_camel(name)

    @cached_property
    def has_default(self) -> bool:
        """Whether a page may leave the parameter out."""
        parameter = inspect.signature(self.run).parameters.get(self._parameter[0])
        return parameter is not None and parameter.default is not inspect.Parameter.empty

    @cached_property
    def result(self) -> TypeAdapter[object]:
        """Serializes the result."""
        return TypeAdapter(reply_type(self._hints["return"]))

    @cached_property
    def _hints(self) -> dict[str, type[object]]:
        return get_type_hints(self.run, include_extras=True)

    @property
    def _parameter(self) -> tuple[str, type[object] | None]:
        parameters = (hint for hint in self._hints.items() if hint[0] not in ("caller", "return"))
        return next(parameters, ("", None))


def reply_type(annotation: object) -> type[object]:
    """The type of a method's reply.

    `annotation` is the method's return annotation. A method that can mostly answer at once returns
    `T | Coroutine[None, None, T]`, so that calls of one batch take effect in their order.
    """
    members = [each for each in get_args(annotation) if get_origin(each) is not Coroutine]
    value_type = reduce(or_, members) if isinstance(annotation, UnionType) else annotation
    return cast("type[object]", value_type)


def methods(namespaces: Mapping[str, object]) -> dict[str, Method]:
    """Build the method table: every public method of every namespace, by its name on the wire."""
    table: dict[str, Method] = {}
    for prefix, namespace in namespaces.items():
        for name, _ in inspect.getmembers(type(namespace), inspect.isfunction):
            if name.startswith("_"):
                continue
            wire = f"{prefix}.{name}"
            table[wire] = Method(wire, getattr(namespace, name))
    return table


class Door:
    """Runs batches of calls, on the loop thread.

    Args:
        namespaces: the objects whose methods a page may call.
        lazy: makes each of the other namespaces when a page first calls it.
        topics: the host's state that every page receives.
        program: the program's name in the message of an unexpected failure.
    """

    def __init__(
        self,
        namespaces: Mapping[str, object],
        lazy: Mapping[str, NamespaceFactory] | None = None,
        topics: Topics | None = None,
        program: str = "Tidewire",
    ) -> None:
        self._topics = topics
        self._program = program
        self._methods: dict[str, Method] = {}
        self._lazy = dict(lazy or {})
        self._creations: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        for name, namespace in namespaces.items():
            self._add(name, namespace)

    def post(self, caller: Caller, text: str) -> None:
        """Run the calls of one batch. Never raises; a batch without a readable call is dropped."""
        raw: object = None
        try:
            raw = _parse(text)
            batch = _read(raw)
        except ShellError as error:
            _log.warning("A batch of %s was not readable: %s", caller.id, error)
            if caller.feed.load is not None:
                for number in itertools.islice(_numbers(raw, text), MAX_CALLS):
                    caller.feed.reply(caller.feed.load, _error_reply(number, error, self._program))
            return
        hello = batch.calls[0].method == HELLO
        if batch.load != caller.feed.load and not hello:
            return  # sent by a load that has been replaced
        # The next load must find the results of calls that a page made while it was reloading.
        prior = caller.running.copy() if batch.load != caller.feed.load else set()
        if hello:
            caller.feed.open(batch.load, self._topics)
        for call in batch.calls:
            self._begin(caller, batch.load, call, prior)

    async def close(self) -> None:
        """Cancel the calls that are still running."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _add(self, name: str, namespace: object) -> None:
        self._methods |= methods({name: namespace})
        _log.info("[IPC] Registered %s module", name)

    def _begin(self, caller: Caller, load: str, call: Call, prior: set[asyncio.Task[None]]) -> None:
        method = self._methods.get(call.method)
        try:
            caller.admit(hello=call.method == HELLO)
            if method is None or method.is_async:
                _check_unanswered(caller)
            work = self._run_after(prior, caller, call) if prior else self._work(caller, call)
            if isinstance(work, str):
                caller.feed.reply(load, work)
                return
            task = asyncio.ensure_future(self._finish(caller, load, call, work))
            for tasks in (self._tasks, caller.running):
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        except (Exception, SystemExit) as error:  # the latter would end the loop for all
            caller.feed.reply(load, self._refusal(call, error))

    def _work(
        self, caller: Caller, call: Call, *, is_counted: bool = False
    ) -> str | Coroutine[None, None, str]:
        """Start a call; returns its reply, or a coroutine that returns it.

        With `is_counted` it is one of the caller's unanswered calls already.
        """
        method = self._methods.get(call.method)
        if method is None and _namespace(call) not in self._lazy:
            raise NotFound(f"There is no method {call.method[:80]!r}")
        if method is None:
            return self._run_after_creation(caller, call)
        result = method.run(caller, *self._params(method, call))
        if inspect.iscoroutine(result):
            # Only now is it known that such a method does not answer at once.
            if not is_counted and not method.is_async:
                try:
                    _check_unanswered(caller)
                except LimitReached:
                    result.close()
                    raise
            return _awaited(call, method, result)
        return _success(call.id, method, result)

    async def _run_after(self, prior: set[asyncio.Task[None]], caller: Caller, call: Call) -> str:
        """Run a call of a new load after the calls of the load before it, or after `EARLIER_S`."""
        await asyncio.wait(prior, timeout=EARLIER_S)
        work = self._work(caller, call, is_counted=True)
        return work if isinstance(work, str) else await work

    async def _run_after_creation(self, caller: Caller, call: Call) -> str:
        name = _namespace(call)
        if name in self._lazy:
            creation = self._creations.get(name)
            if creation is None:
                creation = self._creations[name] = asyncio.ensure_future(self._create(name))
                self._tasks.add(creation)
                creation.add_done_callback(self._tasks.discard)
            await asyncio.shield(creation)
        work = self._work(caller, call, is_counted=True)
        return work if isinstance(work, str) else await work

    async def _create(self, name: str) -> None:
        try:
            self._add(name, await self._lazy[name]())
            del self._lazy[name]
        finally:
            del self._creations[name]

    def _params(self, method: Method, call: Call) -> list[object]:
        if method.params is None:
            if call.params is not None:
                raise ValidationFailed([(ROOT, f"{method.name} takes no parameters")])
            return []
        if call.params is None and method.has_default:
            return []
        return [validate_params(method.params, call.params, method.root)]

    async def _finish(self, caller: Caller, load: str, call: Call, work: Awaitable[str]) -> None:
        try:
            caller.feed.reply(load, await work)
        except (Exception, SystemExit) as error:
            caller.feed.reply(load, self._refusal(call, error))
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Not this task was cancelled, but what the method waited for.
            caller.feed.reply(load, self._refusal(call, error))

    def _refusal(self, call: Call, error: BaseException) -> str:
        try:
            return _error_reply(call.id, error, self._program, call.method)
        except ValueError as defect:  # the error's own values cannot be serialized
            return _error_reply(call.id, defect, self._program, call.method)


def failure(error: BaseException, program: str, method: str) -> Failure:
    """Convert an exception to the reply's error. Foreign exceptions reveal nothing of the host."""
    if not isinstance(error, ShellError):
        _log.error("A call of %r failed: %s", method, type(error).__name__, exc_info=error)
        return Failure(
            code=ErrorCode.UNKNOWN_ERROR,
            message=f"Something went wrong in {program}. Its log has the details",
            retryable=False,
            retry_after_ms=None,
        )
    issues = None
    if isinstance(error, ValidationFailed):
        issues = [Issue(path=path, message=message) for path, message in error.issues]
    return Failure(
        code=error.code,
        message=clean(error.message),
        reason=error.reason,
        words=None if error.words is None else clean(error.words),
        retryable=error.code.retryable,
        retry_after_ms=error.retry_after_ms,
        issues=issues,
        details=error.details,
    )


def _parse(text: str) -> object:
    if len(text) > MAX_BATCH_CHARACTERS:
        raise _unreadable(f"The batch is too long (max: {MAX_BATCH_CHARACTERS} characters)")
    try:
        raw: object = json.loads(text)
    except RecursionError:
        raise _unreadable("The batch is nested too deeply") from None
    except ValueError:
        raise _unreadable("The batch is not JSON") from None
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
    """Yield the numbers of the calls in an invalid batch, as far as they can be found."""
    if raw is None:
        yield from (int(found[1]) for found in _NUMBER.finditer(text, 0, MAX_SEARCHED))
    calls = raw.get("calls") if isinstance(raw, dict) else None
    for call in calls if isinstance(calls, list) else []:
        number = call.get("id") if isinstance(call, dict) else None
        if type(number) is int and 0 <= number <= 2**53:
            yield number


def _unreadable(sentence: str) -> ValidationFailed:
    return ValidationFailed([(ROOT, sentence)])


def _success(number: int, method: Method, result: object) -> str:
    value = method.result.dump_json(result, by_alias=True, ensure_ascii=True).decode("ascii")
    return f'{{"channel":"reply","id":{number},"ok":true,"value":{value}}}'


def _error_reply(number: int, error: BaseException, program: str, method: str = "?") -> str:
    reply = ErrorReply(id=number, error=failure(error, program, method))
    if not isinstance(error, ProgramError):
        return reply.model_dump_json(ensure_ascii=True)
    value = reply.model_dump(mode="json")
    value["error"] |= {"code": error.own_code, "retryable": error.retryable}
    return json.dumps(value)


def _check_unanswered(caller: Caller) -> None:
    busy = len(caller.running)
    if busy >= caller.unanswered:
        raise LimitReached("Too many calls at once", caller.unanswered, busy)


def _namespace(call: Call) -> str:
    return call.method.partition(".")[0]


async def _awaited(call: Call, method: Method, result: Awaitable[object]) -> str:
    return _success(call.id, method, await result)
