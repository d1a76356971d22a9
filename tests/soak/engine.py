"""The engine, for as long as it takes: a million steps, ten thousand runs, minutes of streams."""

import asyncio
import logging
import multiprocessing
import os
import time
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from shell.contract import DoneEvent, ErrorEvent
from tests.engine.calls_machine import random_steps
from tests.engine.machine import EngineMachine
from tests.engine.real_clock import (
    cancel_a_flood,
    cancel_while_silent,
    close_of_a_socket,
    percentile,
    seconds_of,
    steady_streams,
)
from tests.engine.short_runs import short_runs
from tests.soak.result import Check, Result
from tests.virtual_loop import VirtualLoop

STEPS = 1_000_000
MACHINES_PER_SEED = 500


def machine() -> Result:
    """Anything in any order, a million times, on every core."""
    logging.disable(logging.CRITICAL)
    began, steps, seeds = time.monotonic(), 0, 0
    workers = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for done in pool.imap_unordered(_steps_of_seed, range(1_000_000), chunksize=1):
            steps, seeds = steps + done, seeds + 1
            if steps >= STEPS:
                pool.terminate()
                break
    rate = round(steps / (time.monotonic() - began))
    return Result(steps >= STEPS, {"steps": steps, "seeds": seeds, "stepsPerSecond": rate})


def _steps_of_seed(seed: int) -> int:
    """Run some machines that no other seed runs; returns their steps."""
    logging.disable(logging.CRITICAL)

    class Machine(EngineMachine):
        steps = 0

    Machine.__name__ = f"Soak{seed}"
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=MACHINES_PER_SEED,
            stateful_step_count=200,
            deadline=None,
            derandomize=True,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        ),
    )
    return Machine.steps


def calls() -> Result:
    """Anything in any order to calls of tools, a million times, on every core."""
    began, steps, ran = time.monotonic(), 0, 0
    with multiprocessing.get_context("spawn").Pool(os.cpu_count() or 1) as pool:
        for done, carried_out in pool.imap_unordered(_calls_of_seed, range(1_000_000)):
            steps, ran = steps + done, ran + carried_out
            if steps >= STEPS:
                pool.terminate()
                break
    rate = round(steps / (time.monotonic() - began))
    return Result(steps >= STEPS, {"steps": steps, "carriedOut": ran, "stepsPerSecond": rate})


def _calls_of_seed(seed: int) -> tuple[int, int]:
    logging.disable(logging.CRITICAL)
    return random_steps(10_000 + seed, 400)


def runs() -> Result:
    """Fifty thousand short runs of every kind."""
    logging.disable(logging.CRITICAL)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        active, early, late = runner.run(short_runs(50_000, seed=11))
    logging.disable(logging.NOTSET)
    grown = late - early
    return Result(active == 0 and grown < 1_000, {"active": active, "blocksGrown": grown})


def stream_of_90_seconds() -> Result:
    """One token a second, on the real clock."""
    ending, took = asyncio.run(seconds_of("/rate 1\n/repeat 90 word"))
    complete = isinstance(ending, DoneEvent) and ending.total_tokens == 90
    return Result(complete and abs(took - 90) < 1, {"took": round(took, 2)})


def stall() -> Result:
    """A stream that stops dies after its default of 30 seconds."""
    ending, took = asyncio.run(seconds_of("/rate 0\nword\n/stall"))
    right = isinstance(ending, ErrorEvent) and ending.code == "STREAM_TIMEOUT"
    return Result(right and abs(took - 30) <= 0.5, {"took": round(took, 3)})


def cancel() -> Result:
    """Two thousand cancels of silent runs, with four streams beside them."""
    took = asyncio.run(cancel_while_silent(2_000))
    figures = {
        "p50ms": round(percentile(took, 0.5) * 1e3, 3),
        "p99ms": round(percentile(took, 0.99) * 1e3, 3),
        "maxMs": round(max(took) * 1e3, 3),
    }
    return Result(percentile(took, 0.99) <= 0.020, figures)


def flood() -> Result:
    """Twenty floods, each stopped."""
    took = [asyncio.run(cancel_a_flood()) for _ in range(20)]
    worst = max(seconds for seconds, _, _ in took)
    return Result(
        worst <= 0.05,
        {"worstMs": round(worst * 1e3, 2), "pieces": max(pieces for _, _, pieces in took)},
    )


def socket() -> Result:
    """Cancels before and after the first text, against a server that goes on."""
    scenes = [False, True] * 10
    took = [asyncio.run(close_of_a_socket(after_text=after)) for after in scenes]
    told, closed = max(t for t, _ in took), max(c for _, c in took)
    return Result(
        closed <= 1.0,
        {"toldWorstMs": round(told * 1e3, 2), "closedWorstMs": round(closed * 1e3, 2)},
    )


def streams() -> Result:
    """Five streams of 200 tokens a second for a minute."""
    load = asyncio.run(steady_streams(5, 200, 60))
    return Result(
        load.tokens == load.expected and load.seconds < 63,
        {
            "tokens": load.tokens,
            "lost": load.expected - load.tokens,
            "took": round(load.seconds, 1),
            "cpuMicrosecondsPerToken": round(load.cpu_us_per_token, 1),
            "events": load.events,
        },
    )


_every: list[Callable[[], Result]] = [
    cancel,
    flood,
    socket,
    stall,
    stream_of_90_seconds,
    streams,
    runs,
    calls,
    machine,
]
CHECKS: dict[str, Check] = {check.__name__: check for check in _every}
