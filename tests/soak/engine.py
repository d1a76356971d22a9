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
    """Run a million random steps of the engine's state machine, on every core."""
    logging.disable(logging.CRITICAL)
    started_at, steps, seeds = time.monotonic(), 0, 0
    workers = os.cpu_count() or 1
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        for seed_steps in pool.imap_unordered(_steps_of_seed, range(1_000_000), chunksize=1):
            steps, seeds = steps + seed_steps, seeds + 1
            if steps >= STEPS:
                pool.terminate()
                break
    rate = round(steps / (time.monotonic() - started_at))
    return Result(steps >= STEPS, {"steps": steps, "seeds": seeds, "stepsPerSecond": rate})


def _steps_of_seed(seed: int) -> int:
    """Run the machines of this seed; returns the number of their steps."""
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
    """Run a million random steps with calls of tools, on every core."""
    started_at, steps, carried_out = time.monotonic(), 0, 0
    with multiprocessing.get_context("spawn").Pool(os.cpu_count() or 1) as pool:
        for seed_steps, seed_calls in pool.imap_unordered(_calls_of_seed, range(1_000_000)):
            steps, carried_out = steps + seed_steps, carried_out + seed_calls
            if steps >= STEPS:
                pool.terminate()
                break
    rate = round(steps / (time.monotonic() - started_at))
    return Result(
        steps >= STEPS, {"steps": steps, "carriedOut": carried_out, "stepsPerSecond": rate}
    )


def _calls_of_seed(seed: int) -> tuple[int, int]:
    logging.disable(logging.CRITICAL)
    return random_steps(10_000 + seed, 400)


def runs() -> Result:
    """Make 50,000 short runs of every kind."""
    logging.disable(logging.CRITICAL)
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        active, early, late = runner.run(short_runs(50_000, seed=11))
    logging.disable(logging.NOTSET)
    growth = late - early
    return Result(active == 0 and growth < 1_000, {"active": active, "blocksGrown": growth})


def stream_of_90_seconds() -> Result:
    """Stream one token a second for 90 s on the real clock."""
    ending, seconds = asyncio.run(seconds_of("/rate 1\n/repeat 90 word"))
    complete = isinstance(ending, DoneEvent) and ending.total_tokens == 90
    return Result(complete and abs(seconds - 90) < 1, {"took": round(seconds, 2)})


def stall() -> Result:
    """Check that a stalled stream fails after the default of 30 s."""
    ending, seconds = asyncio.run(seconds_of("/rate 0\nword\n/stall"))
    is_expected = isinstance(ending, ErrorEvent) and ending.code == "STREAM_TIMEOUT"
    return Result(is_expected and abs(seconds - 30) <= 0.5, {"took": round(seconds, 3)})


def cancel() -> Result:
    """Cancel 2,000 silent runs beside four streams."""
    delays_s = asyncio.run(cancel_while_silent(2_000))
    figures = {
        "p50ms": round(percentile(delays_s, 0.5) * 1e3, 3),
        "p99ms": round(percentile(delays_s, 0.99) * 1e3, 3),
        "maxMs": round(max(delays_s) * 1e3, 3),
    }
    return Result(percentile(delays_s, 0.99) <= 0.020, figures)


def flood() -> Result:
    """Cancel twenty streams without a rate limit."""
    outcomes = [asyncio.run(cancel_a_flood()) for _ in range(20)]
    worst = max(seconds for seconds, _, _ in outcomes)
    return Result(
        worst <= 0.05,
        {"worstMs": round(worst * 1e3, 2), "pieces": max(pieces for _, _, pieces in outcomes)},
    )


def socket() -> Result:
    """Cancel before and after the first text, against a server that keeps sending."""
    scenes = [False, True] * 10
    delays = [asyncio.run(close_of_a_socket(after_text=after)) for after in scenes]
    reported_s, closed_s = (
        max(reported for reported, _ in delays),
        max(closing for _, closing in delays),
    )
    return Result(
        closed_s <= 1.0,
        {"toldWorstMs": round(reported_s * 1e3, 2), "closedWorstMs": round(closed_s * 1e3, 2)},
    )


def streams() -> Result:
    """Run five streams of 200 tokens a second for a minute."""
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
