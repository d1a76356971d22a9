"""Providers: many more splits of a stream than the suite has time for, and many crashes."""

import asyncio
import os
import signal
import time

from shell.errors import ErrorCode, ProviderError
from shell.providers.base import TextDelta
from shell.providers.local import LocalProvider
from shell.providers.weights import WeightsShelf
from tests.providers.collect import a_request
from tests.providers.splits import ANSWERS, splits_that_differ
from tests.soak.result import Result

SPLITS = 10_000
CRASHES = 20


def splits() -> Result:
    """Random splits of a recorded stream, for every API."""
    differing = {
        says.name: len(splits_that_differ(says, make, range(SPLITS))) for says, make in ANSWERS
    }
    return Result(not any(differing.values()), {"splits": SPLITS, **differing})


def crashes() -> Result:
    """The embedded model killed in mid-answer, again and again: said at once, and forgotten."""
    return asyncio.run(_crashes())


async def _crashes() -> Result:
    local = LocalProvider(WeightsShelf(None, {}))
    slowest = 0.0
    wrong = 0
    for _ in range(CRASHES):
        killed_at = 0.0
        try:
            async for chunk in local.stream(a_request(local, "Tell me a story.", max_tokens=300)):
                if isinstance(chunk, TextDelta) and not killed_at:
                    (runner,) = local._runners.values()
                    assert runner.child is not None
                    killed_at = time.monotonic()
                    os.kill(runner.child.process.pid, signal.SIGKILL)
            wrong += 1
        except ProviderError as error:
            slowest = max(slowest, time.monotonic() - killed_at)
            wrong += error.code is not ErrorCode.LOCAL_MODEL_CRASHED
    await local.close()
    figures = {"crashes": CRASHES, "wrong": wrong, "slowest_s": round(slowest, 3)}
    return Result(wrong == 0 and slowest < 1, figures)


CHECKS = {"splits": splits, "crashes": crashes}
