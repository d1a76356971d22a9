"""Checks and fills in templates in a process of its own, which the system ends at its limits.

Standard input has one JSON object a line: `{"body": …, "values": … or null}`. Standard output has
the answer to each: `{"variables": …}`, `{"system": …, "user": …}`, or `{"problem": …}`.
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
TOO_LONG = 3
"""The exit status after `CPU_S` where the system sends no signal."""


def main() -> int:
    """Answer every line of standard input."""
    from shell.conversations.templates.sandbox import Refused, render, variables

    _limit()
    for line in sys.stdin:
        request = json.loads(line)
        _allow_cpu()
        try:
            if request["values"] is None:
                answer: dict[str, object] = {"variables": variables(request["body"])}
            else:
                system, user = render(request["body"], request["values"])
                answer = {"system": system, "user": user}
        except Refused as error:
            answer = {"problem": [error.code, error.line, error.column, error.facts]}
        print(json.dumps(answer), flush=True)
    return 0


def _limit() -> None:
    if sys.platform == "win32":
        return
    import resource

    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process, also inside of C
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def _allow_cpu() -> None:
    """Begin to count the processor's time for one request."""
    if sys.platform == "win32":
        _watch()
    else:
        signal.setitimer(signal.ITIMER_PROF, CPU_S)


def _watch() -> None:
    """End this process after its time, where the system does not."""
    until = time.process_time() + CPU_S

    def watch() -> None:
        while time.process_time() < until:
            time.sleep(0.05)
        os._exit(TOO_LONG)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
