"""Runs the functions of one tool file, in a process of its own, until standard input closes.

Standard input brings one JSON object a line: `{"call": ID, "name": …, "arguments": …}`. Standard
output has one a line: `{"process": ID}` before the file is imported, `{"tools": …}` or
`{"failed": …}` afterwards, then `{"call": ID, "progress": …}`
and at last `{"call": ID, "result": …}` or `{"call": ID, "error": …}`. What a function prints goes
to standard error.

A process is not a sandbox: a tool can do whatever its person can.
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
"""Address space of the process and, separately, of each one that it starts."""
MAX_RESULT_BYTES = 10_000_000
"""A longer result is cut here, before it reaches the host."""


def main(arguments: list[str]) -> NoReturn:
    """Describe a tool file, and carry out calls.

    Args:
        arguments: the path of the file, then what it finds in `sys.argv[1:]`.
    """
    sys.argv = arguments
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace")
    os.dup2(2, 1)  # what functions print must not be read as an answer
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # nor may they read the requests
    _limit()
    path = Path(arguments[0])
    process = os.getpid()
    _write(answers, {"process": process})
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(requests, waiting), daemon=True).start()
    from shell.tools.python.functions import functions_of, load

    try:
        found = {function.name: function for function in functions_of(load(path))}
    except BaseException as error:
        if os.getpid() == process:
            _write(answers, {"failed": _words(error, path)})
        os._exit(1)
    if os.getpid() != process:
        os._exit(0)  # the file has forked while it was imported
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
        except BaseException as error:  # also SystemExit: the call fails, the process stays
            answer(call, error=_words(error, path))

    while True:
        request = json.loads(waiting.get())
        threading.Thread(target=run, args=(request,), daemon=True).start()


def _receive(requests: IO[str], waiting: "queue.SimpleQueue[str]") -> None:
    """Pass requests on, and end the process with its parent, also while the file is imported."""
    for line in requests:
        waiting.put(line)
    os._exit(0)


def _outcome(value: object, progress: Any) -> object:
    """The result of a function that may be async, or a generator that yields its progress."""
    if inspect.iscoroutine(value):
        return asyncio.run(value)
    if inspect.isasyncgen(value):
        return asyncio.run(_last_of(value, progress))
    if inspect.isgenerator(value):
        try:
            while True:
                progress(_text(next(value))[:500])
        except StopIteration as end:
            return end.value
    return value


async def _last_of(values: Any, progress: Any) -> object:
    """The last thing that an async generator yields; it cannot return anything."""
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


def _words(error: BaseException, path: Path) -> str:
    """What went wrong, with the line of the tool file where it did."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == str(path)]
    where = f" ({path.name}, line {lines[-1]})" if lines else ""
    return f"{type(error).__name__}: {error}{where}"[:4_000]


def _write(answers: IO[str], message: dict[str, object]) -> None:
    answers.write(json.dumps(message, ensure_ascii=False) + "\n")
    answers.flush()


def _limit() -> None:
    """End with the parent, and take no more memory than a tool needs."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        system = ctypes.CDLL(None)
        system.prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        system.prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: what loses its parent stays below us


if __name__ == "__main__":
    main(sys.argv[1:])
