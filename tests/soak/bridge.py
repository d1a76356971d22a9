"""Long checks of the bridge: pushes, reloads and windows in one program, and its logs."""

import gc
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass

from shell.contract import ErrorEvent
from shell.errors import ErrorCode
from shell.inference.limits import Limits
from shell.inference.log import InferenceLog
from shell.inference.log_registry import LogRegistry
from tests.chromium import driver
from tests.soak.result import Check, Result
from tests.window.endurance import ResourceUsage, open_and_close, push_and_reload

MOST = ResourceUsage(megabytes=16, threads=4, handles=8)
"""Growth that is no leak: allocators retain memory, and the size of thread pools varies."""
MOST_LOG_BYTES = 20_000_000


def pushes() -> Result:
    """Make 100,000 pushes, and 200 reloads in the middle of streams."""
    with driver() as playwright:
        result = push_and_reload(playwright, pushes=100_000, reloads=200, seed=5)
    return Result(
        result.wrong_streams == 0 and result.pushes >= 100_000 and is_flat(result.growth),
        {
            "pushes": result.pushes,
            "reloads": result.reloads,
            "wrong": result.wrong_streams,
            **_figures(result.growth),
        },
    )


def windows() -> Result:
    """Open and close a hundred windows beside one that stays open."""
    with driver() as playwright:
        growth = open_and_close(playwright, 100)
    return Result(is_flat(growth), _figures(growth))


def logs() -> Result:
    """Write a million tokens to logs with the default limits."""
    peak_bytes, remaining_bytes = measure_logs(runs=500, tokens=2_000)
    return Result(
        peak_bytes < MOST_LOG_BYTES, {"mostMB": peak_bytes / 1e6, "leftMB": remaining_bytes / 1e6}
    )


def is_flat(growth: ResourceUsage) -> bool:
    """Whether a program's resources have hardly grown."""
    return (
        growth.megabytes <= MOST.megabytes
        and growth.threads <= MOST.threads
        and growth.handles <= MOST.handles
    )


def measure_logs(runs: int, tokens: int) -> tuple[int, int]:
    """Write runs at 200 tokens a second, one after another.

    Returns the peak of allocated bytes, and the bytes that remain after the last log has expired.
    """
    clock, limits = VirtualClock(), Limits()
    gc.collect()
    tracemalloc.start()
    try:
        registry = LogRegistry(limits.log_retention_s, limits.log_retention_bytes, clock.now)
        for run in range(runs):
            log = InferenceLog(f"inf-{run}", now=clock.now)
            registry.put(log, "window", shared=False)
            for _ in range(tokens):
                log.append_text("llm:token", "word")
                clock.seconds += 0.005
            log.append(_ending(log))
            registry.finish(log)
        peak_bytes = tracemalloc.get_traced_memory()[1]
        clock.seconds += limits.log_retention_s
        registry.release()
        del log
        gc.collect()
        return peak_bytes, tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@dataclass(slots=True)
class VirtualClock:
    """A clock that the check advances."""

    seconds: float = 0.0

    def now(self) -> float:
        """The time."""
        return self.seconds


def _ending(log: InferenceLog) -> ErrorEvent:
    return ErrorEvent(
        **log.stamp(),
        error="the end",
        code=ErrorCode.ABORTED,
        retryable=False,
        retry_after_ms=None,
    )


def _figures(growth: ResourceUsage) -> dict[str, float]:
    return {
        "grownMB": growth.megabytes,
        "grownThreads": growth.threads,
        "grownHandles": growth.handles,
    }


_every: list[Callable[[], Result]] = [logs, windows, pushes]
CHECKS: dict[str, Check] = {check.__name__: check for check in _every}
