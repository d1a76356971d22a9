"""Runs llama.cpp's server in the child process, until standard input closes.

`process.py` starts it and writes one line of JSON (`Plan`) to its standard input, which then stays
open without further data. The child writes one line of JSON, `{"url": …}`, to its standard output
when the model is ready. All output of llama.cpp goes to standard error.
"""

import json
import os
import signal
import sys
from dataclasses import dataclass

SLOTS = 4
"""Most answers at a time. They share the context."""
BATCH_TOKENS = 64
"""Tokens of one batch. Cancels take effect, and slots take turns, between batches."""
CACHE_MIB = 64
"""Limit on the memory of llama.cpp's cache of prompts."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the child loads, and how."""

    model: str
    """The path of a GGUF file."""
    name: str
    key: str
    """The API key of every request. Without it any page in a browser could use the port."""
    context_tokens: int
    fit_to_devices: bool
    """Whether llama.cpp should find out how much of the model this machine's devices can hold."""


def main() -> int:
    """Serve the model until standard input closes."""
    ready = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # the ready line stays alone on standard output
    plan = Plan(**json.loads(sys.stdin.buffer.readline()))
    end_when_closed(0)
    import xllamacpp  # type: ignore[import-untyped]

    params = xllamacpp.CommonParams()
    params.model.path = plan.model
    params.model_alias = {plan.name}
    params.port = 0
    params.api_keys = [plan.key]
    params.ui = False
    params.n_ctx = plan.context_tokens
    params.n_parallel = SLOTS
    params.kv_unified = True
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.cache_ram_mib = CACHE_MIB
    params.fit_params = plan.fit_to_devices
    params.warmup = False  # the first request, which is waiting already, has the same effect
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = _threads()
    try:
        server = xllamacpp.Server(params)
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({"url": server.listening_address}), file=ready, flush=True)
    while os.read(0, 4_096):
        pass
    os._exit(0)  # at once, without waiting for threads


def _threads() -> int:
    """The number of cores for the model: all but one."""
    cores = os.cpu_count() or 1
    if sys.platform == "linux":
        cores = len(os.sched_getaffinity(0))  # a container may have fewer than the machine
    return max(1, cores - 1)


def end_when_closed(descriptor: int) -> None:
    """End this process by a signal of the system when the other end of `descriptor` closes.

    Loading a large model holds the interpreter's lock for long, so that no thread could watch the
    descriptor. The default action of SIGIO ends the process without any thread. On Windows the
    parent's job object does the same.
    """
    if sys.platform == "win32":
        return
    import fcntl
    import select

    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_ASYNC)
    if select.select([descriptor], [], [], 0)[0]:  # closed before SIGIO was enabled
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
