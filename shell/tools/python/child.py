"""Runs the functions of one tool file, in a process of its own, until standard input closes.

The host writes one JSON object a line to standard input: `{"call": ID, "name": …, "arguments": …}`.
The process writes one JSON object a line to standard output: `{"process": ID}` before it imports
the file, `{"tools": …}` or `{"failed": …}` afterwards, then for each call any number of
`{"call": ID, "progress": …}` and at last `{"call": ID, "result": …}` or `{"call": ID, "error": …}`.
The output of the functions goes to standard error.

A process is not a sandbox: a tool can do everything that its person can do.
"""

import asyncio
import inspect
import json
import os
import queue
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import IO, Any, NoReturn

MEMORY_BYTES = 4 * 1024**3
"""Limit on the address space of the process and, separately, of each process that it starts."""
MAX_RESULT_BYTES = 10_000_000
"""A longer result is cut here, before it reaches the host."""


def main(arguments: list[str]) -> NoReturn:
    """Describe a tool file, and carry out calls.

    Args:
        arguments: the path of the file, then the arguments that it gets as `sys.argv[1:]`.
    """
    sys.argv = arguments
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)  # the output of functions must not mix with the answers
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # functions must not read the requests
    _limit()
    path = Path(arguments[0])
    process = os.getpid()
    _write(answers, {"process": process})
    request_queue: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests, request_queue), daemon=True).start()
    from shell.tools.python.functions import functions_of, load

    try:
        found = {function.name: function for function in functions_of(load(path))}
    except BaseException as error:
        if os.getpid() == process:
            _write(answers, {"failed": _error_text(error, path)})
        os._exit(1)
    if os.getpid() != process:
        os._exit(0)  # a child that the file forked during its import
    _write(answers, {"tools": [function.describe() for function in found.values()]})
    lock = threading.Lock()

    def answer(call: object, **fields: object) -> None:
        with lock:
            _write(answers, {"call": call, **fields})

    def run(request: dict[str, Any]) -> None:
        call = request["call"]
        try:
            function = found[request["name"]]
            arguments = function.arguments(request["arguments"])
            outcome = _outcome(
                function.function(**arguments), lambda line: answer(call, progress=line)
            )
            data = _text(outcome).encode("utf-8", "replace")[:MAX_RESULT_BYTES]
            answer(call, result=data.decode("utf-8", "ignore"))
        except BaseException as error:  # also SystemExit, which must end only the call
            answer(call, error=_error_text(error, path))

    while True:
        request = json.loads(request_queue.get())
        threading.Thread(target=run, args=(request,), daemon=True).start()


def _receive(requests: IO[str], request_queue: "queue.SimpleQueue[str]") -> None:
    """Queue the requests, and end the process when its parent ends, also during the import."""
    for line in requests:
        request_queue.put(line)
    os._exit(0)


def _outcome(value: object, progress: Any) -> object:
    """The result of a function. Runs it if it is async, or a generator that yields its progress."""
    if inspect.iscoroutine(value):
        return asyncio.run(value)
    if inspect.isasyncgen(value):
        return asyncio.run(_last_item(value, progress))
    if inspect.isgenerator(value):
        try:
            while True:
                progress(_text(next(value))[:500])
        except StopIteration as end:
            return end.value
    return value


async def _last_item(values: Any, progress: Any) -> object:
    """The last item of an async generator is its result, because it cannot return a value."""
    last: object = None
    async for value in values:
        if last is not None:
            progress(_text(last)[:500])
        last = value
    return last


def _text(value: object) -> str:
    """A result as a model reads it: text as it is, everything else as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return "Done."
    from pydantic_core import to_json

    try:
        return to_json(value, indent=2).decode()
    except Exception:
        return repr(value)


def _error_text(error: BaseException, path: Path) -> str:
    """Describe an error, with its line in the tool file."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    where = f" ({path.name}, line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{where}"[:4_000]


def _write(answers: IO[str], message: dict[str, object]) -> None:
    answers.write(json.dumps(message, ensure_ascii=False) + "\n")
    answers.flush()


def _limit() -> None:
    """Limit the memory, and end the process with its parent."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        system = ctypes.CDLL(None)
        system.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        system.prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphaned descendants become our children


if __name__ == "__main__":
    main(sys.argv[1:])
