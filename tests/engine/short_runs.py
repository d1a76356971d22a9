"""Thousands of short runs of every kind, and the memory that the process holds afterwards."""

import asyncio
import contextlib
import gc
import random
import sys

from shell.errors import ShellError
from shell.inference.engine import Engine
from shell.inference.limits import Limits, Settings
from shell.inference.log import InferenceLog
from shell.providers.testing.echo import EchoProvider
from tests.engine.host import ended, request

SCRIPTS = (
    "one two three",
    "/reasoning a thought\nan answer",
    "/chunk 2000",
    "/tool look {}",
    "/emoji\n/garbage",
    "/refuse",
    "text\n/refuse",
    "/cut",
    "half\n/cut",
    "/crash",
    "half\n/crash",
    "/error CONTEXT_LENGTH",
    "half\n/error NETWORK_ERROR",
    "/length",
    "/flood 300",
    "/empty 5",
    "half\n/stall",
    "/stall",
)
LIMITS = Limits(log_retention_bytes=500_000)


async def short_runs(count: int, seed: int) -> tuple[int, int, int]:
    """Run `count` short runs, five at a time, and cancel some of them.

    Returns:
        runs that were still counted as active at the end; objects that the interpreter held after
        the first fifth of the runs and after the last.
    """
    chance = random.Random(seed)  # noqa: S311 - a test that must be repeatable
    echo = EchoProvider(rate=None)
    engine = Engine(lambda _: echo, Settings(limits=LIMITS))
    blocks: list[int] = []
    for number in range(count // 5):
        logs = [_start(engine, chance) for _ in range(5)]
        for _ in range(chance.randrange(6)):
            await asyncio.sleep(0)
        for log in logs:
            script_waits = log.ending is None and chance.random() < 0.3
            if script_waits:
                engine.cancel("w", log.inference_id)
        await asyncio.sleep(0.05)
        for log in logs:
            if log.ending is None:
                engine.cancel("w", log.inference_id)
                await ended(log)
        if number in (count // 25, count // 5 - 1):
            logs.clear()
            gc.collect()
            # The names of released runs are kept on purpose, so that none is used twice.
            blocks.append(sys.getallocatedblocks() - len(engine._runs.logs._released_ids))
    active = engine.status("w").active_inferences
    status = engine.status("w")
    outcomes = status.completed_inferences + status.failed_inferences + status.cancelled_inferences
    assert outcomes == status.total_inferences == count // 5 * 5
    await engine.close()
    return active, blocks[0], blocks[1]


def _start(engine: Engine, chance: random.Random) -> InferenceLog:
    with contextlib.suppress(ShellError):
        return engine.start(
            "w",
            request(chance.choice(SCRIPTS), stream=chance.random() < 0.8, timeout_ms=5_000),
        )
    raise AssertionError("a slot is missing")
