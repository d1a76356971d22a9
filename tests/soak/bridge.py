"""The bridge, for as long as it takes: pushes, reloads and windows in one program, and its logs."""

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
from tests.window.endurance import Holding, open_and_close, push_and_reload

MOST = Holding(megabytes=16, threads=4, handles=8)
"""Growth that is no leak: allocators keep what they had, and pools have a thread more or less."""
MOST_LOG_BYTES = 20_000_000


def pushes() -> Result:
    """A hundred thousand pushes, and 200 reloads in the middle of streams."""
    with driver() as playwright:
        endured = push_and_reload(playwright, pushes=100_000, reloads=200, seed=5)
    return Result(
        endured.wrong == 0 and endured.pushes >= 100_000 and is_flat(endured.growth),
        {
            "pushes": endured.pushes,
            "reloads": endured.reloads,
            "wrong": endured.wrong,
            **_figures(endured.growth),
        },
    )


def windows() -> Result:
    """A hundred windows, opened and closed beside one that stays."""
    with driver() as playwright:
        growth = open_and_close(playwright, 100)
    return Result(is_flat(growth), _figures(growth))


def logs() -> Result:
    """A million tokens through logs that are packed and released as the settings say."""
    most, left = most_held(runs=500, tokens=2_000)
    return Result(most < MOST_LOG_BYTES, {"mostMB": most / 1e6, "leftMB": left / 1e6})


def is_flat(growth: Holding) -> bool:
    """Whether a program holds about what it held before."""
    return (
        growth.megabytes <= MOST.megabytes
        and growth.threads <= MOST.threads
        and growth.handles <= MOST.handles
    )


def most_held(runs: int, tokens: int) -> tuple[int, int]:
    """Write runs at 200 tokens a second, one after another; returns the most bytes that were held
    at a time, and what was left when the last one was too old to be kept.
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
        most = tracemalloc.get_traced_memory()[1]
        clock.seconds += limits.log_retention_s
        registry.release()
        del log
        gc.collect()
        return most, tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@dataclass(slots=True)
class VirtualClock:
    """Goes on when it is told to."""

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


def _figures(growth: Holding) -> dict[str, float]:
    return {
        "grownMB": growth.megabytes,
        "grownThreads": growth.threads,
        "grownHandles": growth.handles,
    }


_every: list[Callable[[], Result]] = [logs, windows, pushes]
CHECKS: dict[str, Check] = {check.__name__: check for check in _every}
