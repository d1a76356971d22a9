"""Checks and fills in templates in a child process, which the system ends at its limits.

Standard input has one JSON object a line: `{"body": …, "values": … or null}`. Standard output has
one answer for each: `{"variables": …}`, `{"system": …, "user": …}`, or `{"problem": …}`.
"""

import json
import os
import signal
import sys
import threading
import time

CPU_S = 0.25
MEMORY_BYTES = 512 * 1024**2
"""Address space of the process. Only Linux enforces it."""
CPU_TIME_EXCEEDED = 3
"""The exit status after `CPU_S`, where the system sends no signal."""


def main() -> int:
    """Answer every line of standard input."""
    from shell.conversations.templates.sandbox import RefusedTemplate, render, variables

    _limit()
    for line in sys.stdin:
        request = json.loads(line)
        _start_cpu_timer()
        try:
            if request["values"] is None:
                answer: dict[str, object] = {"variables": variables(request["body"])}
            else:
                system, user = render(request["body"], request["values"])
                answer = {"system": system, "user": user}
        except RefusedTemplate as error:
            answer = {"problem": [error.code, error.line, error.column, error.facts]}
        print(json.dumps(answer), flush=True)
    return 0


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource

    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process, even inside C code
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _start_cpu_timer() -> None:
    """Start the limit on processor time for one request, which ends the limit of the one before."""
    if sys.platform == "win32":
        _start_cpu_watch()
    else:
        signal.setitimer(signal.ITIMER_PROF, CPU_S)


_deadline_s: float | None = None


def _start_cpu_watch() -> None:
    """Set the processor time at which this process ends, where the system has no timer for that."""
    global _deadline_s
    is_first, _deadline_s = _deadline_s is None, time.process_time() + CPU_S
    if is_first:
        threading.Thread(target=_end_at_deadline, daemon=True).start()


def _end_at_deadline() -> None:
    while _deadline_s is not None and time.process_time() < _deadline_s:
        time.sleep(0.05)
    os._exit(CPU_TIME_EXCEEDED)


if __name__ == "__main__":
    sys.exit(main())
